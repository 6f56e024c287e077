"""A sentence in one spelling: its alphabet, its language, its numbers, and what it quotes."""
