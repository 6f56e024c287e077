"""How a chat model is named where one name must say all: on the command line, in a tool call, in a request."""

from __future__ import annotations


def split(name: str) -> tuple[str, str | None]:
    """The model and the address of its server: "openai:NAME@http://localhost:8000/v1" names both, others no address."""
    model, at, address = name.partition("@http")
    return model, f"http{address}" if at else None
