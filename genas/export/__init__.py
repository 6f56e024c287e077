"""A trained network as files that need no genas, and its answers to new files."""
