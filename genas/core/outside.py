"""Cleans text from outside (names of files, classes and columns, replies, errors) before it is shown."""

from __future__ import annotations

import re
import unicodedata

from genas.core.secrets import masked

_ESCAPES = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_].*?(?:\x07|\x1b\\|\x9c|$)|[ -/]*[0-~])"  # CSI, OSC and their kin, two letters
    r"|\x9b[0-?]*[ -/]*[@-~]|[\x90\x9d\x9e\x9f].*?(?:\x07|\x9c|$)",
    re.S,
)
_KEPT = "\n\t\u200c\u200d"  # the last two join letters and emoji, and hide nothing
_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}  # control, format (turning), surrogates, private, ends of line


def shown(text: str) -> str:
    """The text as it may be shown: no escape sequences, no control or invisible characters, secrets masked.

    Line ends and tabs stay; what a terminal would obey or what would turn the order of the letters does not.
    """
    plain = _ESCAPES.sub("", masked(text))
    if plain.isascii() and plain.replace("\n", "").replace("\t", "").isprintable():
        return plain
    return "".join(c for c in plain if c in _KEPT or unicodedata.category(c) not in _HIDDEN)
