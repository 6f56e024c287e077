import pytest

from genas import api
from genas.core.errors import RequestError
from genas.core.llm_names import split
from genas.core.phrases import parse_use
from genas.core.records import Use
from genas.faces.tools import Verbs

GOAL = "A classifier for 8x8 handwritten digits under 20k parameters"
REMOTE = "openai:m@http://localhost:9/v1"
THERE = {"model": "openai:m", "base_url": "http://localhost:9/v1"}


def chatting(llm=None, **known):
    request = api.interpret(GOAL, llm=llm, **known)
    return {
        use.name: use.options for use in (*request.proposers, *request.refiners) if use.name in {"llm", "navigator"}
    }


def test_a_name_may_hold_the_address_of_a_server():
    assert split(REMOTE) == ("openai:m", "http://localhost:9/v1")
    assert split("openai:m@https://a.b/c@d") == ("openai:m", "https://a.b/c@d")
    assert split("vertex:claude@2025") == ("vertex:claude@2025", None)


def test_the_named_model_is_asked_by_whoever_asks_one():
    assert chatting(REMOTE) == {"llm": THERE}  # nobody asks one yet: it proposes
    assert chatting(REMOTE, refiners=["navigator"]) == {"navigator": THERE}
    both = chatting("ollama:q", refiners=[{"name": "navigator", "options": {"batch": 4}}], proposers=["uniform", "llm"])
    assert both == {"llm": {"model": "ollama:q"}, "navigator": {"model": "ollama:q", "batch": 4}}


def test_a_plug_in_s_own_model_wins():
    own = {"name": "navigator", "options": {"model": "openai:own"}}
    assert chatting(REMOTE, refiners=[own]) == {"navigator": {"model": "openai:own"}, "llm": THERE}
    assert chatting(REMOTE, proposers=[{"name": "llm", "options": {"model": "replay"}}]) == {"llm": {"model": "replay"}}


def test_where_nothing_is_named_the_embedded_model_is_and_the_request_says_so():
    assert chatting() == {}
    assert chatting(refiners=["navigator"]) == {"navigator": {"model": "local"}}


def test_a_plug_in_on_one_line():
    assert parse_use("navigator") == Use("navigator")
    assert parse_use("navigator:batch=8, partition=1") == Use("navigator", {"batch": "8", "partition": "1"})
    with pytest.raises(RequestError, match="batch=VALUE"):
        parse_use("navigator:batch")


def test_a_tool_call_may_not_say_where_the_model_is(tmp_path):
    with pytest.raises(RequestError, match="base_url can't be given by a tool call"):
        Verbs(tmp_path).interpret(GOAL, llm=REMOTE)


@pytest.mark.parametrize("llm", ["../../x", "nope:model", "local:3"])
def test_a_model_that_there_is_not_is_refused_before_anything_is_written(tmp_path, llm):
    for verb in (api.check, api.propose):
        with pytest.raises(RequestError, match="chat model"):
            verb(GOAL, llm=llm, out=tmp_path / "run", proposers=["uniform"], scorers=["params"])
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("kind", ["proposers", "scorers", "refiners"])
def test_a_plug_in_that_there_is_not_is_refused_when_the_request_is_read(kind):
    with pytest.raises(RequestError, match="There is no 'train' among the"):
        api.interpret(GOAL, **{kind: ["train"]})
