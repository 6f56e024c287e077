"""How a chat model is named where one name must say all: on the command line, in a tool call, in a request."""

from __future__ import annotations

from genas.core.errors import RequestError


def split(name: str) -> tuple[str, str | None]:
    """The model and the address of its server: "openai:NAME@http://localhost:8000/v1" names both, others no address.

    Raises:
        RequestError: it names no model.
    """
    model, at, address = name.partition("@http")
    if not model.strip() or not model.isprintable():
        raise RequestError(
            f"{name[:60]!r} names no chat model. Write local, or provider:model, as in openai:gpt-5@http://localhost:8000/v1."
        )
    return model, f"http{address}" if at else None
