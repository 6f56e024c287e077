"""Reads the limits, the budget and the objectives of a sentence."""
