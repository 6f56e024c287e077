from pathlib import Path

import pytest
from langchain_core.messages import AIMessage, HumanMessage

from genas.core import assets
from genas.core.errors import MissingArtifact
from genas.llms._prompts import PromptError, fingerprint, load_prompt, transcript

_NAMES = sorted(path.stem for path in Path(assets.__file__).parents[2].joinpath("prompts").glob("*.md"))


@pytest.mark.parametrize("name", _NAMES)
def test_every_shipped_prompt_renders_with_what_it_declares(name: str) -> None:
    prompt = load_prompt(name)
    text = prompt.render(**{v: f"<{v}>" for v in prompt.variables})
    assert all(f"<{v}>" in text for v in prompt.variables)
    assert "{{" not in text


def test_values_are_not_read_as_prompt_text() -> None:
    prompt = load_prompt("propose")
    text = prompt.render(**{**dict.fromkeys(prompt.variables, "x"), "task": "{{limits}} \\1"})
    assert "{{limits}} \\1" in text


def test_variables_are_strict() -> None:
    prompt = load_prompt("propose")
    with pytest.raises(PromptError, match="wrong: seen"):
        prompt.render(**{v: "x" for v in prompt.variables if v != "seen"})
    with pytest.raises(PromptError, match="wrong: more"):
        prompt.render(more="x", **dict.fromkeys(prompt.variables, "x"))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("no front matter", "front matter"),
        ("---\nvariables: [a]\n---\n{{a}}", "key: JSON"),
        ('---\nvariables: ["a"]\n---\n{{b}}', "declares a but uses b"),
        ('---\nvariables: ["a"]\nmodel: "x"\n---\n{{a}}', "only"),
    ],
)
def test_a_malformed_prompt_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, says: str) -> None:
    (tmp_path / "bad.md").write_text(text)
    monkeypatch.setattr(assets, "_folder", lambda name: tmp_path)
    with pytest.raises(PromptError, match=says):
        load_prompt("bad")
    with pytest.raises(MissingArtifact):
        load_prompt("absent")


def test_transcript_and_fingerprint() -> None:
    assert transcript([HumanMessage("hello")]) == "hello"
    assert transcript([HumanMessage("a"), AIMessage("b")]) == "[human]\na\n\n[ai]\nb"
    assert fingerprint("a") == fingerprint("a") != fingerprint("b")
