"""A sentence made plain: one spelling for dashes, signs and number words; read parts can be blanked."""

from __future__ import annotations

import re
import unicodedata

from genas.interpreters._languages import english
from genas.interpreters._numerals import spelled
from genas.interpreters._spelling import respelled

_MIRROR = str.maketrans("<>", "><")
_TURNED = re.compile(
    r"(?<![\w.,])([0-9][0-9.,]*(?:[kKMG]|e[0-9]+|\s?(?:%|ms|us|s|[kKMG]i?B|[mu]?J|[kKMG]?(?:FLOPs|MACs))(?!\w))?)"
    r"\s*(<=?|>=?)\s*"
    r"(params?|parameters|weights|flops|macs|accuracy|acc|latency|(?:model )?size|memory|ram|energy)\b"
    r"(?:\s*(<=?|>=?))?",
    re.I,
)
_METRICS = (
    r"params?|parameters|weights|flops|macs|accuracy|latency|(?:model[_ ]?)?size|memory|ram|energy|perplexity|auc|"
    r"error|acc|lat|mem"
)
_KEYED = re.compile(  # max_params=50k, latency-max: 5 ms
    rf"\b(?:(max|min)(?:imum)?[_ -]?({_METRICS})|({_METRICS})[_-](max|min)(?:imum)?)\"?\s*[=:]+\s*(?=[0-9.])", re.I
)
_UNITED = re.compile(  # latency_ms <= 5
    r"(?<![A-Za-z])(latency|size|memory|energy)_(ms|us|s|mb|kb|mj|"
    r"uj)\"?(\s*(?:<=?|>=?|==?|:)\s*)([0-9][0-9.]*)(?![\w.])",
    re.I,
)
_SHORTENED = {"lat": "latency", "acc": "accuracy", "mem": "memory", "obj": "objectives"}
_SHORT = re.compile(r"(?<![\w./-])(?:lat|acc|mem|obj(?=\s*:))\b\.?(?![/\w-])", re.I)
_GETS = re.compile(
    r"\b(?:(?:still|consistently|reliably|always) )?(?:gets?|scores?|manages?|delivers?|yields?) "
    r"(?=[0-9.]+ ?(?:%|per ?cent))",
    re.I,
)
_BAD = (  # what is said of what goes beyond a limit
    r"(?:is|are|would be|will be|counts as|gets?)\s+(?:(?:just |simply |far |way |of )*(?:useless|worthless|pointless|"
    r"unacceptable|inacceptable|unusable|no good|no use|out of the question|out|a no-go|rejected|thrown away|discarded|"
    r"forbidden|too (?:slow|big|large|much|heavy|many|little|low|bad|small)|"
    r"not (?:acceptable|allowed|an option|useful|usable|ok(?:ay)?|good enough|tolerable|permitted|accepted)))|"
    r"(?:(?:may|must|should|shall|can)(?: it| this| that| the \w+)?(?: not|n't))|(?:won't|will not|cannot|can't|does "
    r"not|doesn't) (?:do|work|fit|help|be accepted|pass)"
)
_BEYOND = (
    r"(?:more|larger|bigger|heavier|slower|longer|higher|less|fewer|smaller|lower|worse|above|over|beyond|below|under)"
)
_ANYTHING = re.compile(
    r"\b(?:anything|everything|whatever|all networks?|any (?:network|model|net)s?)\b(?: that)?"
    r"(?: is|'s| goes| needs| takes| has)?"
    rf"(\s+{_BEYOND}\b[^.;!?|]*?)\s(?:{_BAD})",
    re.I,
)
_WITHIN = r"(?:(?!\b(?:and|but|or|which|that)\b)(?:[^.;,!?|]|[.,](?=[0-9]))){0,80}?"
_CLAUSE = re.compile(rf"((?:^|[,;.:!?|]|\b(?:and|but))\s*)({_BEYOND}\b{_WITHIN}[0-9]{_WITHIN})\s(?:{_BAD})", re.I)
_COUNT = re.compile(  # number of trials: 16, max_trials=16, epochs=20
    r"\b(?:max(?:imum)?[_ -]?|n[_ -]?|num(?:ber)?[_ -]?(?:of[_ -])?)?(trials|epochs|candidates|evaluations)"
    r"(?:\s*(?:=|:|is)\s*|(?<=_trials)\s+)([0-9]+)(?![\w.])",
    re.I,
)
_MARKS = re.compile(r"(?:(?<=\s)|^)\(?([1-9])[.)](?=\s+\D)")  # 1. of a list
_FRACTIONS = {"½": "5", "¼": "25", "¾": "75"}
_SUPERSCRIPT = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_SIGNS = str.maketrans(
    {"×": "x", "✕": "x", "≤": "<=", "⩽": "<=", "≥": ">=", "⩾": ">=", "−": "-", "–": "-", "—": "-", "‑": "-", "‐": "-"}
    | {"∈": " in ", "≈": "~", "∼": "~", "“": '"', "”": '"', "‘": "'", "’": "'", "′": "'"}
)


def plain(sentence: str) -> str:
    """The sentence in one spelling: ASCII signs, digits for number words that count something, powers as numbers."""
    text = respelled(english(sentence))
    text = re.sub(r"(?<=[0-9])[\u00a0\u2009\u202f](?=[0-9]{3}(?![0-9]))", ",", text)
    text = re.sub(r"([0-9])([⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+)", lambda m: f"{m[1]}^{m[2].translate(_SUPERSCRIPT)}", text)
    text = re.sub(r"([0-9]*)([½¼¾])", lambda m: f"{m[1] or 0}.{_FRACTIONS[m[2]]}", text)
    text = unicodedata.normalize("NFKC", text.translate(_SIGNS)).translate(_SIGNS)
    text = re.sub(r"(?<![\w.,^])([0-9]+(?:\.[0-9]+)?)\s*[x*]\s*10\^(-?[0-9]+)", r"\1e\2", text)
    text = re.sub(r"(?<![\w.,^])10\^(-?[0-9]+)", r"1e\1", text)
    text = re.sub(r"(?<![\w.,-])(?<![0-9] )([1-9][0-9]{0,2}) ([0-9]{3})(?=[\s-](?:param|weights))", r"\1,\2", text)
    text = re.sub(r"(?<=[0-9])[_'](?=[0-9]{3}(?![0-9]))", ",", text)
    text = re.sub(r"(?<![\w.-])([0-9][0-9.,]*\s?(?:[kKM%]|ms|us))\s?-\s?(?=\.?[0-9])", r"\1 to ", text)
    text = re.sub(r"(?<![\w.,])([0-9]{1,2}) ?h ?([0-5]?[0-9])(?: ?m(?:in)?)?(?![\w.])", r"\1 h \2 min", text)
    text = re.sub(
        r"(?<![\w.,])([0-9]{1,2})(?: (?:correct|right))? (?:out )?of (?:every "
        r")?100(?![\w.,%])",
        r"\1 %",
        text,
    )
    text = re.sub(r"\bsub-?(?=[0-9]|(?:milli|micro)?second\b|megabyte\b)", "under ", text, flags=re.I)
    text = re.sub(r"\bunder (?=(?:milli|micro)?second\b|megabyte\b)", "under one ", text, flags=re.I)
    text = re.sub(r"\b(?:minus|negative) (?=[0-9])", "-", text, flags=re.I)
    text = _MARKS.sub(_unmarked, text)
    text = re.sub(
        r"(?<=[0-9kKM]) \((param\w*|weights|flops|macs|latency|accuracy|memory|"
        r"size)\)",
        r" \1",
        text,
        flags=re.I,
    )
    text = _COUNT.sub(r"\2 \1", text)
    text = re.sub(r"\b(mio|mln|mill|tsd)\.(?=\s)", r"\1", text, flags=re.I)
    text = re.sub(r"\bw/o\b", "without", re.sub(r"\bw/(?=\s)", "with", text))
    text = _GETS.sub("reaches ", text)
    text = _SHORT.sub(lambda m: _SHORTENED[m[0].lower().rstrip(".")], text)
    text = _UNITED.sub(r"\1\3\4 \2", text)
    text = _KEYED.sub(_keyed, text)
    text = _CLAUSE.sub(r"\1no \2", _ANYTHING.sub(r"nothing\1", text))
    text = _TURNED.sub(_turned, re.sub(r"\bin\s+\[([^\[\],|]+),\s*([^\[\],|]+)\]", r"between \1 and \2", text))
    return spelled(text)


def _unmarked(match: re.Match[str]) -> str:
    """A list's mark as a stop, where the text has the first two."""
    marks = {found[1] for found in _MARKS.finditer(match.string)}
    return "," if {"1", "2"} <= marks else match[0]


def _keyed(match: re.Match[str]) -> str:
    """Turns "max_params=" and "params_max:" into "params <= "."""
    metric, end = (match[2] or match[3]).lower(), (match[1] or match[4]).lower()
    return f", {_SHORTENED.get(metric, metric)} {'<=' if end == 'max' else '>='} "


def _turned(match: re.Match[str]) -> str:
    """Turns "10k < params" and "10k < params < 20k" so that the metric comes first."""
    number, sign, metric, more = match.groups()
    turned = f"{metric} {sign.translate(_MIRROR)} {number}"
    return f"{turned} and {metric} {more}" if more else turned


def blank(text: str, start: int, end: int) -> str:
    """The text with a read part replaced by bars of equal length, so that positions stay."""
    return text[:start] + "|" * (end - start) + text[end:]


def blank_all(text: str, pattern: re.Pattern[str]) -> str:
    """The text with every match blanked."""
    return pattern.sub(lambda m: "|" * len(m[0]), text)
