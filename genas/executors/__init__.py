"""Executors: where measurements run. One file is one executor."""
