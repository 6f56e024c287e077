"""Predictors of the performance and the cost of architectures, fitted on measured ones."""
