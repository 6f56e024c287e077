"""Finds what a sentence is about: data, task, space and device; refuses what genas does not offer."""
