"""A chat server on loopback that speaks the OpenAI protocol over real HTTP: well where told to, badly where asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Message = dict[str, Any]
Reply = Callable[[dict[str, Any], int], "Message | bytes | int | tuple[int, bytes] | None"]


def say(text: str) -> Message:
    return {"role": "assistant", "content": text}


def call(name: str, arguments: str | dict[str, Any]) -> Message:
    given = arguments if isinstance(arguments, str) else json.dumps(arguments)
    tool = {"id": f"call_{name}", "type": "function", "function": {"name": name, "arguments": given}}
    return {"role": "assistant", "content": None, "tool_calls": [tool]}


def script(*messages: Message) -> Reply:
    """One message after the other, the last one for ever."""
    return lambda request, number: messages[min(number, len(messages) - 1)]


def _body(message: Message) -> bytes:
    reason = "tool_calls" if message.get("tool_calls") else "stop"
    usage = {"prompt_tokens": 10, "completion_tokens": 10, "total_tokens": 20}
    choice = {"index": 0, "message": message, "finish_reason": reason}
    whole = {"id": "x", "object": "chat.completion", "created": 0, "model": "m", "choices": [choice], "usage": usage}
    return json.dumps(whole).encode()


# Replies that no client should trip over: None hangs, a number is a bare status, bytes are sent as they are, a status
# and bytes together.
BAD: dict[str, Reply] = {
    "hangs": lambda request, number: None,
    "500": lambda request, number: 500,
    "401": lambda request, number: 401,
    "garbage": lambda request, number: b"\x00\xff<html>not json",
    "a number": lambda request, number: b"42",
    "half a JSON": lambda request, number: _body(say("digits"))[:60],
    "no choices": lambda request, number: b'{"id": "x", "object": "chat.completion", "created": 0, "choices": []}',
    "null choices": lambda request, number: b'{"id": "x", "object": "chat.completion", "created": 0, "choices": null}',
    "empty": script(say("")),
    "very long": script(say("word " * 100_000)),
    "nowhere": script(call("delete_everything", {"path": "/"})),
    "half arguments": script(call("interpret", '{"sentence": "dig')),
}


class Server:
    """Where it listens, and every request it was sent."""

    def __init__(self, address: str, requests: Sequence[dict[str, Any]]) -> None:
        self.address, self.requests = address, requests


@contextmanager
def serving(reply: Reply) -> Iterator[Server]:
    """The server, in threads of this process, until the block ends."""
    requests: list[dict[str, Any]] = []
    closing = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            requests.append(request)
            made = reply(request, len(requests) - 1)
            if made is None:
                closing.wait(60)
                return
            status, made = made if isinstance(made, tuple) else (made, b"") if isinstance(made, int) else (200, made)
            body = made if isinstance(made, bytes) else _body(made)
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            return None

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield Server(f"http://127.0.0.1:{server.server_address[1]}/v1", requests)
    finally:
        closing.set()
        server.shutdown()
        thread.join()
        server.server_close()
