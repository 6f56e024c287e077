"""Brings a sentence into one spelling for dashes, signs and number words; blanks the parts that have been read."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from genas.interpreters.plain.languages import english
from genas.interpreters.plain.letters import one_alphabet
from genas.interpreters.plain.numerals import spelled
from genas.interpreters.plain.patterns import one_of
from genas.interpreters.plain.spelling import respelled

_SIGNS = str.maketrans(
    {"×": "x", "✕": "x", "≤": "<=", "⩽": "<=", "≥": ">=", "⩾": ">=", "−": "-", "–": "-", "—": "-", "‑": "-", "‐": "-"}
    | {"∈": " in ", "≈": "~", "∼": "~", "“": '"', "”": '"', "‘": "'", "’": "'", "′": "'"}
)
_SUPERSCRIPT = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_FRACTIONS = {"½": "5", "¼": "25", "¾": "75"}
_MIRROR = str.maketrans("<>", "><")
_SHORTENED = {"lat": "latency", "acc": "accuracy", "mem": "memory", "obj": "objectives"}
_MARK = r"(?:(?<=\s)|^)\(?([1-9])[.)](?=\s+\D)"
_MOST = r"(?:max(?:imum)?[_ -]?|n[_ -]?|num(?:ber)?[_ -]?(?:of[_ -])?)?"
_EQUALS = r"(?:\s*(?:=|:|is)\s*|(?<=_trials)\s+)"
_GETS = r"(?:gets?|scores?|manages?|delivers?|yields?)"
_UNITED = r"(latency|size|memory|energy)_(ms|us|s|mb|kb|mj|uj)"
_END = r"(max|min)(?:imum)?"
_METRIC = (
    r"(params?|parameters|weights|flops|macs|accuracy|acc|error|auc|perplexity|"
    r"latency|lat|(?:model[_ ]?)?size|memory|mem|ram|energy)"
)
_COMPARED = r"(params?|parameters|weights|flops|macs|accuracy|acc|latency|(?:model )?size|memory|ram|energy)"
_UNIT = r"(?:[kKMG]|e[0-9]+|\s?(?:%|ms|us|s|[kKMG]i?B|[mu]?J|[kKMG]?(?:FLOPs|MACs))(?!\w))"
_USELESS = one_of(r"""
    useless|worthless|pointless|unacceptable|inacceptable|unusable|no good|no use|out of the question|out|a no-go
    rejected|thrown away|discarded|forbidden|too (?:slow|big|large|much|heavy|many|little|low|bad|small)
    not (?:acceptable|allowed|an option|useful|usable|ok(?:ay)?|good enough|tolerable|permitted|accepted)
""")
_BAD = one_of(rf"""
    (?:is|are|would be|will be|counts as|gets?)\s+(?:just |simply |far |way |of )*{_USELESS}
    (?:may|must|should|shall|can)(?: it| this| that| the \w+)?(?: not|n't)
    (?:won't|will not|cannot|can't|does not|doesn't) (?:do|work|fit|help|be accepted|pass)
""")
_BEYOND = one_of(r"""
    more|larger|bigger|heavier|slower|longer|higher|above|over|beyond
    less|fewer|smaller|lower|worse|below|under
""")
_ANYTHING = (
    r"(?:anything|everything|whatever|all networks?|any (?:network|model|net)s?)\b(?: that)?"
    r"(?: is|'s| goes| needs| takes| has)?"
)
_WITHIN = r"(?:(?!\b(?:and|but|or|which|that)\b)(?:[^.;,!?|]|[.,](?=[0-9]))){0,80}?"


def _unmarked(match: re.Match[str]) -> str:
    """A list number such as "1." as a comma, if the text numbers at least two items."""
    marks = {mark[1] for mark in re.finditer(_MARK, match.string)}
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


_Meaning = str | Callable[[re.Match[str]], str]
_Steps = tuple[tuple[re.Pattern[str], _Meaning], ...]


def _steps(*steps: tuple[str, _Meaning]) -> _Steps:
    return tuple((re.compile(pattern), meaning) for pattern, meaning in steps)


_UNICODE = _steps(
    (r"(?<=[0-9])[\u00a0\u2009\u202f](?=[0-9]{3}(?![0-9]))", ","),
    (r"([0-9])([⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+)", lambda m: f"{m[1]}^{m[2].translate(_SUPERSCRIPT)}"),
    (r"([0-9]*)([½¼¾])", lambda m: f"{m[1] or 0}.{_FRACTIONS[m[2]]}"),
    (r"(?<=\w) [–—] (?=[^\W\d])", ", "),  # a dash between clauses
)
_STEPS = _steps(
    # numbers: 5 x 10^3, 10^4, 3 500 parameters, 10_000, 2 ms - 5 ms, 1h30, 97 out of 100
    (r"(?<![\w.,^])([0-9]+(?:\.[0-9]+)?)\s*[x*]\s*10\^(-?[0-9]+)", r"\1e\2"),
    (r"(?<=[A-Za-z%)]),(?=[<>=~]*[0-9])", ", "),
    (r"(?<![\w.,^])10\^(-?[0-9]+)", r"1e\1"),
    (r"(?<![\w.,^])2\^([0-9]{1,2})(?![\w.^])", lambda m: str(2 ** int(m[1]))),
    (r"(?<![\w.,-])(?<![0-9] )([1-9][0-9]{0,2}) ([0-9]{3})(?=[\s-](?:param|weights))", r"\1,\2"),
    (r"(?<=[0-9])[_'](?=[0-9]{3}(?![0-9]))", ","),
    (r"(?<![\w.-])([0-9][0-9.,]*\s?(?:[kKM%]|ms|us))\s?-\s?(?=\.?[0-9])", r"\1 to "),
    (r"(?<![\w.,])([0-9]{1,2}) ?h ?([0-5]?[0-9])(?: ?m(?:in)?)?(?![\w.])", r"\1 h \2 min"),
    (r"(?<![\w.,])([0-9]{1,2})(?: (?:correct|right))? (?:out )?of (?:every )?100(?![\w.,%])", r"\1 %"),
    # comparisons: sub-10 ms, sub-second, minus 3
    (r"(?i)\bsub-?(?=[0-9]|(?:milli|micro)?second\b|megabyte\b)", "under "),
    (r"(?i)\bunder (?=(?:milli|micro)?second\b|megabyte\b)", "under one "),
    (r"(?i)\b(?:minus|negative) (?=[0-9])", "-"),
    # lists and brackets: 1. ..., 50k (params); number of trials: 16, max_trials=16
    (_MARK, _unmarked),
    (r"(?i)(?<=[0-9kKM]) \((param\w*|weights|flops|macs|latency|accuracy|memory|size)\)", r" \1"),
    (rf"(?i)\b{_MOST}(trials|epochs|candidates|evaluations){_EQUALS}([0-9]+)(?![\w.])", r"\2 \1"),
    # words
    (r"(?i)\bnot (?:only|just) (\w+),? but(?: also)? ", r"\1 and "),
    (r"(?i)\b(mio|mln|mill|tsd)\.(?=\s)", r"\1"),
    (r"\bw/(?=\s)", "with"),
    (r"\bw/o\b", "without"),
    (rf"(?i)\b(?:(?:still|consistently|reliably|always) )?{_GETS} (?=[0-9.]+ ?(?:%|per ?cent))", "reaches "),
    (r"(?i)(?<![\w./-])(?:lat|acc|mem|obj(?=\s*:))\b\.?(?![/\w-])", lambda m: _SHORTENED[m[0].lower().rstrip(".")]),
    # keys: latency_ms <= 5, max_params=50k, latency-max: 5 ms
    (rf"(?i)(?<![A-Za-z]){_UNITED}\"?(\s*(?:<=?|>=?|==?|:)\s*)([0-9][0-9.]*)(?![\w.])", r"\1\3\4 \2"),
    (rf"(?i)\b(?:{_END}[_ -]?{_METRIC}|{_METRIC}[_-]{_END})\"?\s*[=:]+\s*(?=[0-9.])", _keyed),
    # what is bad beyond a limit: anything over 5 ms is useless; more than 5 ms is too slow
    (rf"(?i)\b{_ANYTHING}(\s+{_BEYOND}\b[^.;!?|]*?)\s{_BAD}", r"nothing\1"),
    (rf"(?i)((?:^|[,;.:!?|]|\b(?:and|but))\s*)({_BEYOND}\b{_WITHIN}[0-9]{_WITHIN})\s{_BAD}", r"\1no \2"),
    # mathematics: params in [2k, 9k], 10k < params < 20k
    (r"\bin\s+\[([^\[\],|]+),\s*([^\[\],|]+)\]", r"between \1 and \2"),
    (rf"(?i)(?<![\w.,])([0-9][0-9.,]*{_UNIT}?)\s*(<=?|>=?)\s*{_COMPARED}\b(?:\s*(<=?|>=?))?", _turned),
)


def plain(sentence: str) -> str:
    """The sentence in one spelling: ASCII signs, digits for number words that count something, powers as numbers."""
    text = _rewritten(respelled(english(one_alphabet(sentence))), _UNICODE)
    text = unicodedata.normalize("NFKC", text.translate(_SIGNS)).translate(_SIGNS)
    text = re.sub(r"\d", lambda m: str(unicodedata.decimal(m[0])), text)
    return spelled(_rewritten(text, _STEPS))


def _rewritten(text: str, steps: _Steps) -> str:
    for pattern, meaning in steps:
        text = pattern.sub(meaning, text)
    return text


def blank(text: str, start: int, end: int) -> str:
    """The text with a part that has been read replaced by bars of equal length, so that positions stay the same."""
    return text[:start] + "|" * (end - start) + text[end:]


def blank_all(text: str, pattern: re.Pattern[str]) -> str:
    """The text with every match blanked."""
    return pattern.sub(lambda m: "|" * len(m[0]), text)
