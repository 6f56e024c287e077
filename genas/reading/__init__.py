"""Reads the user's files into arrays, and arrays into the inputs of a network.

Modules here import the standard library, numpy, Pillow, pyarrow and each other, but neither torch nor the rest of
genas, so that an exported network can carry them. A file that can't be read raises a ValueError that says what to
write instead; a task turns it into a RequestError.
"""
