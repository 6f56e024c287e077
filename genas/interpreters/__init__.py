"""Interpreters: a sentence becomes a Request. One file is one way of reading."""
