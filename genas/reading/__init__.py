"""The user's files as arrays, and arrays as a network's inputs: no torch, and nothing else of genas.

A module here imports the standard library, numpy, Pillow and pyarrow only, so that an exported network can carry it.
What cannot be read is a ValueError whose text says what to write instead; a task makes a RequestError of it.
"""
