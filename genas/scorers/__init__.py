"""Scorers: one figure for one architecture, from a count of weights to a short training. One file is one metric."""
