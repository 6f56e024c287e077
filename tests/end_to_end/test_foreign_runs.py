"""The folder of a run may come from anybody: it leads to no other files, executes nothing, and ends in one line."""

from __future__ import annotations

import io
import json
import os
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from tiny_design import GOAL, TINY

import genas
from genas import api
from genas.core import registry
from genas.core.errors import Damaged, GenasError, LedgerCorrupt, OutOfBounds, RequestError
from genas.core.examples import examples
from genas.core.ledger import Event, Ledger, sealed
from genas.faces.tools import Verbs
from genas.reporting.outcome import short
from genas.run import trained
from genas.run.decisions import check_finalists, check_rung
from genas.training.weights import checkpoint_of, loaded_state, sealed_state


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("finished") / "run"
    genas.design(GOAL, out=folder, executor="serial:threads=1", **TINY)
    return folder


@pytest.fixture
def run(finished: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(finished, tmp_path / "root" / "run"))


def events_of(run: Path) -> list[Event]:
    return list(Ledger(run / "ledger.jsonl", follow=True).read())


def rewrite(run: Path, change: Callable[[Event], Event]) -> None:
    """The ledger with every event changed, and checksums that fit."""
    (run / "ledger.jsonl").write_bytes(sealed([change(event) for event in events_of(run)], first=True)[0])


def key_of(run: Path) -> str:
    return next(str(event["key"]) for event in reversed(events_of(run)) if event.get("scorer") == "race")


def again(run: Path) -> None:
    genas.design(GOAL, out=run, executor="serial:threads=1", **TINY)


VERBS: dict[str, Callable[[Path, str], Any]] = {
    "design": lambda run, _: again(run),
    "report": lambda run, _: api.report(run),
    "export": api.export_network,
    "train": lambda run, key: api.train_further(run, key, "1 s"),
}


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("name", ["report.html", "store/x", "exported-{}", "trained-{}", "winner/model.py", "a/b/c"])
def test_a_link_out_of_the_folder_is_refused_and_nothing_is_written_through_it(
    run: Path, tmp_path: Path, name: str, verb: str
) -> None:
    key = key_of(run)
    outside, link = tmp_path / "outside", run / name.format(short(key))
    outside.mkdir()
    (outside / "model.py").write_text("mine")
    link.parent.mkdir(parents=True, exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to(outside if "{" in name else outside / "model.py")
    with pytest.raises(RequestError, match="link that leads out") as caught:
        VERBS[verb](run, key)
    assert str(link) in str(caught.value)
    assert [p.name for p in outside.iterdir()] == ["model.py"] and (outside / "model.py").read_text() == "mine"


def test_links_within_the_folder_and_a_folder_that_is_a_link_are_as_good_as_files(run: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(run)
    (run / "again.html").symlink_to("report.html")
    assert api.report(tmp_path / "link").splitlines()[1:] == api.report(run).splitlines()[1:]
    (run / "circle").symlink_to("circle")
    with pytest.raises(RequestError, match=r"or read there|leads out"):
        api.report(run)


@pytest.mark.parametrize("verb", ["export_network", "train_further"])
def test_a_server_reads_no_data_outside_that_a_ledger_names(run: Path, tmp_path: Path, verb: str) -> None:
    (tmp_path / "secret.csv").write_text("a,label\n1,hunter2\n2,hunter3\n")
    task = {"name": "tabular", "options": {"path": str(tmp_path / "secret.csv")}}

    def named(event: Event) -> Event:
        return {**event, "request": {**event["request"], "task": task}} if event["kind"] == "request" else event

    rewrite(run, named)
    more = {"budget": "1 s"} if verb == "train_further" else {}
    with pytest.raises(OutOfBounds, match="--data") as refused:
        getattr(Verbs(run.parent), verb)(key_of(run), run="run", **more)
    assert "hunter" not in str(refused.value)


@pytest.mark.parametrize("field", ["leg", "key"])
def test_names_of_a_ledger_lead_to_no_other_folder(run: Path, field: str) -> None:
    key = key_of(run)
    rewrite(run, lambda e: {**e, field: "../../x"} if e.get("scorer") == "race" else e)
    for verb in VERBS.values():
        with pytest.raises(LedgerCorrupt, match=rf"Line \d+ of .*{field}"):
            verb(run, key)


def test_what_a_checkpoint_would_execute_is_not_executed(run: Path, tmp_path: Path) -> None:
    class Harm:
        def __reduce__(self) -> tuple[Any, ...]:
            return os.mkdir, (str(tmp_path / "harmed"),)

    whole = io.BytesIO()
    torch.save({"network": Harm()}, whole)
    path = run / "store" / checkpoint_of(key_of(run), 0)
    for state in (whole.getvalue(), pickle.dumps(Harm()), b"no state"):
        path.write_bytes(sealed_state(state, path.name))
        for verb in (lambda: loaded_state(path), lambda: api.train_further(run, key_of(run), "1 s")):
            with pytest.raises(Damaged, match=r"is no checkpoint.*Delete it"):
                verb()
    assert not (tmp_path / "harmed").exists()


def test_a_checkpoint_of_another_network_that_carries_this_ones_name_is_refused(run: Path) -> None:
    path = run / "store" / checkpoint_of(key_of(run), 0)
    state = loaded_state(path)
    state["network"] = {name: value[:1] for name, value in state["network"].items() if value.ndim}
    whole = io.BytesIO()
    torch.save(state, whole)
    path.write_bytes(sealed_state(whole.getvalue(), path.name))
    with pytest.raises(Damaged, match=r"training of another network. Delete it"):
        api.train_further(run, key_of(run), "1 s")


def without_nodes(event: Event) -> Event:
    if event["kind"] != "candidate":
        return event
    arch = event["candidate"]["arch"]
    return {**event, "candidate": {**event["candidate"], "arch": {**arch, "ops": arch["ops"][:2]}}}


def another_key(event: Event) -> Event:
    return {**event, "key": "0" * 16} if event["kind"] == "candidate" else event


@pytest.mark.parametrize("change", [without_nodes, another_key])
def test_a_network_that_is_none_is_one_error_of_its_line(run: Path, change: Callable[[Event], Event]) -> None:
    key = key_of(run)
    rewrite(run, change)
    for verb in VERBS.values():
        with pytest.raises(LedgerCorrupt, match=r"Line \d+ of .*(?:no node|key is not)"):
            verb(run, key)
    with pytest.raises(LedgerCorrupt, match=r"Line \d+ of "):
        examples(registry.create("spaces", "conv_net"), [str(run)])


def test_a_trained_network_that_the_ledger_does_not_tell_of_is_refused(run: Path) -> None:
    key = key_of(run)
    kept = [event for event in events_of(run) if event["id"] != f"candidate {key}"]
    (run / "ledger.jsonl").write_bytes(sealed(kept, first=True)[0])
    with pytest.raises(LedgerCorrupt, match="tells no network of that key"):
        trained.find(run, key)


@pytest.mark.parametrize("legs", [[{}], ["x"], [{"leg": "further 1 s"}], {}, None])
def test_odd_figures_of_a_further_training_are_one_error(run: Path, legs: object) -> None:
    folder = run / f"trained-{short(key_of(run))}"
    folder.mkdir()
    data = {"key": key_of(run), "legs": legs}
    (folder / "figures.json").write_text(json.dumps({**data, "sum": trained._sum_of(data)}))
    with pytest.raises(GenasError, match="name another --out"):
        api.train_further(run, key_of(run), "1 s")


def test_decisions_about_networks_that_the_ledger_does_not_hold_are_refused() -> None:
    rung = {"id": "rung 1", "entrants": [{"key": "a", "parent": "", "joined": 0}]}
    check_rung(rung, 1, {"a"})
    with pytest.raises(LedgerCorrupt, match="'rung 1' is about 'a'"):
        check_rung(rung, 1, {"b"})
    with pytest.raises(LedgerCorrupt, match="'rung 1' is about 'a'"):
        check_rung({**rung, "entrants": [{"key": "a", "parent": "", "joined": 2}]}, 1, {"a"})
    heir = {"id": "finalists", "entrants": [{"key": "b", "parent": "a", "share": 1.0, "rate": 0.0}]}
    check_finalists(heir, {"a", "b"}, {"a"})
    for trained_ones in ({"b"}, set[str]()):
        with pytest.raises(LedgerCorrupt, match="'finalists' is about 'b'"):
            check_finalists(heir, {"a", "b"}, trained_ones)


@pytest.mark.parametrize("name", ["x" * 300, "a\0b", "no such run"])
def test_a_name_that_no_run_can_have_is_one_error(tmp_path: Path, name: str) -> None:
    for verb in (lambda: api.report(tmp_path / name), lambda: api.export_network(tmp_path / name, "a")):
        with pytest.raises(RequestError, match=r"[Nn]ame (?:the|another) folder"):
            verb()
