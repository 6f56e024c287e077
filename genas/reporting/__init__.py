"""A run told in words, tables and pictures."""
