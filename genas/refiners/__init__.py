"""Refiners: proposers that learn from measured trials. One file is one published method."""
