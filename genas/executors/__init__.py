"""Where measurements run: one file per place."""
