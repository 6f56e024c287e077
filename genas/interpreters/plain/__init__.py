"""Brings a sentence into one spelling: its alphabet, language and numbers; paths and quoted names stay as they are."""
