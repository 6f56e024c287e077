"""Refiners: proposers that learn from what was measured. One file is one published method."""
