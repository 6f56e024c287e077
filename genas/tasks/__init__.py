"""Tasks: what a network has to do and the data to learn it from. One file is one task."""
