"""Validators: the last word on an architecture, full training or its table. One file is one way."""
