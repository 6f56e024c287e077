"""The verbs of genas.api as tools for a model: their arguments described, runs in one folder, a yes before spending."""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypedDict, get_type_hints

from pydantic import Field

from genas import api, catalogue
from genas.core import phrases, registry, wire
from genas.core.errors import RequestError
from genas.core.progress import Silence, Until
from genas.core.records import Request
from genas.faces.fence import Fence
from genas.faces.queue import PROCESS
from genas.reporting import outcome
from genas.run import account, trained
from genas.run.folders import slug

if TYPE_CHECKING:
    from genas.core.progress import Progress

Data = dict[str, Any]

LONGEST, MINUTES, LIGHT = 86_400.0, 600.0, 60.0  # seconds: of a design where nothing is said, of proposals, of reading

Kind = Annotated[str | None, Field(description="spaces, tasks, proposers, scorers, ...", max_length=200)]
Name = Annotated[str, Field(description="Name of a plug-in.", max_length=200)]
Sentence = Annotated[
    str, Field(description="What is wanted, in words: data, limits, what counts, budget.", max_length=api.LONGEST)
]
Llm = Annotated[
    str | None,
    Field(description='A chat model that proposes too: "local" or "provider:model".', max_length=500),
]
Known = Annotated[
    Data | None,
    Field(
        description=(
            "Fields of a request, which win over the sentence: task, space, objectives, constraints, device, budget, "
            'seed, proposers, scorers, refiners, validator. For example {"task": "digits", "seed": 1, "budget": '
            '"20 minutes", "constraints": [{"metric": "params", "at_most": 50000}], "proposers": ["uniform"]}.'
        )
    ),
]
Count = Annotated[int, Field(description="How many candidates.", ge=1, le=1000)]
Texts = Annotated[
    Sequence[Annotated[str, Field(max_length=10_000)]],
    Field(description="Architectures in the space's text form, as propose shows them.", min_length=1, max_length=1000),
]
Out = Annotated[
    str | None,
    Field(description="The run's folder, inside the root of all runs. Default: one that belongs to the request."),
]
Run = Annotated[str | None, Field(description="A run's folder inside the root of all runs. Default: the latest.")]
Key = Annotated[
    str,
    Field(description="The beginning of a network's key, as the run's report shows it.", min_length=1, max_length=100),
]
Time = Annotated[str, Field(description='How long to go on, in time: "5 minutes" or "90 s".', max_length=100)]
Limits = Annotated[
    list[Data] | None,
    Field(
        description=(
            "Other limits to ask the run about, in place of those on the same metrics, for example "
            '[{"metric": "latency_ms", "at_most": 10}]. Nothing new is measured.'
        )
    ),
]


class Reading(TypedDict):
    """How a sentence is read: for people, and as a record."""

    text: str
    plan: str
    request: Data


class Proposals(TypedDict):
    """Candidates, the most promising first; `texts` are their architectures in the space's own words."""

    texts: list[str]
    trials: list[Data]


class Outcome(TypedDict):
    """What a run found; `report.html`, `report.json`, `ledger.jsonl` and `winner/` lie in the folder."""

    text: str
    folder: str
    winner: Data | None
    references: list[Data]
    spent: Data


class Exported(TypedDict):
    """A network of a run as files that need no genas."""

    text: str
    files: str


class Trained(TypedDict):
    """A network of a run, trained further: the task's metric on validation before and after, and on the test split."""

    text: str
    files: str
    before: Data
    after: Data
    test: Data


class Verbs:
    """Each method is the function of genas.api with that name; `report` reads what `design` left behind.

    Faces call them by `call`, which lets one long verb of the process work at a time.

    Args:
        root: the folder below which runs are written and read; no other is touched.
        data: folders in which requests may name files, beside the root.
        longest: seconds that a design or a further training may have; all else has minutes.
        progress: told about each stage and step.
        approve: shown what `design` or `train_further` is about to do and what it may cost; where it says no, nothing
            is spent. None asks nobody.
        waiting: called several times a second while a long verb waits for its turn; what it raises ends the wait.
    """

    def __init__(
        self,
        root: Path,
        *,
        data: Sequence[Path] = (),
        longest: float = LONGEST,
        progress: Progress | None = None,
        approve: Callable[[str], bool] | None = None,
        waiting: Callable[[], None] = lambda: None,
    ) -> None:
        self._root, self._longest = root.expanduser().resolve(), longest
        self._progress, self._approve, self._waiting = progress or Silence(), approve, waiting
        self._fence = Fence([self._root, *data])
        self.working = False  # whether a long verb is at work

    def call(self, name: str, /, **arguments: Any) -> Any:
        """What the verb of that name gives; a long one waits until no other of this process is at work."""
        verb = getattr(self, name)
        if name not in LONG:
            return verb(**arguments)
        with PROCESS.turn(self._waiting):
            self.working = True
            try:
                return verb(**arguments)
            finally:
                self.working = False

    def plugins(self, kind: Kind = None) -> dict[str, dict[str, str]]:
        """List the plug-ins of one kind or of all: per kind, name to first line."""
        return catalogue.plugins(kind)

    def explain(self, name: Name) -> str:
        """Say what a plug-in is, where it comes from and which options it takes."""
        return catalogue.explain(name)

    def interpret(self, sentence: Sentence = "", llm: Llm = None, known: Known = None) -> Reading:
        """Read a sentence into a full request, defaults filled in; a dry run: nothing is trained or written."""
        request = self._read(sentence, llm, known)
        return Reading(text=outcome.block(request), plan=account.outline(request), request=wire.to_data(request))

    def propose(self, sentence: Sentence = "", n: Count = 20, llm: Llm = None, known: Known = None) -> Proposals:
        """Propose architectures that keep the limits, with their cheap scores; nothing is trained or written."""
        request = self._read(sentence, llm, known)
        with self._fence.within():
            trials = api.propose(request, n, progress=self._until(MINUTES))
        space = registry.create("spaces", request.space)
        return Proposals(
            texts=[space.to_text(t.candidate.arch) for t in trials], trials=[wire.to_data(t) for t in trials]
        )

    def score(self, sentence: Sentence = "", texts: Texts = (), llm: Llm = None, known: Known = None) -> list[Data]:
        """Give the cheap scores of architectures that are written out, in that order; nothing is trained or written."""
        request = self._read(sentence, llm, known)
        with self._fence.within():
            trials = api.score(request, list(texts), progress=self._until(MINUTES))
        return [wire.to_data(trial) for trial in trials]

    def design(self, sentence: Sentence = "", llm: Llm = None, known: Known = None, out: Out = None) -> Outcome:
        """Design, train, test and export a network: a long job with progress, which may be cancelled.

        The same call made again goes on with a stopped run, and returns a finished one.
        """
        request = self._read(sentence, llm, known)
        folder = self._inside(default_name(request) if out is None else out)
        self._affordable(request.budget.seconds)
        self._ask(f"{outcome.block(request)}\n\n{account.outline(request)}", "this design")
        with self._fence.within():
            report = api.design(request, out=folder, progress=self._until(self._longest))
        return Outcome(
            text=report.text,
            folder=str(folder),
            winner=None if report.winner is None else wire.to_data(report.winner),
            references=[wire.to_data(t) for t in report.references],
            spent=wire.to_data(report.spent),
        )

    def report(self, out: Run = None, limits: Limits = None) -> str:
        """Read a run: its winner and why, the runners-up, references, costs; and which network other limits choose."""
        changed = wire.partial({"constraints": limits or []})["constraints"]
        return api.report(self._run(out), changed)

    def export_network(self, key: Key, run: Run = None) -> Exported:
        """Write any network that a run trained, even one that lost, as files that need no genas; in the run folder."""
        with self._fence.within():
            files = api.export_network(self._run(run), key)
        return Exported(text=f"The network is in {files}.", files=str(files))

    def train_further(self, key: Key, budget: Time, run: Run = None) -> Trained:
        """Go on training a network of a run from where the run left it, then test and export it: a long job.

        It may be cancelled; the same call made again goes on. The run itself is left as it is.
        """
        folder = self._run(run)
        found, seconds = trained.find(folder, key), phrases.parse_budget(budget).seconds
        self._affordable(seconds)
        if seconds is not None:  # else it is refused in any case
            name = outcome.short(found.candidate.key)
            self._ask(f"Train {name} of {folder} further, for {outcome.duration(seconds)}.", "this training")
        with self._fence.within():
            told = api.train_further(folder, found.candidate.key, budget, progress=self._until(self._longest))
        metric = told.after.metric
        before, after = (outcome.number(metric, m.value) for m in (told.before, told.after))
        return Trained(
            text=f"Validation {outcome.label(metric)} {before} before, {after} after. Test {outcome.label(metric)} "
            f"{outcome.measured_text(told.test)}. The network is in {told.folder}.",
            files=str(told.folder),
            before=wire.to_data(told.before),
            after=wire.to_data(told.after),
            test=wire.to_data(told.test),
        )

    def _read(self, sentence: str, llm: str | None, known: Data | None) -> Request:
        goal, fields = wire.entry(known or {})
        return self._fence.read(lambda: api.interpret(sentence or goal, llm=llm, **fields))

    def _until(self, seconds: float) -> Progress:
        text = f"This took longer than {outcome.duration(seconds)}, which is the most that a tool call may take here. "
        return Until(self._progress, seconds, text + "A design goes on by the same call; of all else, ask for less.")

    def _affordable(self, seconds: float | None) -> None:
        if seconds is not None and seconds > self._longest:
            most = outcome.duration(self._longest)
            raise RequestError(f"A tool call may have a budget of at most {most} here. Write a smaller one.")

    def _ask(self, plan: str, what: str) -> None:
        if self._approve is not None and not self._approve(plan):
            raise RequestError(f"The user said no to {what}. Nothing was spent. Ask what to change.")

    def _run(self, name: str | None) -> Path:
        return self._latest() if name is None else self._inside(name)

    def _latest(self) -> Path:
        ledgers = sorted(self._root.glob("*/ledger.jsonl"), key=lambda path: path.stat().st_mtime)
        if not ledgers:
            raise RequestError(f"There is no run in {self._root} yet. Call design first, or name a folder.")
        return ledgers[-1].parent

    def _inside(self, name: str) -> Path:
        """The folder of that name, or RequestError for one outside the root."""
        advice = "Name a folder such as 'digits-1', or leave `out` away."
        try:
            folder = (self._root / name).resolve()
        except (OSError, ValueError) as error:
            raise RequestError(f"{name[:80]!r} can be no folder: {error}. {advice}") from error
        if folder == self._root or not folder.is_relative_to(self._root):
            raise RequestError(f"Runs lie inside the root folder {self._root} only, not in {name!r}. {advice}")
        return folder


def default_name(request: Request) -> str:
    """The folder's name of a request that names none: the same for the same request, so that it goes on."""
    text = json.dumps(wire.to_data(request), sort_keys=True)
    return f"{slug(request.goal) or 'run'}-{hashlib.blake2b(text.encode(), digest_size=4).hexdigest()}"


def signature(verb: Callable[..., Any]) -> inspect.Signature:
    """The arguments of a verb with their descriptions, as tool schemas are made from; annotations resolved."""
    hints = get_type_hints(verb, include_extras=True)
    given = [p for p in inspect.signature(verb).parameters.values() if p.name != "self"]
    return inspect.Signature([p.replace(annotation=hints[p.name]) for p in given], return_annotation=hints["return"])


READING = ("plugins", "explain", "interpret", "propose", "score", "report")  # verbs that leave nothing behind
WRITING = ("design", "export_network", "train_further")
LONG = ("propose", "score", *WRITING)  # they take turns
