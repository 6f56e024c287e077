"""Sentences: composed ones, labelled ones in other spellings, and hostile text.

A composed sentence states a task, limits, a budget, a device and so on, in English, German or French, in any order; its
meaning is known, as is that of a labelled sentence of eval/sentences. Some are then changed: case, spaces, kinds of
digits and letters, a typing error, words before or after. Each must be read as it is meant, or refused. Spanish, Italian,
Dutch, Portuguese and Polish are not supported: their limits must be read correctly, or the sentence refused.
"""

from __future__ import annotations

import json
import random
import re
import unicodedata
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import interpreter

from genas import api
from genas.core import registry, wire
from genas.core.errors import GenasError
from genas.core.records import Request
from tries import RIGHT, Wrong, advice

Facts = dict[str, Any]  # as the labels of eval/sentences have them, and seed and epochs
Part = tuple[str, Facts]
TASKS = {"digits": ([1, 8, 8], 10), "mnist": ([1, 28, 28], 10), "cifar10": ([3, 32, 32], 10)}
NAMES = {"digits": "digits", "mnist": "MNIST", "cifar10": "CIFAR-10"}
SUBJECTS = {
    "en": ["{}", "A classifier for {}", "A network for {}", "I need an image classifier for {}", "Design a CNN for {}", "Please find me a network that classifies {}"],
    "de": ["Ein Netz für {}", "Für {}", "Ich brauche ein Netz für {}"],
    "fr": ["Un réseau pour {}", "Pour {}", "Je cherche un réseau pour {}"],
}  # fmt: skip
FOREIGN = {
    "es": ("Una red para {}", ["con menos de {n} parámetros", "como máximo {n} parámetros", "máximo {t} ms por imagen", "con al menos {a} % de precisión"]),
    "it": ("Una rete per {}", ["con meno di {n} parametri", "al massimo {n} parametri", "al massimo {t} ms per immagine", "almeno {a} % di accuratezza"]),
    "nl": ("Een netwerk voor {}", ["met minder dan {n} parameters", "hoogstens {n} parameters", "hooguit {t} ms per beeld", "minstens {a} % nauwkeurigheid"]),
    "pt": ("Uma rede para {}", ["com menos de {n} parâmetros", "no máximo {n} parâmetros", "no máximo {t} ms por imagem", "pelo menos {a} % de acurácia"]),
    "pl": ("Sieć dla {}", ["mniej niż {n} parametrów", "najwyżej {n} parametrów", "najwyżej {t} ms na obraz", "co najmniej {a} % dokładności"]),
}  # fmt: skip
BEFORE = [
    "\ufeff",
    "\u200b",
    "  ",
    "- ",
    "> ",
    "Hi, ",
    "Hello there! ",
    "Please: ",
    "For a talk: ",
    "Our customer wants this. ",
]
BEHIND = [
    ". Thanks!",
    ", please",
    ". Thank you very much.",
    ". It's for a talk on Friday at 5 pm.",
    ". We are 4 people.",
    " :-)",
    " 🙂",
    "!!!",
]
HOMOGLYPHS = str.maketrans("aeopcxi", "аеорсхі")  # Latin to Cyrillic
FULL_WIDTH = {ord(str(d)): chr(0xFF10 + d) for d in range(10)}
ARABIC = {ord(str(d)): chr(0x660 + d) for d in range(10)}


def attempt(draw: random.Random, _: Path) -> str:
    """Raises Wrong for a sentence that is taken for something else than it is."""
    kind = draw.random()
    if kind < 0.25:
        text = draw.choice(interpreter.HUGE) if draw.random() < 0.01 else interpreter.hostile_text(draw)
        return taken(text, None, may_be_refused=True)
    if kind < 0.45:
        text, facts = composed(draw)
        return taken(text, facts, may_be_refused=False)
    if kind < 0.55:
        text, facts = foreign(draw)
        return taken(text, facts, may_be_refused=True)
    text, facts = composed(draw) if kind < 0.75 else draw.choice(labelled())
    return taken(changed(draw, text), facts, may_be_refused=True)


def taken(text: str, facts: Facts | None, *, may_be_refused: bool) -> str:
    """How a sentence was read, beside what it means, if that is known."""
    try:
        request = api.interpret(text)
    except GenasError as error:
        if not may_be_refused:
            raise Wrong(f"refused: {text!r}: {error}") from error
        return advice(error)
    if wire.from_data(Request, wire.to_data(request)) != request:
        raise Wrong(f"not the same once it was written: {text!r}")
    if facts is not None:
        got, want = reading(text), meaning(facts)
        if wrong := {key: (got.get(key), want[key]) for key in want if not interpreter.same(got.get(key), want[key])}:
            raise Wrong(f"read otherwise (is, should be): {wrong}: {text!r}")
    return RIGHT


def reading(text: str) -> dict[str, Any]:
    """The fields of the reading, without defaults."""
    request = registry.create("interpreters", "exact").read(text)
    return {**interpreter.read(request), "seed": request.seed, "epochs": request.validator.options.get("epochs")}


def meaning(facts: Facts) -> dict[str, Any]:
    """The fields as they should be read; of labels, which say no seed and no epochs, all others."""
    return {**interpreter.wanted(facts), **{key: facts[key] for key in ("seed", "epochs") if key in facts}}


# Composed -------------------------------------------------------------------------------------------------------------


def composed(draw: random.Random) -> Part:
    """A sentence and what it means."""
    language = draw.choices(("en", "de", "fr"), (4, 1, 1))[0]
    task = draw.choice(list(TASKS))
    shape, outputs = TASKS[task]
    facts: Facts = {
        "task": task, "options": {}, "modality": "image", "input_shape": shape, "outputs": outputs, "limits": {},
        "objectives": [["accuracy", "max"]], "seed": 0, "epochs": None,
    }  # fmt: skip
    named = NAMES[task] if draw.random() < 0.6 else NAMES[task].lower()
    said = [draw.choice(SUBJECTS[language]).format("MNIST" if language == "de" and task == "mnist" else named)]
    makers = draw.sample(PARTS[language], draw.randrange(min(6, len(PARTS[language]))))
    for maker in makers:
        words, more = maker(draw)
        limits = {**facts["limits"], **more.pop("limits", {})}
        facts |= {**more, "limits": limits}
        said.append(words)
    if len(said) > 1 and draw.random() < 0.25:  # the task last
        said = [*said[1:], said[0]]
    mark = draw.choice((", ", ", ", "; ", "; ", ". ", "\n", " | " if language == "en" else "; "))
    return mark.join(said), facts


def _whole(draw: random.Random, low: int, high: int) -> int:
    """A number of two digits and zeros."""
    value = draw.randint(low, high)
    step: int = 10 ** max(0, len(str(value)) - 2)
    return value // step * step


def _written(draw: random.Random, value: int, language: str) -> str:
    forms = [str(value)]
    if language == "en":
        forms.append(f"{value:,}")
        if value % 1000 == 0:
            forms += [f"{value // 1000}k", f"{value // 1000} thousand"]
    elif language == "de":
        forms.append(f"{value:,}".replace(",", "."))
    else:
        forms.append(f"{value:,}".replace(",", " "))
    return draw.choice(forms)


def _decimal(value: float, language: str) -> str:
    return f"{value:g}" if language == "en" else f"{value:g}".replace(".", ",")


def params(language: str, below: list[str], most: list[str], least: list[str]) -> Callable[[random.Random], Part]:
    def make(draw: random.Random) -> Part:
        low, high = sorted((_whole(draw, 2000, 400_000), _whole(draw, 2000, 400_000)))
        kind = draw.choice(
            ["below", "most", "most", "least", "both"] if language == "en" else ["below", "most", "least"]
        )
        if kind == "both":
            return f"between {low} and {high} parameters", {"limits": {"params": [low, high]}}
        template = draw.choice({"below": below, "most": most, "least": least}[kind])
        limit = [low, None] if kind == "least" else [None, low - 1 if kind == "below" else low]
        return template.format(_written(draw, low, language)), {"limits": {"params": limit}}

    return make


def limit(
    language: str, metric: str, templates: list[str], values: list[float], factor: float = 1.0, *, least: bool = False
) -> Callable[[random.Random], Part]:
    def make(draw: random.Random) -> Part:
        value = draw.choice(values)
        ends = [value * factor, None] if least else [None, value * factor]
        return draw.choice(templates).format(_decimal(value, language)), {"limits": {metric: ends}}

    return make


def fixed(*parts: Part) -> Callable[[random.Random], Part]:
    def make(draw: random.Random) -> Part:
        words, facts = draw.choice(parts)
        return words, dict(facts)

    return make


def counted(key: str, templates: list[str], low: int, high: int, factor: float = 1) -> Callable[[random.Random], Part]:
    def make(draw: random.Random) -> Part:
        value = draw.randint(low, high)
        return draw.choice(templates).format(value), {key: value * factor}

    return make


TIMES, SHARES = [0.5, 0.8, 1, 1.5, 2, 3.5, 5, 10, 25], [70, 82.5, 90, 95, 97.5, 98, 99.2]
SIZES = [0.1, 0.25, 0.5, 1, 1.5, 2, 4]
A, P, L, F, E, M = (
    ["accuracy", "max"],
    ["params", "min"],
    ["latency_ms", "min"],
    ["flops", "min"],
    ["energy_mj", "min"],
    ["memory_mb", "min"],
)
PARTS: dict[str, list[Callable[[random.Random], Part]]] = {
    "en": [
        params("en", ["under {} parameters", "fewer than {} weights", "params < {}"], ["at most {} parameters", "no more than {} weights", "up to {} parameters", "params <= {}", "max {} params"], ["at least {} parameters", "no fewer than {} weights"]),
        limit("en", "latency_ms", ["at most {} ms", "latency at most {} ms", "in under {} ms", "latency <= {} ms", "no slower than {} ms"], TIMES),
        limit("en", "accuracy", ["at least {} % accuracy", "accuracy of at least {}%", "accuracy >= {} %", "with accuracy above {}%"], SHARES, 0.01, least=True),
        limit("en", "size_mb", ["model size at most {} MB", "model size below {} MB", "the file no larger than {} MB"], SIZES),
        limit("en", "memory_mb", ["{} MB of RAM", "peak memory at most {} MB", "peak memory under {} megabytes"], SIZES),
        limit("en", "energy_mj", ["at most {} mJ per inference", "energy below {} mJ"], TIMES),
        limit("en", "flops", ["up to {} MFLOPs", "no more than {} MFLOPs"], TIMES, 1e6),
        counted("seconds", ["budget {} minutes", "a budget of {} minutes", "search no longer than {} minutes", "stop after {} minutes"], 2, 90, 60),
        counted("trials", ["try {} networks", "at most {} trials", "evaluate up to {} architectures"], 2, 90),
        counted("epochs", ["train for {} epochs", "trained for {} epochs"], 2, 90),
        counted("seed", ["seed {}", "seed = {}"], 1, 10_000),
        fixed(("on the GPU", {"device": "cuda"}), ("on the CPU", {"device": "cpu"}), ("on cuda:1", {"device": "cuda:1"})),
        fixed(
            ("accuracy first", {}), ("accuracy first, then latency", {"objectives": [A, L]}), ("as fast as possible", {"objectives": [L, A]}),
            ("as small as possible", {"objectives": [P, A]}), ("trade-off between accuracy and FLOPs", {"objectives": [A, F]}),
            ("accuracy then params", {"objectives": [A, P]}), ("minimise energy, then maximise accuracy", {"objectives": [E, A]}),
        ),
    ],
    "de": [
        params("de", ["unter {} Parametern", "mit weniger als {} Parametern"], ["höchstens {} Parameter", "maximal {} Parameter", "nicht mehr als {} Parameter"], ["mindestens {} Parameter"]),
        limit("de", "latency_ms", ["höchstens {} ms", "maximal {} ms", "Latenz höchstens {} ms"], TIMES),
        limit("de", "accuracy", ["mindestens {} % Genauigkeit", "Genauigkeit mindestens {} %"], SHARES, 0.01, least=True),
        limit("de", "size_mb", ["Modellgröße höchstens {} MB", "Modellgröße maximal {} MB"], SIZES),
        counted("seconds", ["Budget: {} Minuten", "du hast {} Minuten"], 2, 90, 60),
        fixed(("auf der GPU", {"device": "cuda"}), ("auf der CPU", {"device": "cpu"})),
    ],
    "fr": [
        params("fr", ["moins de {} paramètres"], ["au plus {} paramètres", "au maximum {} paramètres", "pas plus de {} paramètres"], ["au moins {} paramètres"]),
        limit("fr", "latency_ms", ["au plus {} ms", "latence maximale {} ms", "latence d'au plus {} ms"], TIMES),
        limit("fr", "accuracy", ["au moins {} % de précision", "précision d'au moins {} %"], SHARES, 0.01, least=True),
        limit("fr", "size_mb", ["taille maximale {} Mo"], SIZES),
        counted("seconds", ["budget de calcul : {} minutes", "budget : {} minutes"], 2, 90, 60),
        fixed(("sur le GPU", {"device": "cuda"}), ("sur le CPU", {"device": "cpu"})),
    ],
}  # fmt: skip


def foreign(draw: random.Random) -> Part:
    """A sentence in a language that is not served, with one limit."""
    subject, templates = FOREIGN[draw.choice(list(FOREIGN))]
    place, task = draw.randrange(len(templates)), draw.choice(("mnist", "cifar10"))
    n, t, a = _whole(draw, 2000, 400_000), draw.choice([2, 5, 10]), draw.choice([80, 90, 95])
    choices: list[Facts] = [
        {"params": [None, n - 1]}, {"params": [None, n]}, {"latency_ms": [None, t]}, {"accuracy": [a / 100, None]},
    ]  # fmt: skip
    facts = {
        "task": task, "options": {}, "modality": "image", "input_shape": TASKS[task][0], "outputs": 10,
        "limits": choices[place], "objectives": [["accuracy", "max"]],
    }  # fmt: skip
    return f"{subject.format(NAMES[task])}, {templates[place].format(n=n, t=t, a=a)}", facts


# Changed --------------------------------------------------------------------------------------------------------------


@cache
def labelled() -> tuple[Part, ...]:
    """The labelled sentences that the rules were tuned on, those without paths, names in quotes and joules.

    These depend on case, and a change of blanks changes a name.
    """
    rows = [
        json.loads(line)
        for half in interpreter.TUNED
        for line in (interpreter.FOLDER / f"{half}.jsonl").read_text().splitlines()
    ]
    plain = [
        row for row in rows if not re.search(r"""[/\\"'“”«»„]|\.\w|J\b""", row["text"]) and not row.get("or_refused")
    ]
    return tuple((row["text"], row) for row in plain)


def changed(draw: random.Random, text: str, *, slips: bool = True) -> str:
    """The sentence, one or two of its features changed and its meaning kept.

    Args:
        slips: whether it may also have slips of the pen, of which some lose a word.
    """
    for _ in range(draw.randrange(1, 3)):
        text = draw.choice(CHANGES if slips else FORMS)(draw, text)
    return text


def slip(draw: random.Random, text: str) -> str:
    """Two letters of a word exchanged, one doubled or one left out; words of four letters and less stay."""
    words = list(re.finditer(r"(?<![\w-])[^\W\d_]{5,}(?![\w-])", text))
    if not words:
        return text
    word = draw.choice(words)
    at = draw.randrange(word.start() + 1, word.end() - 1)
    middle = draw.choice((text[at + 1] + text[at], text[at] * 2 + text[at + 1], text[at + 1]))
    return text[:at] + middle + text[at + 2 :]


def case(draw: random.Random, text: str) -> str:
    """All large or all small, where no unit depends on it."""
    if draw.random() < 0.5:
        return text if "M" in re.sub("M[NI]", "", text) else text.lower()
    return text if "m" in re.sub(r"[a-zA-Z]{4,}|\bms\b", "", text) else text.upper()


def blanks(draw: random.Random, text: str) -> str:
    """Other blanks, or several in the place of one."""
    if draw.random() < 0.5:
        return re.sub(" ", lambda _: " " * draw.randrange(1, 4), text)
    return text.replace(" ", draw.choice(("\t", "\u00a0", "\u202f", "\u2009")))


def letters(draw: random.Random, text: str) -> str:
    """Composed or not, with digits of another script, with letters that look alike, with marks that are not seen."""
    kind = draw.randrange(5)
    if kind == 0:
        return unicodedata.normalize(draw.choice(("NFD", "NFKD", "NFC")), text)
    if kind == 1:
        return text.replace(" ", " \u200b", 1).replace("a", "a\u00ad", 1)
    return text.translate((FULL_WIDTH, ARABIC, HOMOGLYPHS)[kind - 2])


def around(draw: random.Random, text: str) -> str:
    """Words or marks before it or behind it."""
    if draw.random() < 0.5:
        return draw.choice(BEFORE) + text
    return text.rstrip(".!? ") + draw.choice(BEHIND)


def marks(draw: random.Random, text: str) -> str:
    """Other marks between its parts."""
    return re.sub("(?<![0-9]), ", draw.choice((",", " , ", " – ", ";\n", "; ")), text)


FORMS = (case, blanks, letters, letters, around, marks)
CHANGES = (slip, slip, *FORMS)
