"""Separates the answer from the rest of a reply: reasoning models write drafts before it."""

from __future__ import annotations

import re

_NAMES = "think|thinking|thought|thoughts|reasoning|reflection|scratchpad"
_WHOLE = re.compile(rf"<({_NAMES})\b[^>]*>.*?</\1\s*>|\[THINK\].*?\[/THINK\]", re.S | re.I)
_END = re.compile(rf".*(?:</(?:{_NAMES})\s*>|\[/THINK\])", re.S | re.I)  # where the server dropped the opening tag
_BEGUN = re.compile(rf"(?:<(?:{_NAMES})\b[^>]*>|\[THINK\]).*", re.S | re.I)  # where the reply was cut


def answer_of(reply: str) -> str:
    """The reply without the model's reasoning: <think>...</think> and similar tags, closed or not."""
    if "<" not in reply and "[" not in reply:
        return reply
    return _BEGUN.sub("", _END.sub("", _WHOLE.sub("", reply)))
