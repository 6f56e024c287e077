"""Corrects typing errors in the words that carry meaning: a letter missing, added or wrong, or two letters swapped."""

from __future__ import annotations

import re


class Vocabulary:
    """Words that carry meaning, and the correction of typing errors in them.

    Args:
        words: the words, in lower case, separated by spaces.
        alike: words that are one typing error away from one of these and correct as they are.
    """

    def __init__(self, words: str, alike: str) -> None:
        self._words = words.split()
        self._correct = frozenset(self._words) | frozenset(alike.split())

    def mended(self, text: str) -> str:
        """The text with typing errors in these words corrected; everything else stays as it is."""
        return _WORD.sub(self._mended, text)

    def _mended(self, match: re.Match[str]) -> str:
        typed = match[0].lower()
        if typed in self._correct:
            return match[0]
        near = [word for word in self._words if word[0] == typed[0] and _is_slip(typed, word)]
        return near[0] if len({word.removesuffix("s") for word in near}) == 1 else match[0]


_WORD = re.compile(r"(?<![\w./~\\-])(?:[^\W\d_]{5,16}(?![^\W\d]|[_/\\])|[^\W\d_]{4}(?=[ -]?[0-9]))")
_ENGLISH = Vocabulary(
    """
    parameters parameter params weights million thousand hundred accuracy accurate percent perplexity
    latency milliseconds millisecond minutes seconds hours memory energy megabytes megabyte kilobytes kilobyte flops
    digits handwritten mnist cifar classes tokens network networks trials epochs candidates evaluations architectures
    least under below above between within exactly roughly approximately ballpark maximum minimum first fastest smallest
    without never exceed exceeding greater larger bigger better quarter lowest fewest highest
    small millijoules joules against minimise minimize maximise maximize
    three seven eight eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen
    twenty thirty forty fifty sixty seventy eighty ninety
    darts transnas jetson iphone raspberry semantic segmentation normals autoencoder autoencoding jigsaw layout
    """,
    """
    digit class lease leash latent accuracies millions thousands weight memories energies trial minute second
    percents beast feast classed clashes glasses param parks udder abode bellow minimums maximums
    hundreds hour house flips flaps flop floss token epoch candidate evaluation architecture iphones
    fifteenth sixteenth fourteenth thirteenth seventeenth eighteenth nineteenth forth fifth sixth seventh eighth eight
    exceeds exceeded grater greeter lager batter bitter butter quarters quartet
    there these threw thee sever eighths joule shall smell stall smalls minimised minimized maximised maximized
    minimises minimizes maximises maximizes thirst thirsty darks dart normal segmentations semantics autoencoders
    """,
)
_GLUED = re.compile(r"(?<!\w)(?:(at)(least|most)|(up)(to)|(more|less|fewer)(th[ae]n))(?!\w)", re.I)
_SMALL = {"thn": "then", "tehn": "then", "teh": "the", "adn": "and", "nad": "and", "wiht": "with", "wtih": "with"}
_SMALL |= {"smal": "small", "smll": "small", "fsat": "fast", "nto": "not", "ont": "not"}
_SHORT = re.compile(rf"(?<![\w./-])(?:{'|'.join(_SMALL)})(?![\w/-])", re.I)
_THAN = re.compile(r"(?<!\w)([A-Za-z]{3,8}) th[ae]n(?= [0-9a-z])", re.I)
_COMPARED = ("more", "less", "fewer", "smaller", "larger", "bigger", "greater", "higher", "lower", "faster", "slower")


def respelled(text: str) -> str:
    """The text with typing errors in known English words corrected; everything else stays as it is."""
    text = _GLUED.sub(lambda m: " ".join(part for part in m.groups() if part), text)
    text = _SHORT.sub(lambda m: _SMALL[m[0].lower()], text)
    return _ENGLISH.mended(_THAN.sub(_compared, text))


def _compared(match: re.Match[str]) -> str:
    """A comparative before "than" (or "then"), corrected; any other word stays as it is."""
    near = [word for word in _COMPARED if word[0] == match[1][0].lower() and _is_slip(match[1].lower(), word)]
    return f"{near[0]} than" if near else match[0]


def _is_slip(typed: str, word: str) -> bool:
    """Whether one edit, or one swap of neighbours, turns what was typed into the word."""
    if abs(len(typed) - len(word)) > 1:
        return False
    start = next((i for i, (a, b) in enumerate(zip(typed, word, strict=False)) if a != b), min(len(typed), len(word)))
    a, b = typed[start:], word[start:]
    return a[1:] == b[1:] or a[1:] == b or a == b[1:] or (a[:2] == b[1::-1] and a[2:] == b[2:])
