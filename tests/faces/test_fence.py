"""A tool call reads no file outside the folders that its server was started with, nor learns what is in one."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from genas.core.errors import GenasError, RequestError
from genas.faces.tools import Verbs

GOAL = "A classifier for 8x8 handwritten digits under 20k parameters"
TABLE = "nasbench201 benchmark, CIFAR-10"
_OPENED: list[str] | None = None  # while a test watches


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    if _OPENED is not None and event in {"open", "os.listdir", "os.scandir"} and arguments:
        _OPENED.append(str(arguments[0]))


sys.addaudithook(_hear)


@pytest.fixture
def opened() -> Iterator[list[str]]:
    """Every file and folder that Python opens during the test."""
    global _OPENED  # noqa: PLW0603 - an audit hook can't be taken away, only be told not to listen
    _OPENED = []
    yield _OPENED
    _OPENED = None


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    outside = tmp_path / "outside"
    (outside / "sub").mkdir(parents=True)
    for name in ("secret.csv", "secret.json", "secret.npz", "config.json", "ledger.jsonl", "sub/ledger.jsonl"):
        (outside / name).write_text("root:hunter2,0\nmore,1\n")
    return outside


def verbs(tmp_path: Path, *data: Path) -> Verbs:
    (tmp_path / "root").mkdir(exist_ok=True)
    return Verbs(tmp_path / "root", data=data)


def attempts(place: Path) -> list[tuple[str, dict[str, Any]]]:
    file, folder = str(place / "secret.csv"), str(place)
    llm = {"name": "llm", "options": {"model": "replay", "model_options": {"path": file}}}
    return [
        (GOAL, {"scorers": [{"name": "device_transfer", "options": {"measured": file}}]}),
        (GOAL, {"scorers": [{"name": "gnn", "options": {"model": folder}}]}),
        (GOAL, {"scorers": [{"name": "gnn", "options": {"transfer": [folder]}}]}),
        (GOAL, {"scorers": [{"name": "gnn", "options": {"transfer": [f"table:tabular:path={file}"]}}]}),
        (GOAL, {"proposers": [{"name": "diffusion", "options": {"model": folder}}]}),
        (GOAL, {"proposers": [{"name": "archlm", "options": {"model": f"../../..{folder}"}}]}),
        (GOAL, {"proposers": [llm]}),
        (GOAL, {"refiners": [{"name": "navigator", "options": {"memory": [folder]}}]}),
        (GOAL, {"refiners": [{"name": "auto", "options": {"transfer": [f"table:images:path={folder}"]}}]}),
        (GOAL, {"task": {"name": "tabular", "options": {"path": file}}, "space": "mlp"}),
        (GOAL, {"task": {"name": "tabular", "options": {"path": "../outside/secret.csv"}}, "space": "mlp"}),
        (GOAL, {"task": {"name": "tabular", "options": {"path": "link/secret.csv"}}, "space": "mlp"}),
        (GOAL, {"task": {"name": "images", "options": {"path": folder}}}),
        (GOAL, {"task": {"name": "images", "options": {"path": "~/"}}}),
        (GOAL, {"task": {"name": "images", "options": {"path": "a\0b"}}}),
        (f"classify the rows of {file}, label more", {}),
        (f"classify the photos in {folder}", {}),
    ]


@pytest.mark.parametrize("number", range(len(attempts(Path("/x")))))
@pytest.mark.parametrize("verb", ["interpret", "propose", "score"])
def test_files_outside_are_neither_opened_nor_told_of(
    verb: str, number: int, tmp_path: Path, secret: Path, opened: list[str]
) -> None:
    tool = verbs(tmp_path)
    (tmp_path / "root" / "link").symlink_to(secret)
    sentence, known = attempts(secret)[number]
    more = {"texts": ["stem8"]} if verb == "score" else {}
    with pytest.raises(GenasError) as refused:
        getattr(tool, verb)(sentence, known=known, **more)
    assert "hunter2" not in str(refused.value) and "more" not in str(refused.value).replace("more than", "")
    assert [path for path in opened if path.startswith(str(secret))] == []


def test_what_is_there_and_what_is_not_are_told_alike(tmp_path: Path, secret: Path) -> None:
    told = []
    for name in ("secret.csv", "notsec.csv"):
        with pytest.raises(RequestError) as refused:
            known = {"task": {"name": "tabular", "options": {"path": str(secret / name)}}, "space": "mlp"}
            verbs(tmp_path).interpret(GOAL, known=known)
        told.append(str(refused.value).replace(name, "NAME"))
    assert told[0] == told[1] and "--data" in told[0]


def test_files_of_the_server_are_found_by_relative_and_whole_names(tmp_path: Path, secret: Path) -> None:
    tool = verbs(tmp_path, secret)
    (tmp_path / "root" / "mine.csv").write_text("a,b\n1,2\n")
    found = [
        tool.interpret(
            "", known={"goal": "rows", "task": {"name": "tabular", "options": {"path": path}}, "space": "mlp"}
        )
        for path in ("mine.csv", "secret.csv", str(secret / "secret.csv"), "sub/../secret.csv")
    ]
    paths = [reading["request"]["task"]["options"]["path"] for reading in found]
    assert paths == [str(tmp_path / "root" / "mine.csv"), *[str(secret / "secret.csv")] * 3]


def test_words_that_are_no_paths_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cifar10").mkdir()
    monkeypatch.chdir(tmp_path)
    read = verbs(tmp_path).interpret(TABLE, llm="huggingface:org/model")["request"]
    assert read["task"]["options"]["dataset"] == "cifar10"
    assert {use["options"].get("model") for use in read["proposers"]} >= {"huggingface:org/model"}
