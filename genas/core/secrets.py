"""Masks secrets in texts; only this module knows what a secret looks like."""

from __future__ import annotations

import os
import re
from typing import Any

_Patterns = tuple[tuple[re.Pattern[str], str], ...]

_STARS = "***"
_NAMES = re.compile(r"(?:KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS?)$", re.I)  # of environment variables
_SHORT = 8  # characters that a value needs before it can be told from a word
_KEY = r"(?:api[_-]?key|x-api-key|access[_-]?token|auth[_-]?token|token|secret|password|passwd|pwd|sig|signature)"
_ADDRESS = (
    (re.compile(r"([a-z][a-z0-9+.-]{1,20}://)[^\s/\"'<>]+@", re.I), rf"\1{_STARS}@"),  # user:password@ of an address
    (re.compile(rf"([?&;](?:key|{_KEY})=)[^&\s\"'<>#]+", re.I), rf"\1{_STARS}"),
)
_PATTERNS = (
    *_ADDRESS,
    (re.compile(rf"\b({_KEY}[\"']?\s*[:=]\s*[\"']?)(?=[^\s\"',;]*\d)[^\s\"',;&]{{8,}}", re.I), rf"\1{_STARS}"),
    (re.compile(r"\b(Authorization\W{1,4}\w+|Bearer)\s+(?=[\w.~+/=-]*\d)[\w.~+/=-]{8,}", re.I), rf"\1 {_STARS}"),
    (
        re.compile(
            r"\b(?:(?:sk|pk|rk|xai|glpat|xox[abprs])-|(?:gsk|hf|gh[opsu]|github_pat)_)"
            r"(?=[\w*.-]*[\d*])[\w*.-]{8,}|\bAIza[\w-]{20,}|\bAKIA[A-Z0-9]{12,}"
        ),
        _STARS,
    ),
    (re.compile(r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"), _STARS),  # a signed token (JWT)
)
_HINT = re.compile(rf"://|{_KEY}|bearer|authorization|eyJ|[-_]|AIza|AKIA", re.I)  # without one, nothing to mask
_OPTION = re.compile(rf"{_KEY}|authorization", re.I)  # an option of that name is a secret as a whole


def masked(value: Any) -> Any:
    """The text, or every text in lists and tables of plain values, with secrets replaced by stars.

    Secrets are the values of environment variables that are named so (OPENAI_API_KEY), passwords in addresses, and what
    looks like a key of a provider. Looks don't count in what stands under "options": paths and columns are there, which
    others read again, and a folder may be called hf_model2024.
    """
    return _masked(value, _known(), _PATTERNS)


def _masked(value: Any, known: list[str], patterns: _Patterns) -> Any:
    if isinstance(value, str):
        return _of_text(value, known, patterns)
    if isinstance(value, dict):
        return {
            key: _STARS
            if isinstance(item, str) and item and _OPTION.fullmatch(key)
            else _masked(item, known, _ADDRESS if key == "options" else patterns)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return type(value)(_masked(item, known, patterns) for item in value)
    return value


def _of_text(text: str, known: list[str], patterns: _Patterns) -> str:
    for secret in known:
        text = text.replace(secret, _STARS)
    if len(text) < _SHORT or not _HINT.search(text):
        return text
    for pattern, instead in patterns:
        text = pattern.sub(instead, text)
    return text


def _known() -> list[str]:
    """Values of the environment that are secrets, the longest first."""
    values = {value for name, value in os.environ.items() if _NAMES.search(name) and len(value) >= _SHORT}
    return sorted(values, key=len, reverse=True)
