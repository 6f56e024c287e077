"""Runs are written into folders that are named after their sentences."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from genas.core.records import Request, Use
from genas.faces.tools import default_name
from genas.run.folders import default_folder, slug


@pytest.mark.parametrize(
    ("goal", "name"),
    [
        ("Handwritten digits, under 20k parameters!", "handwritten-digits-under-20k-parameters"),
        ("  ../../etc/passwd ", "etc-passwd"),
        ("数字", ""),
        ("word " * 20, "word-word-word-word-word-word-word-word"),
    ],
)
def test_the_words_of_a_sentence_name_its_folder(goal: str, name: str) -> None:
    assert slug(goal) == name and len(slug(goal)) <= 40


def test_two_runs_that_begin_in_one_second_have_folders_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("genas.run.folders.time.strftime", lambda _: "20260101-120000")
    first = default_folder("digits")
    first.mkdir(parents=True)
    assert [first.name, default_folder("digits").name] == ["20260101-120000-digits", "20260101-120000-digits-2"]


def test_a_sentence_without_letters_is_a_run() -> None:
    assert re.fullmatch(r"\d{8}-\d{6}-run(-\d+)?", default_folder("数字").name)


def test_a_tool_call_names_the_same_folder_for_the_same_request_only() -> None:
    request = Request("digits under 20k", Use("digits"), Use("conv_net"))
    other = Request("digits under 20k", Use("digits"), Use("conv_net"), seed=1)
    assert default_name(request) == default_name(request) != default_name(other)
    assert default_name(request).startswith("digits-under-20k-")
