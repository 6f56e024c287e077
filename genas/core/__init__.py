"""Records, interfaces and the few services every other part stands on. Nothing here imports torch."""
