"""What a sentence limits and what it wants most, with the units."""
