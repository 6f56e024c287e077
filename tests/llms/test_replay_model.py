import json
from pathlib import Path

import pytest

from genas.core import registry
from genas.core.errors import LLMFailed, RequestError
from genas.core.records import Use


def recorded(path: Path, *lines: dict) -> Path:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def test_known_prompts_are_answered_and_no_others(tmp_path: Path) -> None:
    path = recorded(
        tmp_path / "a.jsonl", {"prompt": "hi", "reply": "hello"}, {"prompt": "hi", "reply": "again", "seed": 4}
    )
    model = registry.create("llms", Use("replay", {"path": str(path)}))
    assert model.invoke("hi").content == "hello"
    assert model.invoke("hi", seed=4).content == "again"
    with pytest.raises(LLMFailed, match="No answer is recorded"):
        model.invoke("ho")


def test_a_ledger_is_read(tmp_path: Path) -> None:
    path = recorded(
        tmp_path / "ledger.jsonl",
        {"kind": "request", "id": "request", "request": {}},
        {"kind": "completion", "id": "1", "prompt": "p", "failure": "no"},
        {"kind": "completion", "id": "2", "prompt": "p", "reply": "r", "seed": 5},
    )
    assert registry.create("llms", Use("replay", {"path": str(path)})).invoke("p").content == "r"


@pytest.mark.parametrize(
    ("text", "says"), [(None, "Cannot read"), ("{", "not JSON"), ("[]", "object"), ('{"a": 1}', "Line 1")]
)
def test_bad_files_are_refused(tmp_path: Path, text: str | None, says: str) -> None:
    path = tmp_path / "a.jsonl"
    if text is not None:
        path.write_text(text)
    with pytest.raises(RequestError, match=says):
        registry.create("llms", Use("replay", {"path": str(path)})).invoke("p")
