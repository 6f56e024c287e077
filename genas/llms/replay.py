"""A chat model that answers from a file of recorded answers: for tests, and to repeat a run without a model."""

from __future__ import annotations

import json
from functools import cached_property
from pathlib import Path
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult

from genas.core.errors import LLMFailed, RequestError
from genas.llms._prompts import transcript


class ReplayModel(BaseChatModel):
    """Answers each recorded prompt as it was answered before, and fails on all others.

    The file has one JSON object per line, with `prompt` and `reply`; the ledger.jsonl of a run is such a file. If a
    prompt is recorded several times, the record with the call's seed answers it, else the first one.

    Args:
        path: the file.

    Raises:
        RequestError: the file is missing, or one of its lines is not such a record.
    """

    path: str

    def __init__(self, *, path: str, **fields: Any) -> None:
        super().__init__(**{**fields, "path": path})

    @property
    def _llm_type(self) -> str:
        return "genas-replay"

    @cached_property
    def _records(self) -> dict[tuple[str, int | None], str]:
        records: dict[tuple[str, int | None], str] = {}
        for number, event in enumerate(_lines(self.path), start=1):
            if event.get("kind", "completion") != "completion" or "failure" in event:
                continue
            if not isinstance(event.get("prompt"), str) or not isinstance(event.get("reply"), str):
                raise RequestError(f"Line {number} of {self.path} has no text under prompt and reply.")
            records.setdefault((event["prompt"], event.get("seed")), event["reply"])
            records.setdefault((event["prompt"], None), event["reply"])
        return records

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        prompt = transcript(messages)
        reply = self._records.get((prompt, kwargs.get("seed")), self._records.get((prompt, None)))
        if reply is None:
            raise LLMFailed(f"No answer is recorded in {self.path} for the prompt {prompt[:60]!r}.")
        return ChatResult(generations=[ChatGeneration(message=AIMessage(reply))])


def _lines(path: str) -> list[dict[str, Any]]:
    try:
        lines = [json.loads(line) for line in Path(path).read_text(encoding="utf-8").splitlines() if line.strip()]
    except OSError as error:
        raise RequestError(f"Cannot read the recorded answers {path}: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise RequestError(f"{path} holds a line that is not JSON. Name the ledger.jsonl of a run.") from error
    if not all(isinstance(line, dict) for line in lines):
        raise RequestError(f"{path} must hold one JSON object a line.")
    return lines
