"""Finds the column of a table that holds the classes, in English, German and French sentences."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from genas.core.errors import RequestError
from genas.interpreters.plain.patterns import one_of
from genas.interpreters.plain.verbatim import BLANK, NAME, PATH, Verbatim
from genas.interpreters.subject.columns import called, columns, tables_within, within

_WORD = r"[^\W\d](?:[\w.-]*\w)?"
_COLUMN = r"(?:column|variable|field|attribute|feature)"
_THE = r"(?:the |a |an |its |my |our )?"
_LABEL = r"(?:label|target|class|outcome|response|answer|ground truth)"
_LABELS = rf"{_LABEL}(?:es|s)?"
_IS = r"(?:\s*[:=]\s*|\s+(?:is|in|called|named|is (?:in|called|named|given by))\s+)"
_IN = r"\s+(?:(?:are|is|come|stand|lie)\s+)?(?:in|from|given by)\s+"
_ZIEL = r"(?:Label|Etikett|Ziel(?:spalte|variable|größe|merkmal|klasse|wert)|Klassenspalte|Labelspalte)"
_OF = rf"(?: (?:of|in) {PATH})?"
_DIE = r"(?:die |das |der |den )?"
_SPALTE = r"(?:Spalte|Variable|Merkmal)"
_IST = rf"(?:\s*[:=]\s*|\s+(?:ist|heißt|steht in)\s+{_DIE}|\s+)(?:(?:der )?{_SPALTE}\s*:?\s+)?"
_CIBLE = r"(?:(?:colonne|variable) )?(?:étiquette|cible|label)"
_EST = r"(?:\s*[:=]\s*|\s+(?:est|dans|s'appelle|est dans)\s+(?:la |le |l')?|\s+)(?:colonne\s*:?\s+)?"
# Words that may follow "label" and the like without being the column's name.
_NO_NAME = one_of(r"""
    (?:is|are|of|in|and|or|with|under|below|above|over|at|for|to|from|by|on|as|not|no|the|an?|each|per|has|have|must|should
    this|that|it|which|what|here|there|either|one|two|whether|binary|yes|will|can|where|known|unknown|missing|around|about
    accura\w+|latency|size|params?|parameters?|precision|perplexity|error|energy|memory|ram|fps|flops|macs|device|platform
    hardware|budget|time|speed|smoothing|noise|imbalance\w*|weights|balance\w*|names?|labels?|columns?|variables?|fields?
    attributes?|features?|files?|class(?:es)?|target|classif\w+|counts?|distribution|encod\w+|[cg]pu|roughly|max\w*|min\w*
    less|more|up|than|exactly|between|within|only|then|first
    und|oder|mit|ist|sind|der|die|das|den|von|unter|über|für|höchstens|mindestens|Genauigkeit|steht|heißt|aus|Spalte|auf
    et|ou|avec|est|sont|les?|la|de|des|du|pour|sous|moins|plus|au|colonne|dans|précision|s'appelle|à)\b
""")
# Each phrase names the column explicitly.
_STATED = (
    # label: NAME; the labels are in the column NAME; target variable NAME; the column NAME holds the classes
    rf"\b{_THE}{_LABELS}(?: {_COLUMN})?(?:{_IS}|{_IN}|\s+)(?:the )?{_COLUMN}\s*:?\s+NAME",
    rf"\b{_THE}{_LABEL}(?: {_COLUMN})?(?: name)?{_IS}(?:the )?NAME",
    rf"\b{_THE}{_LABELS}{_IN}(?:the )?NAME",
    rf"\b{_THE}(?:label|target|{_LABEL} {_COLUMN})\s+NAME",
    r"[,;(]\s*class NAME(?=\s*(?:[,;.)]|$))",
    rf"\b{_THE}{_COLUMN} to (?:be )?(?:predict|learn|classif|guess)\w*{_IS}NAME",
    rf"\b{_THE}{_COLUMN} (?:with|of|that holds|holding) {_THE}{_LABELS}{_IS}NAME",
    rf"\b{_THE}{_COLUMN} NAME{_OF} (?:is|as|holds|has|contains|gives) {_THE}{_LABELS}\b",
    rf"NAME(?: {_COLUMN})?{_OF} (?:is|as|being|holds) {_THE}{_LABELS}(?: {_COLUMN})?(?![\w-]| (?:of|per)\b)",
    rf"\blabell?ed (?:by|in|with) {_THE}(?:{_COLUMN} )?NAME",
    rf"\b(?:predict|learn|classify|guess|infer)(?:ing|s)? {_THE}{_COLUMN} NAME",
    rf"\b(?:predict|learn|classify|guess|infer)(?:ing|s)? {_THE}NAME {_COLUMN}\b",
    rf"\b(?:classify|sort|group|split)\b[^.;,]{{0,60}} by {_THE}(?:{_COLUMN} )?NAME",
    r"(?<![\w.])y\s*=\s*NAME",
    # German
    rf"\b{_DIE}{_ZIEL}{_IST}NAME",
    r"\b(?:die )?Klassen? (?:steht|stehen) in (?:der )?(?:Spalte )?NAME",
    rf"\b{_DIE}{_SPALTE} NAME (?:ist|als|enthält|hat) {_DIE}(?:{_ZIEL}|Klassen?)\b",
    rf"NAME (?:ist|als) {_DIE}{_ZIEL}\b",
    rf"\b{_DIE}{_SPALTE} mit de[nmr] (?:Klassen?|Labels?|Ziel\w*)(?: heißt| ist|:)? NAME",
    r"\b(?:klassifizier|sortier|ordne|teile?)\w*\b[^.;,]{0,60} nach (?:der |dem |den )?(?:Spalte )?NAME",
    r"\bnach (?:der |dem |den )?(?:Spalte )?NAME (?:klassifizier\w+|ein(?:zu)?teilen|sortier\w+)",
    # French
    rf"(?<!\w)(?:la |le |l')?{_CIBLE}{_EST}NAME",
    r"(?<!\w)(?:les )?classes sont dans (?:la )?(?:colonne )?NAME",
    rf"\b(?:la )?colonne NAME (?:est|comme|contient) (?:la |le |l'|les )?(?:{_CIBLE}s?|classes?)(?!\w)",
    rf"NAME (?:est|comme) (?:la |le |l')?{_CIBLE}(?!\w)",
)
_AIM = one_of(r"""
    predict(?:s|ing)?|prediction (?:of|for)|forecast(?:s|ing)?|guess(?:es|ing)?|infer(?:s|ring)?|estimat(?:e|es|ing)
    learn(?:s|ing)?(?: to (?:predict|tell|guess))?|tell(?:s|ing)?|decid(?:e|es|ing)|determin(?:e|es|ing)
    (?P<thing>classif(?:y|ies|ying)|sort(?:s|ing)?)
    sag(?:e|t|en)(?= [^.;]*\bvor(?:aus|her)\b)|Vorhersage (?:von|der|des|für)|prognostizier\w+|bestimm\w+
    prédi(?:re|s|t|sez|sant)|prédiction (?:de|du|des)|prévoi[rst]|devine[rz]?|détermine[rz]?
""")
_WITH = one_of(r"""
    from|in|inside|using|with|given|based on|out of|of|for|by|at|under|below|to|as|on|aus|mit|anhand|für|von|à partir
    (?:de|dans|depuis|avec|d'après|pour|sur)
""")
_ARTICLES = r"(?:(?:the|a|an|das|die|der|den|la|le|les|du|des|column|values? of|Spalte|colonne) |l')*"
_AIMED = re.compile(
    rf"\b{_AIM}:?\s+{_ARTICLES}(?P<phrase>[^,.;:!?|()\n{PATH}]{{1,80}}?|{_WORD})"
    rf"(?=\s+(?:{_WITH})\b|\s*[,;:!?|()\n{PATH}]|\.(?:\s|$)|\s*$)",
    re.I,
)
_PLACED = re.compile(
    rf"\b{_LABELS}\b[^.;,]{{0,20}} (?P<after>first|last) column\b|"
    rf"\b(?P<before>first|last) column\b[^.;,]{{0,20}} {_LABELS}\b",
    re.I,
)
_BEFORE_VERB = re.compile(
    rf"(?<!\w)(?P<phrase>{NAME}|{_WORD}) (?P<aim>vorher(?:zu)?sagen|voraus(?:zu)?sagen|prognostizieren)\b", re.I
)
_QUESTION = re.compile(r"(?:whether|if|which|what|who|how|when|why|ob|welche\w*|si|quel\w*)\b", re.I)
_GENERAL = re.compile(
    one_of(r"""
    (?:it|them|this|these|things?|rows?|lines?|records?|entr(?:y|ies)|samples?|examples?|data|tables?|cases?|everything
    class(?:es)?|labels?|targets?|categor(?:y|ies)|outcomes?|answers?|images?|photos?|pictures?|scans?|each|every|all
    Zeilen?|Daten|Tabelle|Klassen?|lignes?|données|classes?|tableau|accura\w+|well|better|best|quickly|fast|correctly)
    """)
    + r"(?: .*)?",
    re.I,
)
_PLAIN = ("label", "target", "y")  # columns that hold the classes even if the sentence uses another word


class Label(NamedTuple):
    """The column of the classes.

    Args:
        column: its name; None if the sentence names none, so that the task looks for one with a usual name.
        stated: whether the sentence calls the column the label, and does not only ask to predict it.
    """

    column: str | None = None
    stated: bool = False


def read_label(apart: Verbatim) -> Label:
    """The label column of the first path, if that may be a table; its name is taken out of the sentence.

    If the file exists, a name is matched with its columns: "house type" means house_type. What is to be predicted must
    be a column of that name.

    Raises:
        RequestError: the sentence names several columns, or what is to be predicted is not a column of the file.
    """
    path = apart.paths[0] if apart.paths else ""
    if not path.lower().endswith((".csv", ".tsv", ".parquet", ".npz")) and not tables_within(path):
        return Label()
    names = columns(path)
    if placed := _PLACED.search(apart.text):
        return _placed(apart, placed, names)
    for pattern in (*_stated(tuple(name for name in names if name in apart.text)), *_stated(())):
        if match := pattern.search(apart.text):
            said = apart.name(match[1])
            apart.text = apart.text[: match.start()] + f" {BLANK} " + apart.text[match.end() :]
            return Label(called(said, names) or said, stated=True)
    for match in (*_AIMED.finditer(apart.text), *_BEFORE_VERB.finditer(apart.text)):
        if (column := _aimed(apart, match, names, path)) is not None:
            return Label(column)
    return Label()


def _placed(apart: Verbatim, match: re.Match[str], names: tuple[str, ...]) -> Label:
    """The label if the sentence says that it is the first or the last column."""
    if not names:
        raise RequestError(f"Which column is {match[0][:60]!r}? Write label NAME, with the name of the column.")
    apart.text = apart.text.replace(match[0], f" {BLANK} ")
    place = (match["after"] or match["before"]).lower()
    return Label(names[-1 if place == "last" else 0], stated=True)


@lru_cache
def _stated(names: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    """The phrases of `_STATED` with one of these column names; without names, with any quoted name or likely word."""
    any_of = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    name = rf"(?<!\w)({any_of})(?!\w)" if names else rf"(?<!\w)(?!{_NO_NAME})({NAME}|{_WORD})"
    return tuple(re.compile(phrase.replace("NAME", name), re.I) for phrase in _STATED)


def _aimed(apart: Verbatim, match: re.Match[str], names: tuple[str, ...], path: str) -> str | None:
    """The column that is to be predicted, if the phrase after the verb names one."""
    phrase = re.sub(NAME, lambda m: apart.name(m[0]), match["phrase"]).strip()
    thing, quoted = match.groupdict().get("thing") is not None, re.search(NAME, match["phrase"]) is not None
    if not quoted and _GENERAL.fullmatch(phrase):
        return None
    question = _QUESTION.match(phrase) is not None
    single = quoted or " " not in phrase
    if not names:  # the file does not exist yet, or it names no columns
        return phrase if single and not question and not thing else None
    inside = within(phrase, names)
    if (column := called(phrase, names)) is not None or (len(inside) == 1 and (column := inside[0])):
        return column
    if thing and not inside:
        return None
    if inside or not set(_PLAIN) & {name.lower() for name in names}:
        which = f" Is it {' or '.join(map(repr, inside[:4]))}?" if inside else ""
        raise RequestError(
            f"Which column of {path[:80]} holds {phrase[:40]!r}?{which} Write for example: label NAME, with the name "
            "of the column that holds the classes."
        )
    return None
