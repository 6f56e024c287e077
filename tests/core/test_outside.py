"""Text from outside: what a terminal would obey is gone, secrets are stars, all else is as it was."""

from __future__ import annotations

import json

import pytest

from genas.core import wire
from genas.core.outside import shown
from genas.core.records import Request, Use
from genas.core.secrets import masked


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("\x1b]0;title\x07cats", "cats"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("a\x1b[2J\x1b[31mb", "ab"),
        ("\x9b2Jx\x90q\x9cy", "xy"),
        ("a\x07\x08\r\x00b\x7f", "ab"),
        ("a\u202eb\u2066c\ufeff", "abc"),
        ("half \ud800 letter", "half  letter"),
        ("one\ttwo\nthree", "one\ttwo\nthree"),
        ("größe 日本 👨\u200d👩 [/markup] :smile:", "größe 日本 👨\u200d👩 [/markup] :smile:"),
        ("unended \x1b]0;all of it", "unended "),
    ],
)
def test_what_a_terminal_would_obey_is_gone(text: str, seen: str) -> None:
    assert shown(text) == seen


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("http://me:hunter2@host:1/v1", "http://***@host:1/v1"),
        ("http://me:p@ss@host/v1", "http://***@host/v1"),
        ("https://h/v1?api_key=abc&n=1", "https://h/v1?api_key=***&n=1"),
        ("Incorrect API key provided: sk-proj-ab1*****xyz.", "Incorrect API key provided: ***"),
        ("Authorization: Bearer abc123def456", "Authorization: Bearer ***"),
        ('{"api_key": "abcdefgh12"}', '{"api_key": "***"}'),
        ("password=correct1horse", "password=***"),
        ("hf_abcdefgh1234 gsk_abcdefgh1234 AKIAABCDEFGH1234", "*** *** ***"),
        ("eyJhbGciOiJI.eyJzdWIiOiIx.sig", "***"),
    ],
)
def test_secrets_are_stars(text: str, seen: str) -> None:
    assert masked(text) == seen


@pytest.mark.parametrize(
    "text",
    [
        "|nor_conv_3x3~0|+|skip_connect~0|none~1|", "a basic classifier of signatures with 10 classes", "20000 tokens",
        "sk-learn-wrapper", "openai:m@http://localhost:8000/v1", "budget: 20 minutes", "the token: x",
    ],
)  # fmt: skip
def test_other_words_stay(text: str) -> None:
    assert masked(text) == text


def test_the_keys_of_the_environment_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "an odd key")
    assert masked(["the server said: an odd key is wrong"]) == ["the server said: *** is wrong"]


def test_what_is_read_again_is_not_masked_for_its_looks() -> None:
    options = {"path": "./hf_model2024_images/a.csv", "label": "pk-2024-value"}
    assert wire.to_data(Use("tabular", options))["options"] == options
    assert masked(options["path"]) == "./***/a.csv"
    assert wire.to_data(Use("llm", {"api_key": "x1", "base_url": "http://me:pass@host"}))["options"] == {
        "api_key": "***",
        "base_url": "http://***@host",
    }


def test_a_record_in_writing_holds_no_secret() -> None:
    options = {"model": "openai:m", "base_url": "http://me:hunter2@host/v1", "model_options": {"api_key": "whatever"}}
    request = Request("digits", Use("digits"), Use("conv_net"), proposers=(Use("llm", options),))
    for written in (json.dumps(wire.to_data(request)), str(request.proposers[0])):
        assert "hunter2" not in written and "whatever" not in written and "***@host/v1" in written
    assert request.proposers[0].options["base_url"] == "http://me:hunter2@host/v1"
