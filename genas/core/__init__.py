"""Records, interfaces and the few services that every other part builds on. Only `building` imports torch."""
