"""Names of chat models that also hold the server's address: on the command line, in tool calls, in requests."""

from __future__ import annotations

from genas.core.errors import RequestError


def split(name: str) -> tuple[str, str | None]:
    """Split "openai:NAME@http://localhost:8000/v1" into the model and the address of its server, if it has one.

    Raises:
        RequestError: it names no model.
    """
    model, at, address = name.partition("@http")
    if not model.strip() or not model.isprintable():
        raise RequestError(
            f"{name[:60]!r} names no chat model. Write local, or provider:model, as in openai:gpt-5@http://localhost:8000/v1."
        )
    return model, f"http{address}" if at else None
