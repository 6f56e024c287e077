"""Blanks numbers that are no limits: dates, versions, how many people ask, figures of a model in use today."""

from __future__ import annotations

import re

from genas.core.errors import RequestError
from genas.interpreters.plain.patterns import one_of
from genas.interpreters.plain.text import blank_all

_MONTH = one_of(r"""
    jan(?:uary|uar|vier)?|feb(?:ruary|ruar)?|février|mar(?:ch|s)?|märz|apr(?:il)?|avril|may|mai
    june?|juni|juin|july?|juli|juillet|aug(?:ust)?|août|sep(?:t(?:ember|embre)?)?
    o[ck]t(?:ober|obre)?|nov(?:ember|embre)?|de[cz](?:ember)?|décembre
""")
_MONTH = rf"{_MONTH}\b\.?"
_NUMBERED = one_of(r"""
    phase|section|chapter|figure|fig\.|ticket|issue|version|step|page|room|building|milestone|sprint|work ?package|wp
    part|release|option|item|point|appendix|paragraph|lecture|exercise|week|unit|slide|req(?:uirement)?|revision
    abschnitt|kapitel|seite|raum|punkt|aufgabe|übung|schritt|anhang|étape|chapitre|salle|lot|annexe|exercice
    python|pytorch|torch|tensorflow|tf|cuda|ubuntu|windows|debian|linux|macos|ios|android|java|onnx opset|opset
    no\.|nr\.
""")
_NETS = r"(?:resnet|vgg|efficientnet[- ]?b|mobilenet|densenet|inception|lenet|alexnet|yolo|llama|bert|squeezenet)"
_PEOPLE = one_of(r"""
    of us|people|persons?|colleagues|students|engineers|developers|users|customers|clients|teams?|members|labs?
    departments|cameras?|sensors?|boards|devices|machines|servers|computers|laptops|pcs|robots|drones|stores|shops
    countries|languages|offices|factories|lines|patients|hospitals|papers|projects|demos|slides|pages|tickets
    attempts|meetings|cats|dogs|leute|personen|kollegen|studenten|kunden|rechner|maschinen|mitarbeiter\w*|kameras
    personnes|collègues|étudiants|utilisateurs|ingénieurs|caméras|megapixels?|mp
""")
_CURRENCY = r"(?:euros?|dollars?|bucks|pounds|eur|usd|gbp|chf|[$€£])"
_MONEY = rf"(?<![\w.,])(?:[$€£] ?[0-9](?:[0-9.,]*[0-9])?|[0-9](?:[0-9.,]*[0-9])?[- ]?{_CURRENCY})(?!\w)"
_SPENT = re.compile(
    rf"\b(?:budget|spend(?:ing)?|compute|costs?)\b\W*(?:\w+ ){{0,4}}{_MONEY}|"
    rf"{_MONEY} (?:\w+ )?(?:budget|compute|computing|cloud|search|training|credits?)\b",
    re.I,
)
_FEW = r"(?:(?:of|more|other|new|different|old|small|big|busy) ){0,2}"
_NOT_PEOPLE = r"(?!\w| (?:features|columns|attributes|variables)\b)"  # 12 sensor features are data
_SPAN = r"(?:hours?|days?|weeks?|months?|years?)"
_EVENT = one_of(r"""
    demo|deadline|meeting|talk|review|presentation|release|launch|conference|exam|workshop|exhibition|fair|defen[cs]e
    holidays?|vacation|leave|leaving|due|submission|ships?|deliver\w*|go live|back|starts?|opens?|begins?
""")
_NO_BUDGET = "".join(  # 2 years, but not a budget of 2 years
    rf"(?<!\b{word} )"
    for word in (
        "budget", "budget:", "budget of", "budget is", "budget =", "limit", "limit of", "at most", "up to", "spend",
        "search", "search for", "run for", "train for", "training for", "no more than", "longer than", "take", "takes",
        "time:", "time of", "of up to",
    )
)  # fmt: skip
_YEAR = r"(?:19[5-9]|20[0-4])[0-9]"
_WHEN = one_of(r"""
    in|since|our|the|their|year|mid|early|late|spring|summer|autumn|fall|winter|q[1-4]|neurips|icml|iclr|cvpr
    seit|jahr|en|depuis
""")
_AMOUNT = one_of(r"""
    param|weights|[kmg]?flops|[kmg]?macs|bytes|sec|min|hour|milli|micro|trial|network|model|arch|image|token|epoch
    class|feature|column|multiply|trainable|learnable|floating
""")
_COUNTS = rf"(?!\w|[.,][0-9]| ?(?:[kmunµμ]?[sj]|[kmg]i?b|fps|hz)\b| {_AMOUNT})"  # 2000 parameters are no year
_ISSUED = r"(?:paper|edition|report|study|release|workshop|challenge|season|campaign|survey)"
_PRESENT = one_of(r"""
    (?:has|have|needs?)(?! to\b)|had|needed|uses?|used|takes?|took|reach(?:es|ed)|is|was
    gets?|got|runs?|ran|stands?|sits?|only|weighs
""")
_SUBJECT = (
    r"(?:our|the|my|your) (?:current|old|present|existing|previous|former|in-house|hand-?made) "
    r"(?:\w+ )?(?:network|net|model|one|version|solution|classifier|attempt|prototype|baseline|system)"
)
_FRAMES = tuple(
    re.compile(pattern, re.I)
    for pattern in (
        # times of day and dates
        r"(?<![\w.])(?:[01]?[0-9]|2[0-3])(?:[:.][0-5][0-9])? ?(?:[ap]\.?m\b\.?|o'clock|uhr\b)",
        r"(?<![\w.:])(?:[01]?[0-9]|2[0-3]):[0-5][0-9](?![\w:])",
        rf"(?<![\w.])[0-3]?[0-9](?:st|nd|rd|th|er|\.)? (?:of )?{_MONTH}(?:,? (?:19|20)[0-9]{{2}})?(?!\w)",
        rf"(?<!\w){_MONTH} [0-3]?[0-9](?:st|nd|rd|th)?(?:,? (?:19|20)[0-9]{{2}})?(?![\w.%])",
        rf"(?<!\w){_MONTH} (?:19|20)[0-9]{{2}}(?!\w)",
        r"(?<![\w.])(?:19|20)[0-9]{2}-[01][0-9]-[0-3][0-9](?!\w)",
        r"(?<![\w.])[0-3]?[0-9](?:\.[01]?[0-9]\.(?:(?:19|20)?[0-9]{2})?|/[01]?[0-9]/(?:19|20)?[0-9]{2})(?![\w])",
        rf"\b{_WHEN} {_YEAR}{_COUNTS}",
        rf"\b(?:paper|report|study|work|thesis) (?:of|from) {_YEAR}\b",
        rf"\b{_YEAR} {_ISSUED}\b",
        # numbered things, and networks by their names
        rf"(?<!\w){_NUMBERED} ?#?[0-9]+(?:\.[0-9]+)*(?![\w%])(?! ?(?:%|param|weights|ms\b|[km]i?b\b))",
        r"(?<!\w)#[0-9]+(?!\w)|(?<!\w)24/7(?!\w)|(?<!\w)\+?[0-9]{2,5}[ /-][0-9]{5,}(?!\w)",
        rf"(?<!\w){_NETS}[- ]?(?:v|x)?[0-9]+\w*",
        # how many people ask, and their money
        rf"(?<![\w.,])[0-9]+ {_FEW}{_PEOPLE}{_NOT_PEOPLE}",
        _MONEY,
        # when other things than the search happen
        rf"\b{_EVENT}\b[^.;,|0-9]{{0,24}}\b(?:in|within|after) [0-9]+ {_SPAN}\b",
        rf"\b(?:in|within) [0-9]+ {_SPAN}\b[^.;,|0-9]{{0,24}}\b{_EVENT}\b",
        rf"\b[0-9]+[ -]{_SPAN}(?:[ -]old)?(?: ago| of experience| workshop| course| project| old| later)\b",
        rf"\b(?:(?:for|over|in) the )?(?:last|past) [0-9]+ {_SPAN}\b",
        rf"(?<![\w.,]){_NO_BUDGET}[0-9]+[ -](?:months?|years?)\b"
        r"(?! (?:of )?(?:budget|search\w*|compute|training|at most|max\w*))",
        # figures of a model in use today
        rf"\b{_SUBJECT} {_PRESENT}\b[^.;:|\n]*?"
        r"(?=[;:|\n]|[.!](?:\s|$)|,? (?:but|and|so) (?:we|I|now|the new|this)\b|$)",
    )
)


def without_frame(text: str) -> str:
    """The text with numbers blanked that are no limits; RequestError for a budget in money."""
    if spent := _SPENT.search(text):
        raise RequestError(
            f"{spent[0]!r}: a budget is counted in time or trials. Write for example a budget of 2 hours."
        )
    for pattern in _FRAMES:
        text = blank_all(text, pattern)
    return text
