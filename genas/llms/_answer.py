"""What of a reply is the answer: a model that thinks aloud writes drafts before it."""

from __future__ import annotations

import re

_NAMES = "think|thinking|thought|thoughts|reasoning|reflection|scratchpad"
_WHOLE = re.compile(rf"<({_NAMES})\b[^>]*>.*?</\1\s*>|\[THINK\].*?\[/THINK\]", re.S | re.I)
_END = re.compile(rf".*(?:</(?:{_NAMES})\s*>|\[/THINK\])", re.S | re.I)  # where the server ate the beginning
_BEGUN = re.compile(rf"(?:<(?:{_NAMES})\b[^>]*>|\[THINK\]).*", re.S | re.I)  # where the reply was cut


def answer_of(reply: str) -> str:
    """The reply without the parts in which the model thinks: <think>...</think> and their kin, closed or not."""
    if "<" not in reply and "[" not in reply:
        return reply
    return _BEGUN.sub("", _END.sub("", _WHOLE.sub("", reply)))
