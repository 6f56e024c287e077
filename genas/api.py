"""The public verbs: what the command line, a service and an agent are skins over.

Their examples are one session, in a folder that holds `wine.csv`: 178 wines of three growers. The tests run it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genas import catalogue, defaults
from genas.core import phrases, registry, wire
from genas.core.errors import GenasError, RequestError
from genas.core.records import Architecture, BatchRow, Constraint, Report, Request, Trial, Use
from genas.run.folders import default_folder, slug

if TYPE_CHECKING:
    from genas.core.progress import Progress
    from genas.export.answers import Answers, Numbers
    from genas.learners._loop import Progress as FitProgress
    from genas.run.designer import Designer
    from genas.run.trained import Further


BESIDE = ("interpreter", "llm")  # keys of a request file or a batch that say who reads and who is asked
LONGEST = 20_000  # characters of a sentence
MOST = 10_000  # candidates proposed at once


def interpret(sentence: str = "", *, interpreter: str | Use = "exact", llm: str | None = None, **known: Any) -> Request:
    """Read a sentence into a full request, defaults filled in; nothing is run.

    Args:
        sentence: what is wanted, in words.
        interpreter: who reads it: a name, or with options, as Use("chat", {"llm": "openai:MODEL"}).
        llm: the chat model of the run, whoever reads: "local", or "provider:model" as LangChain's `init_chat_model`
            names it, with "@http://..." behind for a server of one's own. Proposers and refiners that ask a chat model
            and name none ask this one; where there are none, it proposes too.
        known: fields of Request that are already known (records or plain values); they win over the sentence.

    Raises:
        RequestError: something is missing, unclear or contradicts itself; the message says what to write.

    >>> import genas
    >>> request = genas.interpret(
    ...     "Predict target in wine.csv under 5k parameters, 2 trials",
    ...     proposers=["uniform"],
    ...     scorers=["params"],
    ...     validator=genas.Use("train", {"epochs": 2}),
    ...     device="cpu",
    ... )
    >>> request.task.name, request.space.name, request.budget.trials, str(request.constraints[0])
    ('tabular', 'mlp', 2, 'params <= 4999')
    """
    sentence = wire.text("The sentence", sentence, LONGEST)
    reader = interpreter if isinstance(interpreter, Use) else wire.reader_of(interpreter, LONGEST)
    model = None if llm is None else wire.text("llm", llm, LONGEST)
    request: Request = registry.create("interpreters", reader).read(sentence, **_fields(known))
    whole = wire.checked(defaults.with_model(defaults.filled(request), model))
    catalogue.check(whole)
    return whole


def _fields(known: dict[str, Any]) -> dict[str, Any]:
    """Fields of a Request as records; those that are None are not known, and x and y are a task."""
    if not known.keys().isdisjoint(("x", "y")):
        from genas.run.dataset import of_fields

        known = of_fields(known)
    return wire.partial({key: value for key, value in known.items() if value is not None})


def _read(request: str | Request, known: dict[str, Any]) -> Request:
    """The request of a sentence, or one that was read before, with the fields that are known."""
    if isinstance(request, str):
        return interpret(request, **known)
    return wire.checked(replace(wire.checked(request), **_fields(known)))


def design(
    request: str | Request,
    *,
    out: str | Path | None = None,
    progress: Progress | None = None,
    executor: str | Use | None = None,
    **known: Any,
) -> Report:
    """Design, train, test and export a network.

    Args:
        request: a sentence, or a request that `interpret` made.
        out: the run's folder; the same folder and request go on with a stopped run. Default `runs/<time>-<slug>`.
        progress: told about each stage and step.
        executor: where trainings run, as "serial", "threads:4", "processes:4" or "ray:ADDRESS" (see
            `genas.core.phrases.parse_executor`); None is one thread for each core where images are trained on a CPU,
            else "serial". A stopped run may go on with another. With a budget in trials the answer is the same where
            each training has as many threads.
        known: fields of Request that win over the sentence or the request's own (seed=1, device="cuda",
            budget="10 minutes"); or `x` and `y`, data in memory (see `genas.dataset`), in place of a task.

    Returns:
        The report; `report.html`, `report.json`, `ledger.jsonl` and `winner/` lie in the folder.

    Raises:
        RequestError: the request can't be read or can't be met.

    >>> report = genas.design(request, out="runs/wine")
    >>> report.winner.value("params") < 5000
    True
    >>> sorted(path.name for path in Path("runs/wine").iterdir())
    ['ledger.jsonl', 'report.html', 'report.json', 'store', 'winner']
    """
    from genas.reporting.page import write
    from genas.run import account

    request = _read(request, known)
    folder = Path(out) if out is not None else default_folder(request.goal)
    with _designing(request, folder, {}, progress, executor) as designer:
        report = designer.run()
        designer.export(folder / "winner")
        write(report, folder, events=list(designer.ledger.read()))
        account.seal(folder, designer.ledger)
    return report


def check(
    request: str | Request, *, out: str | Path | None = None, executor: str | Use | None = None, **known: Any
) -> None:
    """Find what `design` would find wrong before it trains: plug-ins, options, the data, the budget, the folder.

    The data are read and, where seconds count, one network is timed; nothing is written.

    Raises:
        GenasError: what `design` would raise.

    >>> check("Predict target in beer.csv, 2 trials")
    Traceback (most recent call last):
        ...
    genas.core.errors.RequestError: ...beer.csv...
    """
    request = _read(request, known)
    folder = Path(out) if out is not None else default_folder(request.goal)
    with _designing(request, folder, {}, executor=executor) as designer:
        designer.check()


def propose(
    request: str | Request,
    n: int = 20,
    *,
    out: str | Path | None = None,
    progress: Progress | None = None,
    **known: Any,
) -> list[Trial]:
    """Propose n candidates that keep the limits, scored by the cheap scorers, most promising first; nothing is trained.

    Raises:
        RequestError: the request can't be read, or no candidate keeps its limits.

    >>> trials = genas.propose(request, 3)
    >>> [trial.value("params") < 5000 for trial in trials]
    [True, True, True]
    """
    if not isinstance(n, int) or isinstance(n, bool) or not 1 <= n <= MOST:
        raise RequestError(f"n must be a whole number from 1 to {MOST:,}, not {n!r:.60}.")
    with _designing(request, out, known, progress) as designer:
        return designer.candidates(n)


def score(
    request: str | Request,
    archs: Sequence[str | Architecture],
    *,
    out: str | Path | None = None,
    progress: Progress | None = None,
    **known: Any,
) -> list[Trial]:
    """The cheap scores of architectures of your own, in the order given; nothing is trained and no limit stops one.

    Args:
        request: says task, space, limits and scorers.
        archs: architectures, or their text form, as `propose` shows it.
        out: a folder that remembers the scores; None keeps nothing.
        progress: told about each architecture.

    Raises:
        RequestError: the request can't be read.
        InvalidArchitecture: one is not of the request's space; the message says what is wrong.

    >>> (trial,) = genas.score(request, [trials[0].candidate.arch])
    >>> trial.value("params") == trials[0].value("params")
    True
    """
    with _designing(request, out, known, progress) as designer:
        return designer.figures(designer.given(archs))


def validate(
    request: str | Request,
    archs: Sequence[str | Architecture],
    *,
    out: str | Path | None = None,
    progress: Progress | None = None,
    executor: str | Use | None = None,
    **known: Any,
) -> list[Trial]:
    """Train architectures of your own in full, by the recipe and with the seeds of a design, then read the test split.

    Args:
        request: says task, space, scorers and validator; a budget in seconds is not looked at.
        archs: architectures, or their text form, as `propose` shows it.
        out: a folder that a stopped validation goes on from, with the weights in `store/`; None keeps nothing.
        progress: told about each step.
        executor: where trainings run, as for `design`.

    Raises:
        RequestError: the request can't be read.
        InvalidArchitecture: one is not of the request's space; the message says what is wrong.

    >>> (trial,) = genas.validate(request, [trials[0].candidate.arch])
    >>> len(trial.all("test_accuracy"))  # one for each of three seeds
    3
    """
    with _designing(request, out, known, progress, executor) as designer:
        return designer.validated(designer.given(archs))


def _designing(
    request: str | Request,
    out: str | Path | None,
    known: dict[str, Any],
    progress: Progress | None = None,
    executor: str | Use | None = None,
) -> AbstractContextManager[Designer]:
    """A designer of the request, over the ledger in a folder or one in memory."""
    from genas.run.designer import designing

    request = _read(request, known)
    use = phrases.parse_executor(executor) if isinstance(executor, str) else executor or defaults.executor(request)
    return designing(request, None if out is None else Path(out), use, progress)


def batch(
    file: str | Path,
    *,
    out: str | Path | None = None,
    progress: Progress | None = None,
    executor: str | Use | None = None,
) -> list[BatchRow]:
    """Design for every `[[tasks]]` entry of a TOML file; a failed one does not stop the others.

    Each entry holds fields of a request, `goal` being the sentence. Run again with the same `out`, finished tasks are
    read from their ledgers and stopped ones go on.

    Raises:
        RequestError: the file can't be read.

    >>> tasks = '[[tasks]]\\ngoal = "Predict target in beer.csv, 2 trials"'
    >>> _ = Path("tasks.toml").write_text(tasks, encoding="utf-8")
    >>> for row in genas.batch("tasks.toml", out="runs"):
    ...     print(row.folder, "-", row.error)
    runs/01-predict-target-in-beer-csv-2-trials - ...beer.csv...
    """
    root = Path(out) if out is not None else Path("runs") / Path(file).stem
    rows = []
    for number, entry in enumerate(wire.read_tasks(Path(file)), start=1):
        goal = str(entry.get("goal", ""))[:LONGEST]
        folder = root / f"{number:02d}-{slug(goal) or 'task'}"
        try:
            goal, known = wire.entry(entry, more=BESIDE)
            rows.append(BatchRow(goal, folder, design(goal, out=folder, progress=progress, executor=executor, **known)))
        except GenasError as error:
            rows.append(BatchRow(goal, folder, error=str(error)))
    return rows


def fit(
    learner: str | Use,
    space: str,
    sources: Sequence[str],
    *,
    out: str | Path | None = None,
    epochs: int | None = None,
    seed: int = 0,
    device: str = "cpu",
    on_progress: Callable[[FitProgress], None] | None = None,
) -> Path:
    """Fit a model of architectures to what ledgers and tables tell, write it with its card, and return its folder.

    Args:
        learner: one of `genas list learners`, with options as "name:option=value".
        sources: ledgers, run folders or tables ("table:nasbench201:dataset=cifar100,sample=1000"); a space's name and
            "=" before one of another space, where the learner takes several.
        out: the model's folder; None is models/<learner>-<space>, where the plug-ins look that use the model.
        epochs: None takes what suits the learner and the number of examples.
        on_progress: called after each epoch.

    Raises:
        RequestError: an unknown learner, an unreadable source or fewer than 20 examples.

    >>> table = "table:nasbench201:dataset=cifar10,sample=40"  # in the folder $GENAS_DATA
    >>> folder = genas.fit("gnn", "nasbench201", [table], epochs=1, out="small-gnn")
    >>> (folder / "README.md").is_file()
    True
    """
    from genas.learners import _fit

    use = phrases.parse_use(learner) if isinstance(learner, str) else learner
    folder = None if out is None else Path(out)
    return _fit.fit(
        use, Use(space), sources, out=folder, epochs=epochs, seed=seed, device=device, on_progress=on_progress
    )


def report(folder: str | Path, limits: Sequence[Constraint] = ()) -> str:
    """A run in sentences: its winner and why, the runners-up, references, costs; what other limits would choose.

    Args:
        folder: of the run.
        limits: other limits to ask it about, in place of those on the same metrics; nothing new is measured.

    Raises:
        RequestError: there is no finished run in the folder.

    >>> print(genas.report("runs/wine", [genas.Constraint("params", at_most=2000)]))
    Run wine
    ...
    """
    from genas.run import account

    return account.tell(Path(folder), limits)


def export_network(run: str | Path, key: str, out: str | Path | None = None) -> Path:
    """Write a trained network of a run, its winner or another, as files that need no genas.

    Args:
        run: the run's folder.
        key: the beginning of the network's key, as the report shows it.
        out: the folder to write; None is `exported-KEY` in the run's.

    Raises:
        RequestError: there is not just one such network, or its weights are gone.

    >>> folder = genas.export_network("runs/wine", report.winner.candidate.key, out="wine-net")
    >>> (folder / "model.py").is_file(), (folder / "weights.safetensors").is_file()
    (True, True)
    """
    from genas.run import trained

    return trained.export_network(Path(run), key, None if out is None else Path(out))


def predict(run: str | Path, files: str | Path | Sequence[str | Path]) -> Answers | Numbers:
    """The classes, or numbers, that a run's winner or an exported network gives to new pictures or rows.

    Args:
        run: the folder of a run, or one that `export_network` or `train_further` wrote.
        files: one or several, in any form that the task's own data could have; they need no class or number.

    Raises:
        RequestError: there is no network, or a file can't be read as its inputs.

    >>> answers = genas.predict("runs/wine", "wine.csv")
    >>> answers.classes, len(answers.chosen), answers.probabilities.shape
    (('0', '1', '2'), 178, (178, 3))
    """
    from genas.export.answers import answers

    return answers(Path(run), files)


def train_further(
    run: str | Path, key: str, budget: str, out: str | Path | None = None, *, progress: Progress | None = None
) -> Further:
    """Go on with a trained network of a run, its learning rate falling to zero; then test and export it.

    Stopped and called again with the same budget, it goes on; another budget is trained on top of the one before. The
    run itself is left as it is.

    Args:
        run: the run's folder.
        key: the beginning of the network's key, as the report shows it.
        budget: how long, such as "5 minutes".
        out: the folder to write; None is `trained-KEY` in the run's.
        progress: told how far the training is.

    Raises:
        RequestError: there is not just one such network, it can't be trained further, or the budget is no time.

    >>> further = genas.train_further("runs/wine", report.winner.candidate.key, "1 second", out="wine-more")
    >>> further.before.metric, further.after.metric, further.test.metric
    ('accuracy', 'accuracy', 'test_accuracy')
    """
    from genas.run import trained

    return trained.train_further(Path(run), key, budget, out=None if out is None else Path(out), progress=progress)
