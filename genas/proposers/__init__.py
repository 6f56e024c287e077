"""Proposers: sources of new architectures. One file is one source."""
