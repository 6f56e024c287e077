"""Numbers of a request's frame, which limit nothing: dates, versions, how many people ask, what there is today."""

from __future__ import annotations

import re

from genas.interpreters._text import blank_all

_MONTH = (
    r"(?:jan(?:uary|uar|vier)?|feb(?:ruary|ruar)?|février|mar(?:ch|s)?|märz|apr(?:il)?|avril|may|mai|june?|juni|juin|"
    r"july?|juli|juillet|aug(?:ust)?|août|sep(?:t(?:ember|embre)?)?|o[ck]t(?:ober|obre)?|nov(?:ember|embre)?|"
    r"de[cz](?:ember)?|décembre)\b\.?"
)
_NUMBERED = (  # things that are told apart by a number
    r"phase|section|chapter|figure|fig\.|ticket|issue|version|step|page|room|building|milestone|sprint|work ?package|"
    r"wp|"
    r"part|release|option|item|point|appendix|paragraph|lecture|exercise|week|unit|slide|req(?:uirement)?|revision|"
    r"abschnitt|kapitel|seite|raum|punkt|aufgabe|übung|schritt|anhang|étape|chapitre|salle|lot|annexe|exercice|"
    r"python|pytorch|torch|tensorflow|tf|cuda|ubuntu|windows|debian|linux|macos|ios|android|java|onnx opset|opset"
)
_NETS = r"resnet|vgg|efficientnet[- ]?b|mobilenet|densenet|inception|lenet|alexnet|yolo|llama|bert|squeezenet"
_PEOPLE = (
    r"of us|people|persons?|colleagues|students|engineers|developers|users|customers|clients|teams?|members|labs?|"
    r"departments|cameras?|sensors?|boards|devices|machines|servers|computers|laptops|pcs|robots|drones|stores|shops|"
    r"countries|languages|offices|factories|lines|patients|hospitals|papers|projects|demos|slides|pages|tickets|"
    r"attempts|meetings|cats|dogs|leute|personen|kollegen|studenten|kunden|rechner|maschinen|mitarbeiter\w*|kameras|"
    r"personnes|collègues|étudiants|clients|utilisateurs|ingénieurs|caméras|machines|megapixels?|mp|euros?|dollars|"
    r"eur|usd"
)
_SPAN = r"(?:hours?|days?|weeks?|months?|years?)"
_EVENT = (
    r"(?:demo|deadline|meeting|talk|review|presentation|release|launch|conference|exam|due|starts?|ships?|deliver\w*|"
    r"submission|workshop|holidays?|vacation|leave|leaving|exhibition|fair|defen[cs]e|go live|back|opens?|begins?)"
)
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
        r"\b(?:in|since|our|the|year|mid|early|late|spring|summer|autumn|fall|winter|q[1-4]|neurips|icml|iclr|cvpr|"
        r"seit|"
        r"jahr|en|depuis|their) (?:19[5-9]|20[0-4])[0-9](?!\w|[.,][0-9]| ?(?:[kmunµμ]?[sj]|[kmg]i?b|fps|hz)\b|"
        r" (?:param|weights|[kmg]?flops|[kmg]?macs|bytes|sec|min|hour|milli|micro|trial|network|model|arch|image|"
        r"token|epoch|"
        r"class|feature|column|multiply|trainable|learnable|floating))",
        r"\b(?:paper|report|study|work|thesis) (?:of|from) (?:19[5-9]|20[0-4])[0-9]\b",
        r"\b(?:19[5-9]|20[0-4])[0-9] (?:paper|edition|report|study|release|workshop|challenge|season|campaign|"
        r"survey)\b",
        # numbered things, and networks by their names
        rf"(?<!\w)(?:{_NUMBERED}|no\.|nr\.) ?#?[0-9]+(?:\.[0-9]+)*(?![\w%])(?! ?(?:%|param|weights|ms\b|[km]i?b\b))",
        r"(?<!\w)#[0-9]+(?!\w)|(?<!\w)24/7(?!\w)|(?<!\w)\+?[0-9]{2,5}[ /-][0-9]{5,}(?!\w)",
        rf"(?<!\w)(?:{_NETS})[- ]?(?:v|x)?[0-9]+\w*",
        # how many ask, and with what
        rf"(?<![\w.,])[0-9]+ (?:(?:of|more|other|new|different|old|small|big|busy) ){{0,2}}(?:{_PEOPLE})(?!\w)",
        # when things happen that are no search
        rf"\b{_EVENT}\b[^.;,|0-9]{{0,24}}\b(?:in|within|after) [0-9]+ {_SPAN}\b",
        rf"\b(?:in|within) [0-9]+ {_SPAN}\b[^.;,|0-9]{{0,24}}\b{_EVENT}\b",
        rf"\b[0-9]+[ -]{_SPAN}(?:[ -]old)?(?: ago| of experience| workshop| course| project| old| later)\b",
        rf"\b(?:(?:for|over|in) the )?(?:last|past) [0-9]+ {_SPAN}\b",
        r"\b[0-9]+[ -](?:months?|years?)\b",
        # what there is today
        rf"\b{_SUBJECT} (?:(?:has|have|needs?)(?! to\b)|had|needed|uses?|used|takes?|took|reach(?:es|ed)|is|was|"
        rf"gets?|got|runs?|ran|"
        r"stands?|sits?|only|weighs)\b[^.;:|\n]*?(?=[;:|\n]|[.!](?:\s|$)|,? (?:but|and|so) (?:we|I|now|the new|"
        r"this)\b|$)",
    )
)


def without_frame(text: str) -> str:
    """The text with the numbers of its frame blanked."""
    for pattern in _FRAMES:
        text = blank_all(text, pattern)
    return text
