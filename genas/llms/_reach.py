"""Creates a chat model from its name, and makes single calls whose failures are LLMFailed."""

from __future__ import annotations

import os
from typing import Any

import httpx
from langchain_core.exceptions import LangChainException
from langchain_core.language_models import BaseChatModel

from genas.core import registry
from genas.core.errors import GenasError, LLMFailed, RequestError
from genas.core.llm_names import split
from genas.core.secrets import masked
from genas.llms._answer import answer_of
from genas.llms._patience import client, within

_ADDRESSES = ("OPENAI_BASE_URL", "OPENAI_API_BASE")
_OWN = {"builtins", "genas", "torch", "numpy"}
_TIMEOUT = 60.0  # seconds for one reply
_FINAL = {401, 403, 404, 504}  # status codes that the next call would get too
_PAUSE = 10.0  # seconds that a client may wait before it tries again


def remote(name: str, *, base_url: str | None, **options: Any) -> BaseChatModel:
    """The chat model "provider:name" of LangChain; keys come from the environment.

    Args:
        name: such as "openai:gpt-5" or "ollama:qwen3"; "openai:name" with `base_url` for OpenAI-compatible servers.
        base_url: the server's address.
        options: passed to the provider's class.

    Raises:
        RequestError: no such provider, its package is not installed, or its key is not set.
    """
    if ":" not in name:
        names = ", ".join(registry.names("llms"))
        raise RequestError(f"There is no chat model {name!r}. Write one of {names}, or provider:name, as openai:gpt-5.")
    from langchain.chat_models import init_chat_model

    if base_url is not None:
        options["base_url"] = base_url
    own = base_url is not None or any(os.environ.get(key) for key in _ADDRESSES)
    if name.startswith("openai:"):
        options.setdefault("http_client", client(float(options.get("timeout") or _TIMEOUT)))
        if own and not os.environ.get("OPENAI_API_KEY"):
            options["api_key"] = "none"  # a server of the user's own needs no key
    try:
        model: BaseChatModel = init_chat_model(name, **options)
    except (ImportError, ValueError, TypeError) as error:
        raise RequestError(f"The chat model {name!r} can't be created: {_line(error)}") from error
    except Exception as error:
        if _own(error):
            raise
        raise RequestError(f"The chat model {name!r} can't be created: {_line(error)}") from error
    return model


def chat_model(name: str, *, timeout: float = _TIMEOUT, retries: int = 2) -> BaseChatModel:
    """The chat model of that name: one of `genas list llms`, or "provider:name", with "@http://..." for a server.

    Args:
        name: of the model.
        timeout: seconds to wait for one reply of a provider.
        retries: how often the provider's client retries after a failed transport.

    Raises:
        RequestError: there is no such model.
    """
    if name in registry.names("llms"):
        local: BaseChatModel = registry.create("llms", name)
        return local
    model, address = split(name)
    return remote(model, base_url=address, timeout=timeout, max_retries=retries)


def patience(timeout: float, retries: int) -> float:
    """Seconds after which a call counts as failed, whatever the provider's client does: all tries with their pauses."""
    return (retries + 1) * (timeout + 1.0) + retries * _PAUSE


def call(chat: BaseChatModel, prompt: str, *, seconds: float | None = None, **bound: Any) -> tuple[str, int]:
    """Ask the model once: the reply's text without the model's reasoning, and the number of tokens used.

    Args:
        chat: the model.
        prompt: the whole prompt.
        seconds: for the whole call; None waits as long as it takes, as for a model on this machine.
        bound: passed to the model, such as its seed.

    Raises:
        LLMFailed: the transport failed, took too long, or the reply holds no text.
    """
    try:
        message = (
            chat.invoke(prompt, **bound) if seconds is None else within(seconds, lambda: chat.invoke(prompt, **bound))
        )
    except GenasError:
        raise
    except (OSError, LangChainException) as error:
        raise _failed(error) from error
    except Exception as error:  # providers raise their own classes, which are unknown here
        if _own(error):
            raise
        raise _failed(error) from error
    text = answer_of(str(message.text))
    if not text.strip():
        raise LLMFailed("The reply is empty.")
    usage = message.usage_metadata if hasattr(message, "usage_metadata") else None
    return text, int(usage["total_tokens"]) if usage else 0


def _failed(error: Exception) -> LLMFailed:
    """The failure of a call; `out_of_reach` if every other call of the run would fail too."""
    failure = LLMFailed(f"{type(error).__name__}: {_line(error)}".removesuffix(": "))
    failure.out_of_reach = _unreachable(error)
    return failure


def _unreachable(error: BaseException | None) -> bool:
    """Whether the server did not answer in time, or rejected the key."""
    while error is not None:
        if isinstance(error, OSError | httpx.TransportError) or getattr(error, "status_code", None) in _FINAL:
            return True
        error = error.__cause__
    return False


def schema_of_strings(count: int) -> dict[str, Any]:
    """Arguments of a call that make the answer a JSON list of `count` strings."""
    return _schema({"type": "array", "items": {"type": "string", "maxLength": 300}} | _exactly(count))


def schema_of_lines(count: int, line: str | None) -> dict[str, Any]:
    """Arguments of a call that make a server's answer an object with a list of `count` lines.

    The list is wrapped in an object because servers require one at the top level.

    Args:
        count: number of lines.
        line: a regular expression that every line must match, or None.
    """
    item = {"type": "string"} | ({} if line is None else {"pattern": f"^(?:{line})$"})
    lines = {"type": "array", "items": item} | _exactly(count)
    closed = {"additionalProperties": False, "required": ["architectures"]}
    return _schema({"type": "object", "properties": {"architectures": lines}} | closed)


def _exactly(count: int) -> dict[str, Any]:
    return {"minItems": count, "maxItems": count}


def _schema(schema: dict[str, Any]) -> dict[str, Any]:
    return {"response_format": {"type": "json_schema", "json_schema": {"name": "architectures", "schema": schema}}}


def _own(error: Exception) -> bool:
    """Whether an error is a fault of this program rather than of a provider's code, which may fail on bad replies."""
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    inside = "" if frame is None else str(frame.tb_frame.f_globals.get("__name__", ""))
    return type(error).__module__.split(".")[0] in _OWN and not inside.startswith(("langchain", "openai"))


def _line(error: Exception) -> str:
    """The first line of an error's text, with possible keys masked."""
    return str(masked((str(error).splitlines() or [""])[0]))[:200]
