import json
from pathlib import Path

import numpy as np
import pytest
from scripted_chat import Scripted
from tiny_chat import write_tiny_chat

from genas.core import registry, wire
from genas.core.errors import LLMFailed, RequestError
from genas.core.ledger import Ledger
from genas.core.records import Candidate, Constraint, Measurement, Objective, Trial, Use
from genas.core.rng import rng
from genas.refiners._bands import Bands
from genas.refiners.navigator import Navigator

NONE, SKIP, CONV = "none", "skip_connect", "nor_conv_3x3"
STRATEGY = "Use more 3x3 convolutions."


@pytest.fixture
def space():
    return registry.create("spaces", Use("nasbench201", {"cells": 1, "channels": 4}))


@pytest.fixture
def cells(space) -> list[str]:
    return [space.to_text(space.sample(np.random.default_rng(seed))) for seed in range(30)]


def made(space, ledger=None, replies=None, *, limits=(), seed=1, **options) -> Navigator:
    context = {"space": space, "task": registry.create("tasks", "digits"), "seed": seed, "limits": limits}
    context |= {"ledger": ledger or Ledger(), "objectives": (Objective("accuracy"),), "device": "cpu"}
    navigator = registry.create("refiners", Use("navigator", {"partition": 1, **options}), **context)
    if replies is not None:
        navigator.dialogue.chat = Scripted(replies=replies)
    return navigator


def measured(space, ops, accuracy: float, **more) -> Trial:
    arch = space.cell(ops) if isinstance(ops, tuple) else space.from_text(ops)
    return Trial(Candidate(arch, "elsewhere"), (Measurement("accuracy", accuracy),), **more)


def events(ledger: Ledger, kind: str = "completion") -> list[dict]:
    return [event for event in ledger.read() if event["kind"] == kind]


def prompts(ledger: Ledger, role: str) -> list[str]:
    return [event["prompt"] for event in events(ledger) if event["role"] == role]


def test_the_navigator_sees_the_history_and_the_generator_only_the_strategy(space, cells) -> None:
    limits = (Constraint("params", at_most=2_000_000),)
    navigator = made(space, ledger := Ledger(), [STRATEGY, json.dumps(cells[:3])], limits=limits)
    low, high = (NONE,) * 5 + (SKIP,), (NONE,) * 5 + (CONV,)
    failed = Trial(Candidate(space.cell((SKIP,) * 6), "elsewhere"), failure="params 9 breaks params <= 5")
    navigator.tell([measured(space, low, 0.5), measured(space, high, 0.625), failed])
    found = navigator.ask(3)
    assert [space.to_text(c.arch) for c in found] == cells[:3]
    assert all(STRATEGY in c.note and c.origin == "navigator" for c in found)
    (asked,), (sent,) = prompts(ledger, "navigate"), prompts(ledger, "generate")
    shown = space.to_text(space.cell(high))
    assert f"Best:\n{shown}: accuracy 0.625\n{space.to_text(space.cell(low))}: accuracy 0.5\n" in asked
    assert f"{shown}: node 6 from skip_connect to nor_conv_3x3: accuracy 0.5 -> 0.625 (+0.125)" in asked
    assert "params 9 breaks params <= 5" in asked
    for text in (asked, sent):
        assert "handwritten digits" in text and "params <= 2e+06" in text
    assert STRATEGY in sent and STRATEGY not in asked
    assert "0.625" not in sent and shown not in sent


def test_a_strategy_is_asked_for_when_something_new_was_told(space, cells) -> None:
    replies = [STRATEGY, json.dumps(cells[:5]), json.dumps(cells[5:8]), "Now less.", json.dumps(cells[8:12])]
    navigator = made(space, ledger := Ledger(), replies, batch=5)
    assert [space.to_text(c.arch) for c in navigator.ask(2)] == cells[:2]
    assert [space.to_text(c.arch) for c in navigator.ask(3)] == cells[2:5]  # what is left of the batch
    assert [space.to_text(c.arch) for c in navigator.ask(3)] == cells[5:8]  # no news: no other strategy
    navigator.tell([measured(space, text, 0.1 * i) for i, text in enumerate(cells[:8])])
    assert [space.to_text(c.arch) for c in navigator.ask(4)] == cells[8:12]
    assert [event["role"] for event in events(ledger)] == ["navigate", "generate", "generate", "navigate", "generate"]
    last = prompts(ledger, "navigate")[-1]
    assert f"{STRATEGY}\nThen of its 8 architectures 8 were measured: accuracy 0.7 at best, 0.35 on average." in last


def test_what_others_measured_is_not_asked_for_again(space, cells) -> None:
    navigator = made(space, None, [STRATEGY, json.dumps(cells[:4]), "no list"])
    assert len(navigator.ask(1)) == 1
    navigator.tell([measured(space, cells[2], 0.4)])
    assert [space.to_text(c.arch) for c in navigator.ask(4)] == [cells[1], cells[3]]


@pytest.mark.parametrize(
    ("off", "gone", "kept"),
    [
        ({"history": 0}, "Best:", "node 6 from"),
        ({"reflection": 0}, "node 6 from", "Best:"),
        ({"history": 0, "reflection": 0}, "0.625", "not told"),
    ],
)
def test_parts_of_the_history_can_be_left_out(space, cells, off, gone, kept) -> None:
    navigator = made(space, ledger := Ledger(), [STRATEGY, json.dumps(cells[:2])], **off)
    navigator.tell([measured(space, (NONE,) * 5 + (SKIP,), 0.5), measured(space, (NONE,) * 5 + (CONV,), 0.625)])
    navigator.ask(2)
    (asked,) = prompts(ledger, "navigate")
    assert gone not in asked and kept in asked


def test_architectures_outside_the_band_go_back_and_are_used_only_for_want_of_others(space) -> None:
    small, large = (space.to_text(space.cell((op,) * 6)) for op in (NONE, CONV))
    both = json.dumps([small, large])
    navigator = made(space, ledger := Ledger(), [STRATEGY, both, both], partition=2)
    (found,) = navigator.ask(2)
    (sent,), (back,) = prompts(ledger, "generate"), prompts(ledger, "repair")
    inside, outside = (small, large) if "within: below" in sent else (large, small)
    assert space.to_text(found.arch) == inside
    assert f"{outside}: params is " in back and f"{inside}: params" not in back
    lonely = made(space, None, [STRATEGY, json.dumps([outside])], partition=2)
    assert [space.to_text(c.arch) for c in lonely.ask(1)] == [outside]


def test_bands_are_quantiles_within_the_limits_and_follow_what_is_good(space) -> None:
    task = registry.create("tasks", "digits")
    limit = Constraint("params", at_most=12_000)
    bands = Bands(space, task, [limit], 0, measure="params", count=3)
    drawn = [bands.draw([], rng(0, "draw", i)) for i in range(40)]
    parts = {band.number: band for band in drawn}
    assert sorted(parts) == [0, 1, 2]
    scorer = registry.create("scorers", "params", space=space, task=task)
    sizes = {number: [scorer.score(arch).value for arch in band.samples] for number, band in parts.items()}
    assert max(sizes[0]) < min(sizes[1]) and max(sizes[1]) < min(sizes[2]) and max(sizes[2]) <= 12_000
    assert all(len(samples) >= 8 for samples in sizes.values())
    assert all(bands.fault(arch, parts[0]) is None for arch in parts[0].samples)
    assert "should be below" in (bands.fault(parts[2].samples[0], parts[0]) or "")
    good = parts[2].samples[:9]
    chosen = [bands.draw(good, rng(0, "draw", i)).number for i in range(60)]
    assert chosen.count(2) > 36 and set(chosen) == {0, 1, 2}  # chances are 10, 1 and 1 of 12


def test_a_measure_must_be_there_and_not_be_the_aim(space) -> None:
    task = registry.create("tasks", "digits")
    for name, says in (("energy_mj", "write partition=1"), ("short_train", "name another"), ("parms", "params")):
        with pytest.raises(RequestError, match=says):
            Bands(space, task, [], 0, measure=name, count=2).draw([], rng(0, "draw"))


BAD = ["", "no list here", '["unfinished', "[" * 5000, "\0\0", LLMFailed("down"), OSError("reset"), TimeoutError()]


@pytest.mark.parametrize("reply", BAD)
def test_a_failing_model_means_no_candidates_and_a_note(space, reply) -> None:
    navigator = made(space, ledger := Ledger(), [reply])
    for _ in range(2):
        assert navigator.ask(4) == []
    asked = [event["role"] for event in events(ledger)]
    if isinstance(reply, OSError):  # nobody there: not asked again
        assert asked == ["navigate"] and "asks it no more in this run" in (navigator.silent or "")
    else:
        assert asked == ["navigate", "generate", "generate"]  # one batch an ask, no more
    assert all(event["failure"] for event in events(ledger) if event["role"] == "generate")
    warnings = [event["text"] for event in ledger.read() if event["kind"] == "warning"]
    assert warnings and all("The chat model local failed: " in text for text in warnings)


def test_a_long_strategy_is_cut_and_a_failed_one_leaves_the_last(space, cells) -> None:
    replies = ["word\n" * 5000, json.dumps(cells[:1]), LLMFailed("down"), json.dumps(cells[1:2])]
    navigator = made(space, ledger := Ledger(), replies, batch=1)
    navigator.tell([measured(space, text, 0.3) for text in [c.arch and cells[9] for c in navigator.ask(1)]])
    assert [space.to_text(c.arch) for c in navigator.ask(1)] == [cells[1]]
    first, second = prompts(ledger, "generate")
    for text in (first, second):
        strategy = text.split("The strategy to follow:\n")[1].split("\n")[0]
        assert len(strategy) == 900 and strategy.endswith("…")


def test_a_fault_of_our_own_is_not_hidden(space) -> None:
    with pytest.raises(ZeroDivisionError):
        made(space, None, [ZeroDivisionError()]).ask(1)


def rounds(navigator, space) -> list:
    found = []
    for n in (3, 2, 4):
        asked = navigator.ask(n)
        assert len(asked) <= n
        found += asked
        navigator.tell([Trial(c, (Measurement("accuracy", len(c.arch.key) / 100 + len(found) / 50),)) for c in asked])
    return found


def test_a_run_that_goes_on_calls_no_model_twice(space, cells, tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    replies = [STRATEGY, json.dumps(cells[:3]), "Other.", "garbage", "More.", json.dumps(cells[3:9])]
    first = rounds(made(space, ledger := Ledger(path), replies, partition=2, batch=6), space)
    ledger.close()
    assert len(first) >= 3
    again = made(space, ledger := Ledger(path), [AssertionError("called again")], partition=2, batch=6)
    assert rounds(again, space) == first
    ledger.close()
    replayed = {"model": "replay", "model_options": {"path": str(path)}}
    archs = [c.arch for c in rounds(made(space, None, partition=2, batch=6, **replayed), space)]
    assert archs == [c.arch for c in first]


def test_a_small_model_gives_the_same_answers_again(space, tmp_path: Path) -> None:
    options = {"model_options": {"folder": str(write_tiny_chat(tmp_path))}, "batch": 3, "examples": 2, "repairs": 0}
    first, second, other = (rounds(made(space, None, seed=seed, **options), space) for seed in (1, 1, 2))
    assert len(first) >= 4 and first == second != other
    assert not any(space.problems(c.arch) for c in first)


def test_no_published_name_is_told_of_a_renamed_space(space, cells) -> None:
    probe = made(space, None, renamed=True)
    lines = [probe._wording.line(space.from_text(text)) for text in cells[:3]]
    navigator = made(space, ledger := Ledger(), [STRATEGY, json.dumps(lines)], renamed=True)
    broken = Trial(Candidate(space.cell((SKIP,) * 6), "elsewhere"), failure="none of skip_connect fits")
    navigator.tell([measured(space, (NONE,) * 5 + (SKIP,), 0.5), measured(space, (NONE,) * 5 + (CONV,), 0.625), broken])
    assert [space.to_text(c.arch) for c in navigator.ask(3)] == cells[:3]
    told = "\n".join(prompts(ledger, "navigate") + prompts(ledger, "generate")).replace(STRATEGY, "")
    assert "node 6 from op_" in told and "0.625" in told
    assert not any(word in told for word in ("conv", "skip_connect", "avg_pool", "Bench", "handwritten", "|"))


def past_run(path: Path, space, use: Use, *trials: Trial) -> None:
    """A ledger as a run writes it; the test figures are the wrong way round."""
    ledger = Ledger(path)
    ledger.append({"kind": "request", "id": "request", "request": {"task": wire.to_data(use)}})
    for trial in trials:
        key, accuracy = trial.candidate.arch.key, trial.measurements[0]
        about = {"kind": "candidate", "id": f"candidate {key}", "key": key}
        ledger.append(about | {"candidate": wire.to_data(trial.candidate)})
        for verb, made_ in (("score", accuracy), ("test", Measurement("test_accuracy", 1 - accuracy.value))):
            event = {"kind": "measurement", "id": f"{verb} x {key}", "key": key, "scorer": "train"}
            ledger.append(event | {"measurement": wire.to_data(made_)})
    ledger.close()


def test_what_served_on_similar_tasks_is_told_once_and_kept(space, cells, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    trials = [measured(space, text, value) for text, value in zip(cells, (0.91, 0.72, 0.83), strict=False)]
    past_run(runs / "digits/ledger.jsonl", space, Use("mnist"), *trials)
    past_run(runs / "photos/ledger.jsonl", space, Use("cifar10"), measured(space, cells[5], 0.64))
    past_run(runs / "gone/ledger.jsonl", space, Use("images", {"path": "/nowhere"}), measured(space, cells[6], 0.6))
    own = Ledger(runs / "own/ledger.jsonl")
    options = {"memory": [str(runs)], "batch": 2, "retrieval": 3}
    made(space, own, [STRATEGY, json.dumps(cells[10:12])], **options).ask(2)
    (asked,) = prompts(own, "navigate")
    told = asked.split("What served on similar tasks:\n")[1].split("\n\n")[0].splitlines()
    assert [line.partition(": ")[0] for line in told] == [cells[0], cells[2], cells[5]]
    assert told[0].startswith(f"{cells[0]}: accuracy 0.91 on Classify 28x28 grayscale images of handwritten digits")
    (event,) = events(own, "retrieval")
    assert len(event["left_out"]) == 1 and "gone" in event["left_out"][0]
    own.close()
    past_run(runs / "later/ledger.jsonl", space, Use("mnist"), measured(space, cells[7], 0.99))
    again = made(space, own := Ledger(runs / "own/ledger.jsonl"), [AssertionError("called again")], **options)
    assert len(again.ask(2)) == 2
    own.close()
    with pytest.raises(RequestError, match=r"holds no ledger\.jsonl"):
        made(space, None, [STRATEGY], memory=[str(tmp_path / "empty")]).ask(1)


def test_options_that_make_no_sense_are_refused(space) -> None:
    for option in ({"batch": 0}, {"partition": 0}, {"history": -1}):
        with pytest.raises(RequestError, match=r"navigator: the option \w+ cannot be"):
            made(space, **option)
