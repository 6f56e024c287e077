"""What docs/requests.md shows must be so."""

import re
from pathlib import Path

import pytest

from genas.core import registry, wire
from genas.core.errors import RequestError
from genas.core.records import Budget, Constraint, Use

TEXT = (Path(__file__).parents[2] / "docs" / "requests.md").read_text()
COMMANDS = re.findall(r'^    genas \w+ "([^"]+)"', TEXT, flags=re.M)
REFUSED = re.findall(r"^\| `([^`]+)` \|", TEXT.partition("## What is refused")[2].partition("\n## ")[0], flags=re.M)


@pytest.mark.parametrize("sentence", COMMANDS)
def test_shown_sentences_are_read(sentence: str) -> None:
    assert registry.create("interpreters", "exact").read(sentence).constraints


@pytest.mark.parametrize("sentence", REFUSED)
def test_shown_refusals_are_refused(sentence: str) -> None:
    with pytest.raises(RequestError):
        registry.create("interpreters", "exact").read(sentence)


def test_the_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "request.toml"
    path.write_text(re.search(r"```toml\n(.*?)```", TEXT, flags=re.S)[1])
    known = wire.partial(wire.read_file(path))
    request = registry.create("interpreters", "exact").read(known.pop("goal"), **known)
    assert (request.task, request.seed, request.device) == (Use("digits"), 3, "cpu")
    assert request.constraints == (Constraint("params", at_most=50_000),)
    assert request.budget == Budget(seconds=1200)
    assert request.proposers[1] == Use("llm", {"model": "local", "batch": 4})


def test_there_is_something_to_check() -> None:
    assert len(COMMANDS) >= 3
    assert len(REFUSED) >= 7
