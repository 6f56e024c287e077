"""Bounds the time and the size of a whole reply of a chat server, however the server sends it."""

from __future__ import annotations

import contextvars
import json
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar
from urllib.request import getproxies, proxy_bypass

import httpx

from genas.llms._answer import answer_of

T = TypeVar("T")

_CONNECT = 5.0  # seconds within which a server must accept the connection
_BYTES = 8_000_000  # of a reply, at most
_COUNTS = ("prompt_tokens", "completion_tokens", "total_tokens")


def within(seconds: float, job: Callable[[], T]) -> T:
    """The result of the job; TimeoutError if it takes longer, while the job goes on in its thread.

    A provider's transport may start its time limit anew for each piece of a reply; this one is for the whole reply.
    """
    future: Future[T] = Future()

    def work() -> None:
        try:
            future.set_result(job())
        except BaseException as error:  # noqa: BLE001 - raised again where the result is awaited
            future.set_exception(error)

    context = contextvars.copy_context()
    threading.Thread(target=context.run, args=(work,), daemon=True, name="chat model").start()
    try:
        return future.result(seconds)
    except TimeoutError as error:
        if future.done():
            raise
        raise TimeoutError(f"no whole reply within {seconds:g} seconds") from error


class WholeReply(httpx.BaseTransport):
    """Fetches a whole reply of a server that speaks the OpenAI protocol in time, or gives an error reply instead.

    Reasoning is removed from the answers, and so are token counts that are not numbers, since clients fail on them. A
    reply that came too late or was too large is not requested again.

    Args:
        seconds: the most that one reply may take.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """The reply, read to its end, or an error reply."""
        request.headers["accept-encoding"] = "identity"  # a compressed reply could unpack without end
        request.extensions["timeout"] = {
            **dict.fromkeys(("read", "write", "pool"), self._seconds),
            "connect": min(_CONNECT, self._seconds),
        }
        inner = httpx.HTTPTransport(proxy=_proxy(request.url))
        try:
            return within(self._seconds, lambda: _read(inner, request))
        except (TimeoutError, httpx.ReadTimeout):
            return _refused(504, f"no whole reply within {self._seconds:g} seconds")
        finally:
            inner.close()


def client(seconds: float) -> httpx.Client:
    """The HTTP client that makes the calls of an OpenAI client."""
    return httpx.Client(transport=WholeReply(seconds), follow_redirects=True)


def _proxy(url: httpx.URL) -> str | None:
    """The proxy that the environment names for the address."""
    return None if proxy_bypass(url.host) else getproxies().get(url.scheme)


def _read(inner: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
    response, body = inner.handle_request(request), bytearray()
    assert isinstance(response.stream, httpx.SyncByteStream)
    for part in response.stream:
        body += part
        if len(body) > _BYTES:
            return _refused(502, f"the reply has more than {_BYTES:,} bytes")
    if response.headers.get("content-encoding", "identity") != "identity":
        return _refused(502, "the reply is compressed, which was not asked for")
    dropped = {"content-length", "transfer-encoding", "content-encoding"}
    headers = [(key, value) for key, value in response.headers.multi_items() if key.lower() not in dropped]
    return httpx.Response(response.status_code, headers=headers, content=_plain(bytes(body)))


def _refused(status: int, why: str) -> httpx.Response:
    """An error reply that the client does not retry."""
    return httpx.Response(status, headers={"x-should-retry": "false"}, json={"error": {"message": why}})


def _plain(body: bytes) -> bytes:
    """The body of a reply without reasoning and with usage in whole numbers; a body that is not JSON stays as it is."""
    try:
        reply = json.loads(body)
    except (ValueError, RecursionError):
        return body
    if not isinstance(reply, dict):
        return body
    if "usage" in reply:
        reply["usage"] = _usage(reply["usage"])
    for choice in reply["choices"] if isinstance(reply.get("choices"), list) else ():
        message = choice.get("message") if isinstance(choice, dict) else None
        if isinstance(message, dict) and isinstance(message.get("content"), str):
            message["content"] = answer_of(message["content"])
    return json.dumps(reply).encode()


def _usage(usage: Any) -> dict[str, int] | None:
    """The token counts that can be read; None if there are none."""
    counts = {
        key: count for key in _COUNTS if isinstance(usage, dict) and (count := _count(usage.get(key))) is not None
    }
    if not counts:
        return None
    counts.setdefault("total_tokens", counts.get("prompt_tokens", 0) + counts.get("completion_tokens", 0))
    return dict.fromkeys(_COUNTS, 0) | counts


def _count(value: Any) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 12:
        return int(value)
    whole = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e12 and value == int(value)
    return int(value) if whole else None
