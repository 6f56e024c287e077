"""LangChain chat models that need no network. One file is one model."""
