"""What is not as it was written is found in a ledger: changed, foreign, newer and older lines, and those of no kind."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from written_ledger import write_ledger

from genas.core.errors import LedgerCorrupt, RequestError
from genas.core.ledger import Event, Ledger, sealed
from genas.core.seal import seal

REQUEST: Event = {"kind": "request", "id": "request", "request": {"task": {"name": "digits"}}}
MEASURED: Event = {
    "kind": "measurement", "id": "race a 0", "key": "a", "scorer": "race",
    "measurement": {"metric": "accuracy", "value": 0.8},
}  # fmt: skip
SAID: Event = {"kind": "warning", "id": "warning x", "text": "x"}
EVENTS = [REQUEST, MEASURED, SAID]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write_ledger(tmp_path / "ledger.jsonl", EVENTS)


def refused(path: Path, words: str) -> None:
    for follow in (False, True):
        with pytest.raises(LedgerCorrupt, match=words) as caught:
            Ledger(path, follow=follow)
        assert "\n" not in str(caught.value) and "name another --out" in str(caught.value).replace("Name", "name")


def test_an_edited_figure_is_found_and_the_line_named(path: Path) -> None:
    path.write_text(path.read_text().replace('"value":0.8', '"value":99.0'))
    refused(path, r"Line 2 of .*checksum.*head -n 1")


@pytest.mark.parametrize("number", [0, 1])
def test_a_line_that_is_taken_out_is_found(path: Path, number: int) -> None:
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:number] + lines[number + 1 :]))
    refused(path, f"Line {number + 1} ")


def test_lines_that_changed_places_or_stand_twice_are_found(path: Path) -> None:
    first, second, third = path.read_text().splitlines(keepends=True)
    path.write_text(first + third + second)
    refused(path, "Line 2 .*checksum")
    path.write_text(first + second + second + third)
    refused(path, "Line 3 .*checksum")


@pytest.mark.parametrize("bit", range(8))
def test_a_flipped_bit_of_the_last_line_end_is_found(path: Path, bit: int) -> None:
    raw = bytearray(path.read_bytes())
    raw[-1] ^= 1 << bit
    path.write_bytes(bytes(raw))
    refused(path, "Line 3 .*does not end")


def test_what_was_acknowledged_before_the_line_is_kept_when_the_file_is_cut_there(path: Path) -> None:
    text = path.read_text().replace('"text":"x"', '"text":"y"')
    path.write_text("".join(text.splitlines(keepends=True)[:2]))
    assert list(Ledger(path).read()) == EVENTS[:2]


def test_a_newer_format_is_refused_and_an_older_one(path: Path) -> None:
    path.write_text(path.read_text().replace('"format":2', '"format":3'))
    refused(path, "format 3 of a newer genas; this one reads 2")
    path.write_text("".join(json.dumps(event) + "\n" for event in EVENTS))
    refused(path, "Line 1 .*an earlier genas wrote it, without checksums.*core.seal")


WRONG: list[tuple[Event, str]] = [
    (SAID | {"kind": "wish"}, "wish"),
    ({"id": "x", "text": "x"}, "kind"),
    ({"kind": "warning", "text": "x"}, "id: Field required"),
    (SAID | {"colour": "red"}, "colour: Extra inputs"),
    ({"kind": "measurement", "id": "x", "key": "a", "scorer": "s"}, "measurement or a failure"),
    (MEASURED | {"failure": "broke"}, "measurement or a failure"),
    (MEASURED | {"measurement": {"metric": "accuracy", "value": "high"}}, "value"),
    (MEASURED | {"measurement": {"metric": "accuracy"}}, "value: Field required"),
    (REQUEST | {"request": {"goal": "x"}}, "no task"),
    (REQUEST | {"request": {"task": "digits", "colour": "red"}}, "no key 'colour'"),
    (SAID | {"text": 5}, "text: Input should be a valid string"),
]


@pytest.mark.parametrize(("event", "words"), WRONG)
def test_what_is_no_event_is_refused_where_it_is_read_and_where_it_is_written(
    tmp_path: Path, event: Event, words: str
) -> None:
    path = tmp_path / "ledger.jsonl"
    path.write_bytes(sealed([event], first=True)[0])
    refused(path, f"Line 1 of .*no event that this genas knows .*{words}")
    with pytest.raises(ValueError, match=words):
        Ledger().append(event)


def test_an_id_is_there_once(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    path.write_bytes(sealed([SAID, SAID | {"text": "y"}], first=True)[0])
    refused(path, "Line 2 of .*an earlier line has the id 'warning x'")
    ledger = Ledger()
    ledger.append(SAID)
    with pytest.raises(ValueError, match="has an event 'warning x'"):
        ledger.append(SAID)


def test_what_is_held_back_is_on_disk_only_when_the_run_begins(tmp_path: Path) -> None:
    path = tmp_path / "new" / "run" / "ledger.jsonl"
    ledger = Ledger(path, held=True)
    ledger.append(REQUEST)
    assert ledger.find("request") == REQUEST and not (tmp_path / "new").exists()
    ledger.begin()
    ledger.append(SAID)
    assert list(Ledger(path, follow=True).read()) == [REQUEST, SAID]
    ledger.discard()
    assert not (tmp_path / "new").exists()


def test_what_others_put_into_the_folder_stays_when_a_ledger_is_discarded(path: Path) -> None:
    (path.parent / "sub").mkdir()
    (path.parent / "sub" / "mine.txt").touch()
    again = Ledger(path, held=True)
    again.begin()
    again.discard()
    assert list(Ledger(path, follow=True).read()) == EVENTS, "it was there before"
    fresh = Ledger(path.parent / "sub" / "ledger.jsonl")
    fresh.append(REQUEST)
    fresh.discard()
    assert [p.name for p in (path.parent / "sub").iterdir()] == ["mine.txt"]


def test_a_ledger_that_is_held_and_never_begun_leaves_the_file_as_it_is(path: Path) -> None:
    path.write_bytes(before := path.read_bytes() + b'{"kind":"half')
    ledger = Ledger(path, held=True)
    ledger.append(SAID | {"id": "other"})
    ledger.close()
    assert path.read_bytes() == before


def test_old_ledgers_are_sealed_once_and_what_is_appended_in_the_old_form_later(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    path.write_text(json.dumps(REQUEST) + "\n" + json.dumps(MEASURED) + '\n{"kind": "cut')
    assert seal(path) == 2 and list(Ledger(path, follow=True).read()) == EVENTS[:2]
    assert seal(path) == 0
    before = path.read_bytes()
    with path.open("a") as file:
        file.write(json.dumps(SAID) + "\n")
    assert seal(path) == 1 and path.read_bytes().startswith(before)
    assert list(Ledger(path, follow=True).read()) == EVENTS and [p.name for p in tmp_path.iterdir()] == [path.name]


def test_only_sound_ledgers_that_nobody_writes_are_sealed(path: Path, tmp_path: Path) -> None:
    writing = Ledger(path)
    with pytest.raises(RequestError, match="A run is writing"):
        seal(path)
    writing.close()
    path.write_text(path.read_text().replace('"value":0.8', '"value":99.0'))
    with pytest.raises(LedgerCorrupt, match=r"Line 2 of .*/ledger\.jsonl: its checksum"):
        seal(path)
    (tmp_path / "old.jsonl").write_text(json.dumps(SAID) + "\n" + json.dumps(SAID) + "\n")
    with pytest.raises(LedgerCorrupt, match=r"Line 2 of .*an earlier line has the id"):
        seal(tmp_path / "old.jsonl")
    with pytest.raises(RequestError, match="does not exist"):
        seal(tmp_path / "absent.jsonl")


def test_secrets_are_masked_wherever_they_stand_in_an_event_but_for_its_id(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_SERVICE_TOKEN", "hunter2-hunter2")
    ledger = Ledger(tmp_path / "ledger.jsonl")
    ledger.warn("data: hunter2-hunter2", "Nothing at https://me:pass@host is hunter2-hunter2.")
    ledger.warn("data: hunter2-hunter2", "is said once")
    failed = {"kind": "measurement", "id": "score https://me:pass@host", "key": "a", "scorer": "x"}
    kept = ledger.append({**failed, "failure": "api_key=abcdefgh12345678 was refused"})
    ledger.close()
    text = (tmp_path / "ledger.jsonl").read_text()
    assert "hunter2" not in text and "abcdefgh12345678" not in text and "at https://***@host is ***." in text
    again = Ledger(tmp_path / "ledger.jsonl")
    assert again.find("score https://me:pass@host") == kept == {**failed, "failure": "api_key=*** was refused"}
    again.warn("data: hunter2-hunter2", "is said once")
    assert len(list(again.read())) == 2


@pytest.mark.parametrize(
    ("event", "words"),
    [
        ({**MEASURED, "failure": None}, "failure has no value"),
        ({"kind": "plan", "id": "plan", "plan": {"proposals": 1, "colour": 3}}, "colour"),
        ({"kind": "schedule", "id": "schedule", "clock": 0.0, "schedule": {"unit": "s", "rungs": [], "final": 1.0}},
         "'seconds' or 'examples'"),
        ({"kind": "rung", "id": "rung 0", "clock": 0.0}, "entrants is missing"),
        ({"kind": "rung", "id": "rung 0", "clock": 0.0, "entrants": [{"key": "a", "parent": ""}]}, "lacks joined"),
        ({"kind": "rung", "id": "finalists", "clock": 0.0, "tests": 0.0,
          "entrants": [{"key": "a", "parent": "", "joined": 0}]}, "lacks rate or share"),
        ({"kind": "rung", "id": "final 0", "clock": 0.0, "each": 1.0}, "examples is missing"),
        ({"kind": "rung", "id": "rung 0", "clock": -1.0, "entrants": []}, "clock"),
    ],
)  # fmt: skip
def test_an_event_that_lacks_what_a_run_reads_of_it_is_refused(path: Path, event: Event, words: str) -> None:
    path.write_bytes(sealed([REQUEST, event], first=True)[0])
    refused(path, f"Line 2 of .*{words}")
