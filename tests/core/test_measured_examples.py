"""Sources of measured architectures that can't be what was meant are refused in words."""

from pathlib import Path

import pytest

from genas.core import registry, wire
from genas.core.errors import RequestError
from genas.core.examples import examples
from genas.core.ledger import Ledger
from genas.core.records import Candidate, Measurement, Use
from genas.core.rng import rng


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("sample=abc", "sample must be a whole number of at least 1, not 'abc'"),
        ("sample=0", "sample must be"),
        ("seed=-1", "seed must be a whole number of at least 0"),
        ("seed=true", "seed must be"),
        ("sample=1,devices=3", "3"),
    ],
)
def test_options_of_a_table_are_checked(options: str, words: str) -> None:
    with pytest.raises(RequestError, match=words):
        examples(registry.create("spaces", "nasbench201"), [f"table:nasbench201:{options}"])


def test_what_failed_is_as_bad_as_the_worst_that_was_measured(tmp_path: Path) -> None:
    space = registry.create("spaces", "conv_net")
    archs = [space.sample(rng(0, "examples", number)) for number in range(3)]
    ledger = Ledger(tmp_path / "ledger.jsonl")
    ledger.append({"kind": "request", "id": "request", "request": {"task": wire.to_data(Use("digits"))}})
    for number, arch in enumerate(archs):
        candidate = Candidate(arch, "uniform")
        ledger.append({"kind": "candidate", "id": f"candidate {number}", "key": candidate.key,
                       "candidate": wire.to_data(candidate)})  # fmt: skip
        event = {"kind": "measurement", "id": f"measured {number}", "key": candidate.key, "scorer": "flywheel"}
        value = Measurement("accuracy", 0.5 + number / 10, 20.0)
        told = {"failure": "too slow"} if number == 2 else {"measurement": wire.to_data(value)}
        ledger.append(event | told)
    found = {example.arch.key: example.merit for example in examples(space, [str(tmp_path / "ledger.jsonl")])}
    assert [found[arch.key] for arch in archs] == [0.5, 0.6, 0.5]
