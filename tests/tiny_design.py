"""A whole design that takes seconds: in Python, and as a request file."""

GOAL = "A classifier for 8x8 handwritten digits under 20k parameters"
TINY = {
    "proposers": ["uniform"],
    "scorers": ["params"],
    "validator": {"name": "train", "options": {"epochs": 2, "examples": 128}},
    "budget": {"trials": 2},
    "device": "cpu",
}
REQUEST = """
goal = "A classifier for 8x8 handwritten digits under 20k parameters"
proposers = ["uniform"]
scorers = ["params"]
validator = {name = "train", options = {epochs = 2}}
budget = {trials = 2}
device = "cpu"
"""
