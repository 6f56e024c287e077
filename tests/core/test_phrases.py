"""Phrases such as "name:option=value" are read in one way, wherever they are written."""

from __future__ import annotations

import pytest

from genas.core.errors import RequestError, UnknownPlugin
from genas.core.phrases import parse_executor, parse_table, parse_use
from genas.core.records import Use


@pytest.mark.parametrize(
    ("text", "use"),
    [
        ("navigator", Use("navigator")),
        ("navigator:", Use("navigator")),
        ("navigator:batch=8, partition=1", Use("navigator", {"batch": "8", "partition": "1"})),
        ("llm:base_url=http://localhost:8000/v1", Use("llm", {"base_url": "http://localhost:8000/v1"})),
        ("llm:model=a=b", Use("llm", {"model": "a=b"})),
    ],
)
def test_a_plug_in_and_its_options(text: str, use: Use) -> None:
    assert parse_use(text) == use


def test_an_option_without_a_value_is_named() -> None:
    with pytest.raises(RequestError, match="navigator: write batch=VALUE, in 'navigator:batch,partition=1'"):
        parse_use("navigator:batch,partition=1")


def test_numbers_of_a_table_are_numbers_and_words_are_words() -> None:
    table = parse_table("table:nasbench201:dataset=cifar10,sample=64,devices=pixel3+edgegpu")
    assert table == Use("nasbench201", {"dataset": "cifar10", "sample": 64, "devices": "pixel3+edgegpu"})


@pytest.mark.parametrize("source", ["nasbench201", "table:", "runs/demo", "tables:nasbench201"])
def test_what_is_no_table_is_told_how_to_write_one(source: str) -> None:
    with pytest.raises(RequestError, match=r"is no table\. Write table:TASK"):
        parse_table(source)


def test_a_bare_word_after_an_executor_is_its_main_option() -> None:
    assert parse_executor("threads:4") == parse_executor("threads:workers=4") == Use("threads", {"workers": "4"})
    with pytest.raises(UnknownPlugin, match="Did you mean threads"):
        parse_executor("thread:4")
