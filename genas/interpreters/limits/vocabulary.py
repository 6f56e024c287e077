"""The words in which people write limits: comparisons, metrics, and what ends a clause."""

from __future__ import annotations

import re

from genas.interpreters.plain.patterns import one_of, rows, words

_THOUGHT = one_of(r"""
    and|but|or|while|although|though|if|mind|minds|care|cares|matter|matters|worry|important
    limit\w*|restrict\w*|constrain\w*|under|below|over|above|more|less|fewer|at|up
""")
_ANY = rf"(?!{_THOUGHT}\b)[A-Za-z']+"  # may stand between a negation and its comparison
_NO = rf"(?:no|not|never|neither|nothing|none|cannot|without|nor|avoid|refuse|reject|\w+n't)\s+(?:{_ANY}\s+){{0,5}}"
_MORE = one_of(r"""
    (?:more|greater|larger|bigger|higher|longer|slower|better|heavier)\s+(?:parameters\s+|weights\s+)?than
    over|above|north of|exceed(?:ing|s)?|beyond|past|in excess of|upwards? of
""")
_LESS = one_of(r"""
    (?:less|fewer|smaller|lower|shorter|faster|quicker|lighter|worse)\s+(?:parameters\s+|weights\s+)?than
    under|below|beneath|south of
""")
_MOST = one_of(r"""
    at (?:the )?(?:very )?most|up to|within|max(?:imum|imal(?:ly)?)?\.?|as many as|no more
    (?:limit(?:ed)?|restrict(?:ed)?|bound(?:ed)?|cap(?:ped)?)(?: (?:at|by|to))?
    ceiling|upper (?:bound|limit)|fits? in(?:to|side)?
""")
_LEAST = one_of(r"""
    at (?:the )?(?:very )?(?:least|minimum)|min(?:imum|imal(?:ly)?)?\.?|floor|lower (?:bound|limit)
    or better than|reach(?:es|ing)?|achiev(?:e|es|ing)|hit(?:s|ting)?|not falling
""")
_ABOUT = one_of(r"""
    about|around|roughly|approximately|approx\.?|circa|ca\.|near(?:ly)?|some|close to|almost|something like
    (?:a )?ball ?park(?: figure)?|in the (?:region|area|vicinity|neighbou?rhood|ball ?park)|on the order|in the order
    more or less|plus[ /-]minus|±|aim(?:ing|s|ed)? (?:for|at)|shoot(?:ing)? for
""")
_FILLED = r"\)?(?:\s+(?:of|a|an|the|to|is|be|only|about|total|both|either)|\s*[:=])*\s*$"
# Each sign with the words and symbols for it in front of a number; the first match is taken.
SIGNS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (sign, re.compile(rf"(?:(?<![A-Za-z]){said}|{marks}){_FILLED}", re.I))
    for sign, said, marks in (
        ("<=", f"(?:{_NO}{_MORE})", "<="),
        (">=", f"(?:{_NO}{_LESS})", ">="),
        ("<=", _MOST, "=<"),
        (">=", _LEAST, "=>"),
        ("<", _LESS, "<"),
        (">", _MORE, ">"),
        ("=", "(?:exactly|precisely)", "=="),
        ("~", _ABOUT, "~"),
    )
)
# The comparison belongs to the number before it: neither another number nor a "than" follows.
_HERE = r"(?!\s*(?:than|of)?\s*[<>=]*\s*[0-9])(?!\s+(?:[a-z]+\s+){0,2}th[ae]n\b)"
_OR_SO = r"(?:or (?:so|thereabouts)|give or take|more or less|-?ish|approximately|roughly)"
_OR_LESS = one_of(r"""
    or (?:less|fewer|below|under|smaller|lower|faster|quicker)|and (?:below|under|less)
    (?:at (?:the )?)?(?:very )?most|max(?:imum|imal)?|tops
    (?:as |is |being )?(?:an?|the|my|our) (?:upper |hard )*(?:limit|bound|max(?:imum)?|ceiling|cap)
    (?:must|should|may|can|shall)(?:n't| not|not) be exceeded
""")
_OR_MORE = one_of(r"""
    or (?:more|better|higher|above|over|larger)|and (?:above|up|upwards?|better|more)
    (?:at (?:the )?)?(?:very )?(?:least|minimum)|min(?!\w)
    (?:as |is |being )?(?:an?|the) (?:minimum|lower (?:bound|limit)|floor)
""")
AFTER: tuple[tuple[str, re.Pattern[str]], ...] = (  # the same after a number
    ("~", re.compile(rf"\s*,?\s*{_OR_SO}\b", re.I)),
    ("<=", re.compile(rf"\s*\(?{_OR_LESS}\b\)?{_HERE}", re.I)),
    (">=", re.compile(rf"\s*\(?{_OR_MORE}\b\)?{_HERE}|\+(?!\w)", re.I)),
)
_EACH = r"(?:per|an?|each|one|every|any|no|single) (?:single )?"
_METRICS = rows(rf"""
    error       <- (?:test |classification |validation |top-1 )?error(?:s| rate)?|mistakes|misclassif\w+|wrong
    roc_auc     <- (?:roc[\s-]?)?auc(?:[\s-]?roc)?(?:[\s-]score)?|area under the (?:roc )?curve
    perplexity  <- perplexity|ppl
    accuracy    <- (?:test |validation |top-1 |classification )?accura(?:cy|cies|te)|acc|correct(?:ly)?
                   right(?! (?:now|away|after))
    params      <- (?:number of |trainable |learnable )*(?:param(?:eter)?s?)(?:[\s-](?:count|budget|limit))?
                   (?:number of )?weights
    macs        <- macs?|multiply[\s-](?:adds?|accumulates?)|madds
    flops       <- flops?|floating[\s-]point operations|compute cost
    latency_ms  <- latenc(?:y|ies)(?: budget| limit)?|inference(?: time)?|response time|forward pass|run ?time
                   {_EACH}(?:image|frame|picture|photo|sample|example|digit|prediction|inference|forward pass|answer)
                   delay|respon[ds]\w*|predict\w*|frame
    memory_mb   <- (?:peak )?(?:memory|v?ram|sram|activations?)(?: (?:use|usage|footprint|budget|limit))?
    size_mb     <- (?:model |file |download )?size|disk|flash|file|storage|download|on disk
    energy_mj   <- (?:energy|power)(?: budget| limit)?|joules
    budget      <- budget|search(?:ing)?|spend(?:ing)?|wall[\s-]time|wait|time limit|train(?:ing)?(?: time)?
                   finish(?:ed)?|done|(?:in )?total|total time|altogether|time|compute|run for|stop|overall
                   i have|you have|work|design(?:ing)?
""")
METRIC = re.compile("|".join(rf"(?P<{name}>(?<![A-Za-z])(?:{said})(?![A-Za-z]))" for said, name in _METRICS), re.I)
STOP = re.compile(r"[.;!?|\n](?:\s|$)|[;|\n]")
_TURNS = one_of(r"""
    and|but|with|while|then|or|under|below|above|over|at|up|less|more|fewer|no|not|max\w*|min\w*|between|exactly|within
""")
RIGHT_STOP = re.compile(rf"[,.;:!?|\n()]|\b{_TURNS}\b|[<>=0-9]", re.I)
TRY = words(r"""
    try|tries|tried|trying|evaluat\w+|test(?:ing)?|search\w*|explor\w+|sampl\w+|look\w* at
    budget|consider\w*|measur\w+|train|check|compare|trial\w*
""")
_FIGURE = r"(?:params|parameters|weights|flops|macs|latency|memory|energy|size)"
TWO = re.compile(rf"{_FIGURE}\s*(?:and|&|/)\s*{_FIGURE}\b", re.I)
ALONE_BEFORE = re.compile(r"(?:^|[,.:;|/()\n-]|\b(?:or|and|plus))\s*$", re.I)
ALONE_AFTER = re.compile(r"\s*(?:$|[,.:;|/()!\n-]|\b(?:or|and|plus)\b)", re.I)
LETTER_SCALE = re.compile(r"[0-9]\s?[kKmMgGbBtT](?=[\s-]|$|param|weight)", re.I)
RANGE = {"to", "up to", "-", "..", "through"}
_END = one_of(r"""
    under|below|less than|fewer than|at most|up to|no more than|<=?|not more than
    over|above|more than|at least|no less than|not less than|>=?
""")
OTHER_END = re.compile(rf"(?:\s|,|and\b|but\b|yet\b)*{_END}\s*$", re.I)
FAR = re.compile(r"(?:\S+\s+){4}")
_FILLER = r"(?:trainable|learnable|total|model|network|free|of|on|for|in|the|as|test|validation)"
OTHER_WORD = re.compile(rf"\b(?!{_FILLER}\b)\w")
_NOT_COUNTED = rf"(?!(?:{_FILLER}|at|if|then|so|but|yet|when|while|by|over|under|or|and|is|are|please|after|before)\b)"
COUNTED = re.compile(rf"[\s-]*{_NOT_COUNTED}[^\W\d_]{{2,}}", re.I)  # a word that a number may count
BEHIND = re.compile(rf"[\s-]*{_NOT_COUNTED}([^\W\d_]\w*)", re.I)  # such a word, or a unit of one letter
KINDS = {
    "percent": "accuracy",
    "flops": "flops",
    "params": "params",
    "fps": "fps",
    "energy": "energy_mj",
    "tokens": "tokens",
    "trials": "trials",
    "epochs": "epochs",
}
UNITS = {"latency_ms": "time", "memory_mb": "bytes", "size_mb": "bytes", "energy_mj": "energy"}
HOW = {"latency_ms": "5 ms", "memory_mb": "2 MB", "size_mb": "2 MB", "energy_mj": "3 mJ"}
NAMES = {
    "params": "parameters",
    "flops": "FLOPs",
    "latency_ms": "the latency",
    "size_mb": "the size",
    "memory_mb": "the memory",
    "energy_mj": "the energy",
    "accuracy": "the accuracy",
    "roc_auc": "the ROC-AUC",
    "perplexity": "the perplexity",
}
