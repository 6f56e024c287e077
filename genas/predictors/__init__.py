"""How good or how costly an architecture will be, learned from what was measured."""
