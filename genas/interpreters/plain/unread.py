"""Refuses sentences in other languages, whose limits and wishes would otherwise be lost silently."""

from __future__ import annotations

import re
import unicodedata

from genas.core.errors import RequestError
from genas.interpreters.plain.languages import tells
from genas.interpreters.plain.patterns import words

# Two of these words mark a sentence in another language.
_UNREAD = words(r"""
    una|uno|los|las|hasta|menos|más|imágenes|parámetros|redes|para|como|debe|quiero|millón|clasifica\w*
    rete|reti|meno|più|immagini|parametri|sotto|vorrei|addestra\w*|della|delle|degli|che|di
    rede|parâmetros|imagens|não|uma|mais
    een|netwerk|voor|het|minder|meer|afbeeldingen|nauwkeurigheid
    nätverk|mindre|än|parametrar|netværk|færre|billeder|nettverk|og|och
    sieć|dla|mniej|więcej|niż|parametrów|obrazów|dokładność|síť|méně|než|parametrů|ağ|için|fazla|doğruluk
""")
# One of these is enough.
_COMPARISON = words(r"""
    (?:más|menos|mais) (?:de|que|do que)|(?:al|por lo|pelo) menos|(?:como|no|al) (?:máximo|mínimo)|(?:più|meno) di
    almeno|al (?:massimo|minimo)|(?:meer|minder) dan|ten minste|hoogstens|(?:mer|mindre|færre) (?:än|end|enn)
    högst|højst|(?:mniej|więcej) niż|(?:méně|více) než|en (?:az|fazla)
""")
# One of these is enough before a number, where no English, German or French sentence has it.
_BEFORE_NUMBER = words(r"""
    minstens|tenminste|hooguit
    mindst|minst|høyst|mere end|färre än|fler än
    mas de|como mucho|máximo|mínimo|até|al più|massimo|minimo
    poniżej|powyżej|najwyżej|najmniej|maksymalnie|minimalnie
    nejvýše|alespoň|nejméně|maximálně|minimálně
    vähintään|enintään|korkeintaan
    legalább|legfeljebb|kevesebb mint|több mint|en çok
    paling sedikit|paling banyak|kurang dari|lebih dari
    mai puțin de|mai mult de|cel puțin|cel mult|ít nhất|nhiều nhất
""")
_COMPARED = re.compile(rf"{_BEFORE_NUMBER.pattern}(?= (?:\w+ ){{0,2}}[0-9])", re.I)
_SCRIPTS = (
    "LATIN", "GREEK", "MICRO", "FULLWIDTH LATIN", "KELVIN", "ANGSTROM", "SUPERSCRIPT", "MATHEMATICAL", "MODIFIER",
)  # fmt: skip
_FEW = 0.2  # share of letters in other scripts, as in names, that a sentence may have


def refuse_unread(sentence: str) -> None:
    """RequestError for a sentence that is neither English, German nor French."""
    other = {c for c in sentence if c.isalpha() and not unicodedata.name(c, "LATIN").startswith(_SCRIPTS)}
    letters = [c for c in sentence if c.isalpha()]
    foreign = len({word.lower() for word in _UNREAD.findall(sentence)})
    if sum(c in other for c in letters) > _FEW * len(letters) or foreign > max(1, *tells(sentence)):
        raise RequestError("genas does not read this language. Write the sentence in English, German or French.")
    if comparison := _COMPARISON.search(sentence) or _COMPARED.search(sentence):
        raise RequestError(f"genas does not read {comparison[0]!r}. Write the sentence in English, German or French.")
