"""`python -m genas` is the command `genas`."""

from genas.cli import main

main()
