"""The training loop: learns, repeats itself, is continued to the same end, and reports divergence as a failure."""

from __future__ import annotations

import copy
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from genas.core import clock, registry
from genas.core.building import build
from genas.core.errors import ScoreFailed
from genas.core.interfaces import Task
from genas.core.records import Use
from genas.training import loop
from genas.training.judging import judge
from genas.training.leg import Leg
from genas.training.loop import Training, train
from genas.training.recipe import Recipe

TASK: Task = registry.create("tasks", "digits")
SMALL = "full stem8 s1 relu mean | residual k3 d1 w8 | plain k3 d1 w16"
EVERYTHING = Recipe(shift=0.12, cutout=0.25, mix=0.4)
FIRST, SECOND = Leg("first", examples=640), Leg("second", examples=640, decay=True)


class Killed(Exception):
    """In the place of a signal."""


def network(text: str = SMALL, seed: int = 0) -> nn.Module:
    space = registry.create("spaces", "conv_net")
    return build(space, space.from_text(text), TASK, seed)


def training(net: nn.Module | None = None, recipe: Recipe = EVERYTHING, *, seed: int = 1, **more: object) -> Training:
    options = {"limit": 256, **more}
    return Training(network() if net is None else net, TASK, recipe, seed=seed, **options)  # type: ignore[arg-type]


def both_legs(made: Training, **more: object) -> Training:
    for leg in (FIRST, SECOND):
        made.advance(leg, points=4, **more)  # type: ignore[arg-type]
    return made


def same(a: Training, b: Training) -> bool:
    mine, its = a.weights(), b.weights()
    return (a.curve, a.steps, a.examples, a.done) == (b.curve, b.steps, b.examples, b.done) and all(
        torch.equal(mine[name], its[name]) for name in mine
    )


def test_same_seed_same_weights_and_the_random_state_is_left_alone() -> None:
    torch.manual_seed(123)
    before = torch.get_rng_state()
    first, again = (both_legs(training()) for _ in range(2))
    assert same(first, again)
    assert torch.equal(before, torch.get_rng_state())
    assert not same(first, both_legs(training(seed=2)))


def test_it_learns_and_hands_over_the_weights_that_were_judged() -> None:
    made = training(recipe=Recipe(), limit=None)
    done = train(made, 10)
    assert done.value > 0.9
    assert len(made.curve) == 10
    assert made.curve[-1] == (made.examples, done.value, done.loss)
    fresh = network(seed=5)
    fresh.load_state_dict(made.weights())
    again = judge(fresh, TASK, TASK.data("val"), torch.device("cpu"))
    assert (again.value, again.loss) == (done.value, pytest.approx(done.loss, abs=1e-6))


KILLED = """
import os, signal, sys
from pathlib import Path

sys.path.insert(0, sys.argv[1])
import test_loop
from genas.training import loop


def on_progress(share):  # the state is written after each step of the leg's first half, and no more then
    loop._SAVED = -1.0 if share < 0.4 else 1e9
    if share > 0.7:
        os.kill(os.getpid(), signal.SIGKILL)


made = test_loop.training(checkpoint=Path(sys.argv[2]))
made.advance(test_loop.FIRST, points=4)
made.advance(test_loop.SECOND, points=4, on_progress=on_progress)
"""


@pytest.mark.slow
def test_a_killed_training_goes_on_from_its_checkpoint_to_the_same_end(tmp_path: Path) -> None:
    path = tmp_path / "store" / "checkpoint"
    command = [sys.executable, "-c", KILLED, str(Path(__file__).parent), str(path)]
    assert subprocess.run(command, check=False, timeout=120).returncode == -signal.SIGKILL
    rest = training(network(seed=9), checkpoint=path)
    assert rest.done.keys() == {"first"}
    assert FIRST.examples < rest.examples < FIRST.examples + 0.6 * SECOND.examples  # type: ignore[operator]
    assert same(both_legs(rest), both_legs(training()))
    assert [p.name for p in path.parent.iterdir()] == ["checkpoint"]


def test_wherever_it_is_stopped_the_end_and_the_curve_are_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = both_legs(training())
    monkeypatch.setattr(loop, "_SAVED", -1.0)  # after every step
    for stop in range(1, whole.steps, 3):
        path = tmp_path / f"{stop}"
        made = training(checkpoint=path)

        def kill(_: float, made: Training = made, stop: int = stop) -> None:
            if made.steps == stop:
                raise Killed

        with pytest.raises(Killed):
            both_legs(made, on_progress=kill)
        rest = training(network(seed=9), checkpoint=path)
        assert rest.steps == stop
        assert same(both_legs(rest), whole), f"stopped after {stop} steps"


def test_a_leg_that_is_done_is_not_made_again(tmp_path: Path) -> None:
    made = training(checkpoint=tmp_path / "checkpoint")
    found = made.advance(FIRST)
    steps, curve = made.steps, list(made.curve)
    assert made.advance(FIRST) == found
    again = training(network(seed=9), checkpoint=tmp_path / "checkpoint")
    assert again.advance(FIRST) == found
    assert {(t.steps, tuple(t.curve)) for t in (made, again)} == {(steps, tuple(curve))}
    assert again.advance(Leg("another", examples=64)) != found
    assert again.steps == steps + 1


class Broken(nn.Module):
    """Raises, or has an infinite output."""

    def __init__(self, error: Exception | None = None) -> None:
        super().__init__()
        self.weight, self.error = nn.Parameter(torch.ones(10)), error

    def forward(self, x: Tensor) -> Tensor:
        if self.error is not None and self.training:
            raise self.error
        return x.flatten(1).sum(1, keepdim=True) * self.weight / 0.0


def test_divergence_is_a_failed_score() -> None:
    with pytest.raises(ScoreFailed, match="loss became nan after 0 examples"):
        training(Broken()).advance(FIRST)


def test_too_little_memory_is_a_failed_score_that_says_what_helps() -> None:
    with pytest.raises(ScoreFailed, match="smaller batch_size"):
        training(Broken(torch.OutOfMemoryError("no"))).advance(FIRST)


def test_the_rate_rises_then_stays_and_falls_to_zero_in_the_last_leg() -> None:
    made = training(recipe=Recipe(learning_rate=1e-3, batch_size=16))
    rates: list[float] = []

    def note(_: float) -> None:
        rates.append(made.optimizers[-1].param_groups[0]["lr"])

    made.advance(Leg("flat", examples=16 * 60), on_progress=note)
    made.advance(Leg("final", examples=16 * 50, decay=True), on_progress=note)
    assert rates[:40] == pytest.approx([1e-3 * (i + 1) / 40 for i in range(40)])
    assert rates[40:60] == pytest.approx([1e-3] * 20)
    assert rates[60:] == pytest.approx([1e-3 * (1 - i / 50) for i in range(50)])
    assert rates[-1] == pytest.approx(1e-3 / 50), "the next step would have rate zero"


def test_the_judged_weights_are_an_average_over_about_the_last_tenth_of_the_steps() -> None:
    made, seen = training(), []
    for step in range(60):
        made.advance(Leg(f"{step}", examples=64))
        seen.append(made.network.get_parameter("head.weight").detach().clone())
    shares = torch.tensor([float(torch.arange(i, i + 8).double().prod()) for i in range(1, 61)], dtype=torch.float64)
    shares /= shares.sum()
    wanted = (torch.stack(seen).double() * shares[:, None, None]).sum(0)
    assert made.weights()["head.weight"].double() == pytest.approx(wanted, abs=1e-6)
    age = float((shares * torch.arange(59, -1, -1)).sum())
    assert age / 60 == pytest.approx(0.1, abs=0.02)


def test_after_one_step_the_average_is_the_network() -> None:
    made = training()
    made.advance(Leg("one", examples=64))
    weights = made.weights()
    assert all(torch.equal(value, weights[name]) for name, value in made.network.named_parameters())


def test_averaged_weights_are_judged_with_batch_statistics_of_their_own() -> None:
    made = training(recipe=Recipe(learning_rate=0.03, batch_size=16))
    good = made.advance(Leg("short", examples=16 * 20))
    lagging = copy.deepcopy(made.averaged)
    for own, other in zip(lagging.buffers(), made.network.buffers(), strict=True):
        own.copy_(other)
    assert good.loss < judge(lagging, TASK, TASK.data("val"), torch.device("cpu")).loss
    assert made.judge() == good, "judging again changes nothing"


class Clock:
    """Time that only passes where it is told to."""

    def __init__(self) -> None:
        self.moment = 100.0

    def now(self) -> float:
        return self.moment


class Slow(nn.Module):
    """Each step takes a second."""

    def __init__(self, time: Clock) -> None:
        super().__init__()
        self.layer, self.time = nn.Linear(64, 10), [time]

    def forward(self, x: Tensor) -> Tensor:
        self.time[0].moment += self.training
        return self.layer(x.flatten(1))  # type: ignore[no-any-return]

    def __deepcopy__(self, memo: dict[int, object]) -> Slow:
        other = Slow(self.time[0])
        other.load_state_dict(self.state_dict())
        return other


def test_a_leg_in_seconds_stops_in_time_and_time_between_does_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    time, path = Clock(), tmp_path / "checkpoint"
    monkeypatch.setattr(clock, "now", time.now)
    monkeypatch.setattr(loop, "_SAVED", 0.5)  # after every step

    def kill(share: float) -> None:
        if share >= 0.3:
            raise Killed

    made, leg = training(Slow(time), checkpoint=path), Leg("some", seconds=10)
    with pytest.raises(Killed):
        made.advance(leg, on_progress=kill)
    time.moment += 1000
    rest = training(Slow(time), checkpoint=path)
    assert (rest.steps, rest.seconds) == (4, 4.0)
    rest.advance(leg)
    assert (rest.steps, rest.seconds, rest.leg_seconds) == (10, 10.0, 10.0)
    time.moment += 1000
    rest.advance(Leg("more", seconds=2.5))
    assert (rest.steps, rest.seconds, rest.leg_seconds) == (13, 13.0, 3.0)


def test_the_rate_falls_to_zero_over_seconds_too(monkeypatch: pytest.MonkeyPatch) -> None:
    time = Clock()
    monkeypatch.setattr(clock, "now", time.now)
    made, rates = training(Slow(time)), []
    made.advance(Leg("flat", seconds=40))

    def note(_: float) -> None:
        rates.append(made.optimizers[-1].param_groups[0]["lr"])

    made.advance(Leg("final", seconds=5, decay=True), on_progress=note)
    assert rates == pytest.approx([EVERYTHING.learning_rate * share for share in (1.0, 0.8, 0.6, 0.4, 0.2)])


def dropping() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 32), nn.ReLU(), nn.Dropout(0.5), nn.Linear(32, 10))


def test_dropout_repeats_itself_and_leaves_the_random_state_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, again = training(dropping()), training(dropping())
    torch.manual_seed(123)
    before = torch.get_rng_state()
    both_legs(first)
    assert torch.equal(before, torch.get_rng_state())
    torch.rand(7)
    assert same(first, both_legs(again))
    other = both_legs(training(dropping(), seed=2))
    assert not same(first, other)
    still = dropping()
    still[3] = nn.Identity()  # type: ignore[operator]
    assert not same(first, both_legs(training(still)))


class Watching(nn.Module):
    """Notes the images of each training step."""

    def __init__(self, seen: list[Tensor]) -> None:
        super().__init__()
        self.layer, self.seen = nn.Linear(64, 10), (seen,)

    def forward(self, x: Tensor) -> Tensor:
        if self.training:
            self.seen[0].append(x.detach().flatten(1).clone())
        return self.layer(x.flatten(1))  # type: ignore[no-any-return]


def test_a_limit_takes_the_same_part_of_the_examples_in_every_training() -> None:
    parts = []
    for seed in (1, 2):
        seen: list[Tensor] = []
        made = training(Watching(seen), Recipe(shift=0.0), seed=seed, limit=96)
        assert made.size == 96
        made.advance(Leg("some", examples=640))
        parts.append({tuple(row) for row in torch.cat(seen).tolist()})
    assert parts[0] == parts[1]
    assert len(parts[0]) == 96
    assert training(limit=None).size == training(limit=10**6).size == len(TASK.data("train").labels)


def test_each_pass_takes_every_example_once_in_an_order_of_its_own() -> None:
    seen: list[Tensor] = []
    made = training(Watching(seen), Recipe(batch_size=32, shift=0.0), limit=96)
    made.advance(Leg("two passes", examples=192))
    first, second = torch.cat(seen[:3]), torch.cat(seen[3:])
    assert len({tuple(row) for row in first.tolist()}) == 96
    assert {tuple(row) for row in first.tolist()} == {tuple(row) for row in second.tolist()}
    assert not torch.equal(first, second)


@pytest.mark.parametrize("examples", [1, 32, 64, 65, 128, 320])
def test_trainings_of_few_steps_end(examples: int) -> None:
    made = training(nn.Sequential(nn.Flatten(), nn.Linear(64, 10)), limit=examples)
    train(made, 1)
    assert made.steps >= 1
    assert made.done["final"][0] == made.curve[-1][1]


def test_what_a_task_forbids_is_taken_out_of_the_recipe() -> None:
    assert training(recipe=Recipe(flips="turns")).recipe.flips == "none", "a digit is not to be turned"


def test_a_leg_may_have_a_rate_of_its_own() -> None:
    rates = []
    for rate in (None, 0.02):
        made = training()
        made.warm = 1
        made.advance(Leg("flat", examples=128, rate=rate))
        rates.append(made.optimizers[0].param_groups[0]["lr"])
    assert rates == [made.recipe.learning_rate, 0.02]
    assert made.recipe.learning_rate != 0.02


def test_half_precision_trains() -> None:
    assert 0 <= training(precision="bfloat16").advance(FIRST).value <= 1


def test_images_grow_within_a_leg_that_says_so() -> None:
    large: Task = registry.create("tasks", Use("mnist", {"limit": 256}))
    space = registry.create("spaces", "conv_net")

    def sides(text: str, leg: Leg) -> list[int]:
        seen: list[int] = []
        net = build(space, space.from_text(text), large, 0)
        made = Training(net, large, Recipe(), limit=256)
        net.stem.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].shape[3]))  # type: ignore[operator, union-attr]
        made.advance(leg)
        return seen

    final = Leg("final", examples=64 * 20, decay=True, growing=True)
    assert set(sides(SMALL, replace(final, growing=False))) == {28}
    seen = sides(SMALL, final)
    assert seen == sorted(seen) and seen.count(28) >= 8
    assert set(seen) == {16, 20, 28}, "16 at least, then three quarters rounded to an even number"
    assert set(sides(SMALL.replace("s1", "s2"), final)) == {28}, "its stem leaves 14 already"
