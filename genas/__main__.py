"""`python -m genas` is the command `genas`."""

from genas.faces.cli import main

main()
