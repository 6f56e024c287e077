"""Reports a run in words, tables and pictures."""
