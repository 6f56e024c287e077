"""German and French sentences in the English that the grammar reads: one table of words per language."""

from __future__ import annotations

import re
from dataclasses import dataclass

from genas.core.errors import RequestError


@dataclass(frozen=True)
class _Language:
    """`tells` are words that no English sentence has; `words` are replaced in order; `numbers` are counting words."""

    tells: re.Pattern[str]
    words: tuple[tuple[str, str], ...]
    numbers: dict[str, int]
    thousand: str
    hundred: str


def _numbered(first: str, more: str, tens: str) -> dict[str, int]:
    """Counting words in order: from one on, and the tens from twenty on."""
    ones = {word: n for n, word in enumerate(f"{first} {more}".split(), 1)}
    return ones | {word: 10 * n for n, word in enumerate(tens.split(), 2)}


_GERMAN = _Language(
    re.compile(
        r"\b(?:und|mit|für|auf|unter|über|höchstens|mindestens|weniger|nicht|zwischen|möglichst|ein|eine|einen|das|"
        r"parametern|genauigkeit|latenz|ziffern|klassen|millionen|netz|versuche|sekunden|minuten|stunden?|erst|dann|suche)\b",
        re.I,
    ),
    (
        (r"eine? halbe Stunde", "30 minutes"),
        (r"eine? Viertelstunde", "15 minutes"),
        (r"anderthalb", "1.5"),
        (r"(?:nicht|keine) (?:mehr|größer|länger|höher) als", "no more than"),
        (r"nicht (?:weniger|kleiner) als", "no less than"),
        (r"(?:weniger|kleiner|niedriger|kürzer) als|unterhalb(?: von)?|unter", "under"),
        (r"(?:mehr|größer|höher) als|oberhalb(?: von)?|über", "over"),
        (r"höchstens|maximal|bis zu|nicht über", "at most"),
        (r"mindestens|wenigstens|minimal", "at least"),
        (r"zwischen", "between"),
        (r"so genau wie möglich|möglichst genau(?:es|e|er|en)?", "as accurate as possible"),
        (r"so schnell wie möglich|möglichst schnell(?:es|e|er|en)?", "as fast as possible"),
        (r"so klein wie möglich|möglichst klein(?:es|e|er|en)?", "as small as possible"),
        (r"schnellste[nrs]?", "fastest"),
        (r"kleinste[nrs]?", "smallest"),
        (r"genaueste[nrs]?", "most accurate"),
        (r"zuerst|zunächst|erst", "first"),
        (r"dann|danach", "then"),
        (r"und", "and"),
        (r"oder weniger", "or less"),
        (r"mit", "with"),
        (r"für", "for"),
        (r"auf", "on"),
        (r"pro|je", "per"),
        (r"einem?|einen|einer", "a"),
        (r"Suchzeit|Suche", "of search"),
        (r"Parameter[n]?|Gewichten?", "parameters"),
        (r"Genauigkeit|Treffsicherheit", "accuracy"),
        (r"Fehlerrate", "error rate"),
        (r"Latenz|Antwortzeit", "latency"),
        (r"Energie(?:verbrauch)?", "energy"),
        (r"(?:Arbeits)?speicher", "memory"),
        (r"Modellgröße|Dateigröße", "model size"),
        (r"Millionen|Million|Mio\.?", "million"),
        (r"Tausend", "thousand"),
        (r"Prozent", "percent"),
        (r"Millisekunden?", "milliseconds"),
        (r"Mikrosekunden?", "microseconds"),
        (r"Sekunden?", "seconds"),
        (r"Minuten?", "minutes"),
        (r"Stunden?", "hours"),
        (r"Tagen?|Tage", "days"),
        (r"Versuchen?|Versuche", "trials"),
        (r"hand(?:geschrieben|schriftlich)\w*", "handwritten"),
        (r"Ziffern", "digits"),
        (r"Bild(?:er|ern)?", "images"),
        (r"Klassen", "classes"),
        (r"Kategorien", "categories"),
        (r"Graustufen\w*|graue[nrs]?", "grayscale "),
        (r"farbige[nrs]?|Farb-?", "colour "),
        (r"Merkmalen?", "features"),
        (r"Graph(?:en)?-?netz(?:werk)?", "graph network"),
        (r"Netz(?:werk)?", "network"),
    ),
    _numbered(
        "ein zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn",
        "achtzehn neunzehn",
        "zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig",
    ),
    "tausend",
    "hundert",
)
_FRENCH = _Language(
    re.compile(
        r"\b(?:avec|réseau|paramètres|chiffres|précision|moins de|plus de|au plus|au moins|sur|pour|essais|dans|"
        r"inférieure?|supérieure?|entre|mille|puis|d'abord|énergie|latence)\b",
        re.I,
    ),
    (
        (r"une demi-heure", "30 minutes"),
        (r"un quart d'heure", "15 minutes"),
        (r"(?:pas|non) plus (?:de|que)|(?:sans|ne pas) dépasser", "no more than"),
        (r"(?:pas|non) moins (?:de|que)", "no less than"),
        (r"le plus rapide|la plus rapide", "fastest"),
        (r"le plus petit|la plus petite", "smallest"),
        (r"le plus précis|la plus précise", "most accurate"),
        (r"aussi rapide que possible", "as fast as possible"),
        (r"aussi petit que possible", "as small as possible"),
        (r"aussi précis que possible", "as accurate as possible"),
        (r"d'au (?:moins|minimum)|au (?:moins|minimum)", "at least"),
        (r"d'au (?:plus|maximum)|au (?:plus|maximum)|jusqu'à", "at most"),
        (r"moins de|inférieure?s? à|sous", "under"),
        (r"plus de|supérieure?s? à|dépassant|au-dessus de", "over"),
        (r"entre", "between"),
        (r"d'abord", "first"),
        (r"puis|ensuite", "then"),
        (r"et", "and"),
        (r"avec", "with"),
        (r"sur", "on"),
        (r"pour", "for"),
        (r"par", "per"),
        (r"une?", "a"),
        (r"de recherche", "of search"),
        (r"(?:de |d')?(?:paramètres|poids)", "parameters"),
        (r"(?:de |d'|la )?(?:précision|exactitude)", "accuracy"),
        (r"taux d'erreur", "error rate"),
        (r"(?:la |de )?(?:latence|temps de réponse)", "latency"),
        (r"(?:l'|d')?énergie", "energy"),
        (r"mémoire", "memory"),
        (r"(?:(?<=[0-9])|(?<=[0-9] ))Ko", "KB"),
        (r"(?:(?<=[0-9])|(?<=[0-9] ))Mo", "MB"),
        (r"(?:(?<=[0-9])|(?<=[0-9] ))Go", "GB"),
        (r"millions", "million"),
        (r"mille", "thousand"),
        (r"pour ?cents?", "percent"),
        (r"millisecondes?", "milliseconds"),
        (r"microsecondes?", "microseconds"),
        (r"secondes?", "seconds"),
        (r"heures?", "hours"),
        (r"jours?", "days"),
        (r"essais?", "trials"),
        (r"(?:les |des )?chiffres manuscrits|(?:les |des )?chiffres", "handwritten digits"),
        (r"en niveaux de gris", "grayscale"),
        (r"en couleurs?", "colour"),
        (r"catégories", "categories"),
        (r"caractéristiques", "features"),
        (r"réseau de (?:neurones de )?graphes?", "graph network"),
        (r"réseau", "network"),
    ),
    _numbered(
        "un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize",
        "dix-sept dix-huit dix-neuf",
        "vingt trente quarante cinquante soixante",
    ),
    "mille",
    "cent",
)


def english(sentence: str) -> str:
    """The sentence with German or French words, decimals and thousands as English has them; English stays as it is.

    Raises:
        RequestError: a number that is a thousand in one language and a fraction in the other.
    """
    german, french = (len(language.tells.findall(sentence)) for language in (_GERMAN, _FRENCH))
    if not german and not french:
        return sentence
    language = _GERMAN if german >= french else _FRENCH
    text = re.sub(r"(?<=[0-9])[ \u00a0\u2009\u202f](?=[0-9]{3}(?![0-9]))", "", sentence)
    text = re.sub(r"(?<![\w.,])[0-9]+(?:[.,][0-9]+)+(?![\w])", _point, text)
    text = _counted(text, language)
    for words, meaning in language.words:
        text = re.sub(rf"(?<!\w)(?:{words})(?!\w)", meaning, text, flags=re.I)
    return re.sub(r"\bmillion (?:de |d')", "million ", text, flags=re.I)


def _point(match: re.Match[str]) -> str:
    """1.500.000,5 as 1500000.5; 0.985 and 2.5 as they are."""
    number = match[0]
    if re.fullmatch(r"[1-9][0-9]{0,2}(?:\.[0-9]{3})+(?:,[0-9]+)?", number):
        return number.replace(".", "").replace(",", ".")
    if re.fullmatch(r"[1-9][0-9]{0,2}(?:,[0-9]{3})+", number):
        raise RequestError(f"Is {number[:24]!r} a thousand or a fraction? Write it without a comma.")
    return number.replace(",", ".") if re.fullmatch(r"[0-9]+,[0-9]+", number) else number


def _counted(text: str, language: _Language) -> str:
    """Digits for counting words before a unit: zehntausend, deux millions, cent mille, fünfzig Klassen."""
    small = "|".join(sorted(language.numbers, key=len, reverse=True))
    compound = rf"(?<!\w)({small})?[ -]?({language.hundred})?[ -]?({language.thousand})(?!\w)"

    def product(match: re.Match[str]) -> str:
        unit = language.numbers.get((match[1] or "").lower(), 1)
        return str(unit * (100 if match[2] else 1) * 1000)

    text = re.sub(rf"(?<![0-9] ){compound}", product, text, flags=re.I)
    after = (
        r"(?= (?:millions?|millionen|tausend|classes|klassen|catégories|kategorien|essais|versuche|minut|heures|"
        r"stunden|secondes|sekunden|jours|tage))"
    )
    return re.sub(rf"(?<!\w)({small})(?!\w){after}", lambda m: str(language.numbers[m[1].lower()]), text, flags=re.I)
