"""Records, interfaces and the few services that every other part builds on. Importing them imports no torch."""
