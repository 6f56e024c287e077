"""The words of limits: comparisons, metrics, and where a clause ends."""

from __future__ import annotations

import re

_ANY = (  # a word that may stand between a negation and its comparison: none that begins another thought
    r"(?!(?:and|but|or|while|although|though|if|mind|minds|care|cares|matter|matters|worry|important|limit\w*|"
    r"restrict\w*|"
    r"constrain\w*|under|below|over|above|more|less|fewer|at|up)\b)[A-Za-z']+"
)
_NO = rf"(?:no|not|never|neither|nothing|none|cannot|without|nor|avoid|refuse|reject|\w+n't)\s+(?:{_ANY}\s+){{0,5}}"
_MORE = (
    r"(?:more|greater|larger|bigger|higher|longer|slower|better|heavier)\s+(?:parameters\s+|weights\s+)?than|"
    r"over|above|north of|exceed(?:ing|s)?|beyond|past|in excess of|upwards? of"
)
_LESS = (
    r"(?:less|fewer|smaller|lower|shorter|faster|quicker|lighter|worse)\s+(?:parameters\s+|weights\s+)?than|"
    r"under|below|beneath|south of"
)
SIGNS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (
        sign,
        re.compile(
            rf"(?:(?<![A-Za-z])(?:{words})|{signs})\)?(?:\s+(?:of|a|an|the|to|is|"
            rf"be|only|about|total|both|either)|\s*[:=])*\s*$",
            re.I,
        ),
    )
    for sign, words, signs in (
        ("<=", _NO + rf"(?:{_MORE})", r"<="),
        (">=", _NO + rf"(?:{_LESS})", r">="),
        (
            "<=",
            r"at (?:the )?(?:very )?most|up to|within|max(?:imum|imal(?:ly)?)?\.?|"
            r"(?:limit(?:ed)?|restrict(?:ed)?|bound(?:ed)?|"
            r"cap(?:ped)?)(?: (?:at|by|to))?|ceiling|upper (?:bound|limit)|as many as|fits? in(?:to|side)?|no more",
            r"=<",
        ),
        (
            ">=",
            r"at (?:the )?(?:very )?(?:least|minimum)|min(?:imum|imal(?:ly)?)?\.?|floor|lower (?:bound|limit)|"
            r"or better than|reach(?:es|ing)?|achiev(?:e|es|ing)|hit(?:s|ting)?|not falling",
            r"=>",
        ),
        ("<", _LESS, r"<"),
        (">", _MORE, r">"),
        ("=", r"exactly|precisely", r"=="),
        (
            "~",
            r"about|around|roughly|approximately|approx\.?|circa|ca\.|near(?:ly)?|some|close to|almost|something like|"
            r"(?:a )?ball ?park(?: figure)?|in the (?:region|area|vicinity|neighbou?rhood|ball ?park)|on the order|"
            r"in the order|more or less|plus[ /-]minus|±",
            r"~",
        ),
    )
)
_HERE = (  # a comparison that nothing further follows which would have it: a number, or what it compares
    r"(?!\s*(?:than|of)?\s*[<>=]*\s*[0-9])(?!\s+(?:[a-z]+\s+){0,2}th[ae]n\b)"
)
AFTER: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "~",
        re.compile(r"\s*,?\s*(?:or (?:so|thereabouts)|give or take|more or less|-?ish|approximately|roughly)\b", re.I),
    ),
    (
        "<=",
        re.compile(
            r"\s*\(?(?:or (?:less|fewer|below|under|smaller|lower|faster|quicker)|"
            r"(?:at (?:the )?)?(?:very )?most|max(?:imum|imal)?|tops|and (?:below|under|less)|"
            r"(?:as |is |being )?(?:an?|the|my|our) (?:upper |hard )*(?:limit|bound|max(?:imum)?|ceiling|cap)|"
            r"(?:must|should|may|can|shall)(?:n't| not|not) be exceeded)\b\)?" + _HERE,
            re.I,
        ),
    ),
    (
        ">=",
        re.compile(
            r"\s*\(?(?:or (?:more|better|higher|above|over|larger)|"
            r"(?:at (?:the )?)?(?:very )?(?:least|minimum)|min(?!\w)|and (?:above|up|upwards?|better|more)|"
            r"(?:as |is |being )?(?:an?|the) (?:minimum|lower (?:bound|limit)|floor))\b\)?" + _HERE + r"|\+(?!\w)",
            re.I,
        ),
    ),
)
_METRICS: tuple[tuple[str, str], ...] = (
    ("error", r"(?:test |classification |validation |top-1 )?error(?:s| rate)?|mistakes|misclassif\w+|wrong"),
    ("roc_auc", r"(?:roc[\s-]?)?auc(?:[\s-]?roc)?(?:[\s-]score)?|area under the (?:roc )?curve"),
    ("perplexity", r"perplexity|ppl"),
    (
        "accuracy",
        r"(?:test |validation |top-1 |classification )?accura(?:cy|cies|te)|acc|correct(?:ly)?|"
        r"right(?! (?:now|away|after))",
    ),
    (
        "params",
        r"(?:number of |trainable |learnable )*(?:param(?:eter)?s?)(?:[\s-](?:count|budget|limit))?|"
        r"(?:number of )?weights",
    ),
    ("macs", r"macs?|multiply[\s-](?:adds?|accumulates?)|madds"),
    ("flops", r"flops?|floating[\s-]point operations|compute cost"),
    (
        "latency_ms",
        r"latenc(?:y|ies)(?: budget| limit)?|inference(?: time)?|response time|forward pass|run ?time|"
        r"(?:per|an?|each|one|every|any|no|single) (?:single )?(?:image|frame|picture|sample|prediction|inference|"
        r"example|"
        r"digit|forward pass|answer|photo)|delay|respon[ds]\w*|predict\w*|frame",
    ),
    ("memory_mb", r"(?:peak )?(?:memory|v?ram|sram|activations?)(?: (?:use|usage|footprint|budget|limit))?"),
    ("size_mb", r"(?:model |file |download )?size|disk|flash|file|storage|download|on disk"),
    ("energy_mj", r"(?:energy|power)(?: budget| limit)?|joules"),
    (
        "budget",
        r"budget|search(?:ing)?|spend(?:ing)?|wall[\s-]time|wait|time limit|train(?:ing)?(?: time)?|"
        r"finish(?:ed)?|done|(?:in )?total|total time|altogether|time|compute|run for|stop|overall|i have|"
        r"you have|work|design(?:ing)?",
    ),
)
METRIC = re.compile("|".join(rf"(?P<{name}>(?<![A-Za-z])(?:{words})(?![A-Za-z]))" for name, words in _METRICS), re.I)
STOP = re.compile(r"[.;!?|\n](?:\s|$)|[;|\n]")
RIGHT_STOP = re.compile(
    r"[,.;:!?|\n()]|\b(?:and|but|with|while|then|or|under|below|above|over|at|up|less|more|fewer|no|not|"
    r"max\w*|min\w*|between|exactly|within)\b|[<>=0-9]",
    re.I,
)
TRY = re.compile(
    r"\b(?:try|tries|tried|trying|evaluat\w+|test(?:ing)?|search\w*|explor\w+|sampl\w+|look\w* at|budget|"
    r"consider\w*|measur\w+|train|check|compare|trial\w*)\b",
    re.I,
)
TWO = re.compile(
    r"(?:params|parameters|weights|flops|macs|latency|memory|energy|size)\s*(?:and|&|/)\s*(?:params|"
    r"parameters|weights|flops|macs|latency|memory|energy|size)\b",
    re.I,
)
ALONE_BEFORE = re.compile(r"(?:^|[,.:;|/()\n-]|\b(?:or|and|plus))\s*$", re.I)
ALONE_AFTER = re.compile(r"\s*(?:$|[,.:;|/()!\n-]|\b(?:or|and|plus)\b)", re.I)
LETTER_SCALE = re.compile(r"[0-9]\s?[kKmMgGbBtT](?=[\s-]|$|param|weight)", re.I)
RANGE = {"to", "up to", "-", "..", "through"}
OTHER_END = re.compile(
    r"(?:\s|,|and\b|but\b|yet\b)*(?:under|below|less than|fewer than|at most|up to|no more than|<=?|"
    r"not more than|over|above|more than|at least|no less than|not less than|>=?)\s*$",
    re.I,
)
FAR = re.compile(r"(?:\S+\s+){4}")
OTHER_WORD = re.compile(
    r"\b(?!(?:trainable|learnable|total|model|network|free|of|on|for|in|the|as|test|"
    r"validation)\b)\w"
)
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
