"""Words of work that is no classification, and where they are harmless: a photo may show text, a label be a segment."""

from __future__ import annotations

from genas.interpreters._patterns import one_of, words

# Where no data are named, a word is enough.
_ANYWHERE = words(r"""
    regression|object detection|detector|segment(?:ation|s|ing)?|captions?|video|generative|generate images
    translation|translat\w+|language model|text|sentiment|emails?|spam|speech|audio|sound|music
    time[- ]series|forecast\w*|recommend\w*|reinforcement|house prices?|stock
""")
_ALL = r"(?:the|all|any|some|my|our|your|these|those|every|each)"
_FEW = r"(?:(?!(?:for|of|on|that|to|which|with|network|net|model|classifier)\b)[\w-]+ ){0,3}"
_MADE = r"(?:images?|photos?|photographs?|pictures?|samples|examples|faces|rows|data|texts?|captions?|descriptions?)"
# No class makes these a classification.
_NEVER = words(rf"""
    (?<!logistic )(?<!not )(?<!no )r[eé]gression
    detect(?:s|ing)? (?:{_ALL} )?(?:\w+ )?objects|objects? (?:detect\w*|locali[sz]ation)|bounding[- ]box(?:es)?
    objekterkennung
    clustering|clusters?(?= {_ALL}\b)|(?:to|please) cluster|^\W*cluster
    generat(?:e|es|ing) {_FEW}{_MADE}|(?:image|photo|picture|text|data) generat(?:ion|or)
    reinforcement learning|language model|translat(?:e|es|ing|or)(?= {_ALL}\b)|machine translation
    recommender|recommend (?:products|items|films|movies|songs|music|books)
""")
_NO_IMAGES = words(r"""
    segmentation|segmenting|segment|segmentier\w+|segments (?:the|all|my|our|images|photos|pictures|scans)
    (?:writes?|makes?|generates?|produces?) captions|(?:image|photo|picture) caption\w*|captioning|captions? for
    super[- ]?resolution|upscal(?:e|es|ing)|denois(?:e|es|ing|er)|inpaint\w*|colou?ri[sz](?:e|es|ing)
    (?:depth|pose) estimation|key ?points?
""")
_NO_ROWS = words(rf"""
    texts?|sentiment analysis|sentiment of|(?:sort|label|tag|read|classif\w+) (?:{_ALL} )?(?:tweets|reviews|sentences)
    (?:audio|sound) (?:files?|recordings?)
""")
# A classification only where classes, a label or a question with two answers are spoken of as well.
_LOCATED = one_of(r"""
    pedestrians?|people|persons?|faces?|cars?|vehicles?|(?:traffic |road )?signs?|licen[cs]e plates?|logos?|lanes?
""")
_AMOUNT = r"(?:prices?|ages?|temperatures?|salar(?:y|ies)|costs?|revenues?|sales)"
_GROUPED = r"(?! (?:group|class|range|band|bracket|tier|level|categor)\w*)"
_UNSURE = words(rf"""
    detect(?:s|ing)? (?:{_ALL} )?{_LOCATED}|{_LOCATED} detect(?:ion|ors?)
    generative|time[- ]series|forecast(?:s|ing|er)?
    (?:predict|estimat)(?:e|es|ing|ion of|or of)? (?:{_ALL} )?(?:[\w-]+ )?{_AMOUNT}{_GROUPED}
    segmentation|segments?(?= {_ALL}\b)
    (?:anomaly|outlier) detect\w+|detect(?:s|ing)? (?:{_ALL} )?(?:anomalies|outliers)
""")
_ONE_OF_SOME = words(r"""
    classif\w+|class(?:es)?|categor(?:y|ies)|categori[sz]e|whether|yes ?(?:/|or) ?no|or not|normal or
    (?:detect\w*|predict\w*|says?|tells?|decides?|see) if
""")
# Folders and arrays are read as images: not where they are said to hold something else, and no picture of it.
_NO_PICTURES = words(r"audio|sounds?|speech|music|songs|voices?|videos?|texts?|tweets|reviews|e-?mails?")
_PICTURES = words(r"""
    images?|photos?|photographs?|pictures?|scans?|scanned|x-?rays?|thumbnails?|frames?|stills|screenshots?
    spectrograms?|icons|drawings|posters?|covers?
""")


def unserved(text: str) -> str | None:
    """Words of a sentence without data of the user's own that ask for what no task does."""
    found = _ANYWHERE.search(text) or _NEVER.search(text)
    return found[0] if found else None


def unserved_with(text: str, *, rows: bool, labelled: bool) -> str | None:
    """The same of a sentence that names a path, whose data have classes unless it says otherwise.

    Args:
        text: the sentence without its path and its label's column.
        rows: whether the path is a table's; else it is that of images.
        labelled: whether a label's column or a number of classes is said.
    """
    doubts = [_NEVER, _NO_ROWS if rows else _NO_IMAGES]
    if not (labelled or _ONE_OF_SOME.search(text)):
        doubts.append(_UNSURE)
    if not rows and not _PICTURES.search(text):
        doubts.append(_NO_PICTURES)
    return next((found[0] for doubt in doubts if (found := doubt.search(text))), None)
