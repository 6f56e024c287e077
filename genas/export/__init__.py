"""Writes a trained network as files that need no genas, and asks it about new files."""
