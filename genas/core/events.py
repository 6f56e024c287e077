"""The kinds of events in a ledger and the keys of each, checked whenever one is written or read."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal, Self

from annotated_types import Ge, Gt, Le
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, field_validator, model_validator

from genas.core import wire
from genas.core.errors import GenasError
from genas.core.records import Candidate, Measurement, Rival

_Count = Annotated[int, Ge(0), Le(10**9)]
_Amount = Annotated[float, Ge(0), Le(1e15)]  # of seconds, or of examples that a network sees
_Name = Annotated[str, Field(pattern=r"^[\w .+-]{0,200}$")]  # becomes a part of a file's name in the store
_CLOSED = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class _Event(BaseModel):
    """Common to all: an id that is unique in the ledger, and in the first event the ledger's format."""

    model_config = _CLOSED

    format: int | None = None
    id: Annotated[str, Field(min_length=1)]


class _Request(_Event):
    """What is wanted; a ledger of measurements alone may name the task only."""

    kind: Literal["request"]
    request: dict[str, Any]

    @field_validator("request")
    @classmethod
    def _known(cls, fields: dict[str, Any]) -> dict[str, Any]:
        wire.partial(fields)
        if "task" not in fields:
            raise ValueError("it names no task")
        return fields


class _Data(_Event):
    """What the run reads, part by part (`genas.core.identity`)."""

    kind: Literal["data"]
    parts: dict[str, str]


class _Plan(_Event):
    kind: Literal["plan"]
    plan: dict[Literal["proposals", "trials", "finalists"], _Count]


class _PlannedRung(BaseModel):
    model_config = _CLOSED

    keep: _Count
    new: _Count
    each: _Amount


class _Planned(BaseModel):
    """`genas.run.schedule.Schedule`."""

    model_config = _CLOSED

    unit: Literal["seconds", "examples"]
    rungs: list[_PlannedRung]
    final: Annotated[float, Gt(0), Le(1e15)]
    workers: Annotated[int, Ge(1), Le(10_000)] = 1
    slowest: _Amount | None = None
    precision: str = ""


class _Schedule(_Event):
    kind: Literal["schedule"]
    schedule: _Planned
    clock: _Amount


class _Warning(_Event):
    kind: Literal["warning"]
    text: str


class _Rivals(_Event):
    kind: Literal["rivals"]
    rivals: list[Rival]


class _Candidate(_Event):
    kind: Literal["candidate"]
    key: _Name
    candidate: Candidate

    @model_validator(mode="after")
    def _its_own(self) -> Self:
        arch = self.candidate.arch
        if any(not 0 <= source < target < len(arch.ops) for source, target in arch.edges):
            raise ValueError("an edge leads to no node")
        if self.key != self.candidate.key:
            raise ValueError(f"the key is not that of the candidate, {self.candidate.key}")
        return self


class _Outcome(_Event):
    """The outcome of some work. A key without a value is left out, so that a key that is there has one."""

    @model_validator(mode="after")
    def _told(self) -> Self:
        if empty := sorted(name for name in self.model_fields_set if getattr(self, name) is None):
            raise ValueError(f"{empty[0]} has no value")
        return self


class _Measurement(_Outcome):
    """A figure, or why there is none. A race adds where the training stood."""

    kind: Literal["measurement"]
    key: _Name
    scorer: str
    measurement: Measurement | None = None
    failure: str | None = None
    loss: float | None = None
    slope: float | None = None
    seen: int | None = None
    leg: _Name | None = None
    clock: float | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.measurement is None) == (self.failure is None):
            raise ValueError("it needs either a measurement or a failure")
        return self


class _Entrant(BaseModel):
    """Who is trained in a rung (with the rung it joined on), or to the end (with its share of what is left)."""

    model_config = _CLOSED

    key: _Name
    parent: _Name
    joined: _Count | None = None
    share: _Amount | None = None
    rate: _Amount | None = None


class _Rung(_Event):
    """A decision of a race: who runs in a rung, who is a finalist, or how a final is trained."""

    kind: Literal["rung"]
    clock: _Amount
    entrants: list[_Entrant] | None = None
    tests: _Amount | None = None
    each: _Amount | None = None
    threads: Annotated[int, Ge(1), Le(10_000)] | None = None
    precision: str | None = None
    examples: _Count | None = None
    growing: bool | None = None
    learning_rate: _Amount | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        """Check that the decision has all its keys; `threads` may be None, which means all of them."""
        if self.id.startswith("final "):
            needed = {"each", "precision", "examples", "growing", "learning_rate"}
        elif self.id == "finalists":
            needed = {"entrants", "tests"}
        else:
            needed = {"entrants"}
        if missing := sorted(name for name in needed if getattr(self, name) is None):
            raise ValueError(f"{missing[0]} is missing")
        of_each = {"share", "rate"} if self.id == "finalists" else {"joined"}
        if any(getattr(entrant, name) is None for entrant in self.entrants or () for name in of_each):
            raise ValueError(f"an entrant lacks {' or '.join(sorted(of_each))}")
        return self


class _Completion(_Outcome):
    """A call of a chat model."""

    kind: Literal["completion"]
    model: str
    by: str
    role: str
    seed: int
    prompt: str
    reply: str | None = None
    tokens: int | None = None
    failure: str | None = None
    out_of_reach: bool | None = None
    seconds: float


class _Asked(_Event):
    """How many candidates a study asked for, and which it got."""

    kind: Literal["asked"]
    n: _Count
    keys: list[_Name]


class _Told(_Event):
    """Which candidates' figures, themselves in the ledger, a study's refiner was told."""

    kind: Literal["told"]
    keys: list[_Name]


class _Retrieval(_Event):
    """What was found in earlier runs."""

    kind: Literal["retrieval"]
    found: list[dict[str, Any]]
    left_out: list[str]


class _Report(_Event):
    """The digest of report.json as the run wrote it."""

    kind: Literal["report"]
    digest: str


_Kinds = (
    _Request | _Data | _Plan | _Schedule | _Warning | _Rivals | _Candidate | _Measurement | _Rung | _Completion
    | _Retrieval | _Report | _Asked | _Told
)  # fmt: skip
_ANY: TypeAdapter[Any] = TypeAdapter(Annotated[_Kinds, Field(discriminator="kind")])


def check(event: object) -> None:
    """Check that plain values are an event.

    Raises:
        ValueError: its kind is unknown, a key is missing, unknown or of another type; the message names each.
    """
    try:
        # Lone surrogates, as of names of files that are no UTF-8, are no text to pydantic.
        _ANY.validate_json(json.dumps(event, ensure_ascii=False, allow_nan=False).encode(errors="replace"))
    except ValidationError as error:
        wrong = [f"{'.'.join(map(str, e['loc'][1:]))}: {e['msg']}".removeprefix(": ") for e in error.errors()]
        raise ValueError("; ".join(wrong[:4])) from error
    except GenasError as error:
        raise ValueError(str(error)) from error
