"""Loads prompts and fills in their variables; a caller must give exactly those that the prompt declares."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from genas.core import assets
from genas.core.errors import GenasError

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage

_FRONT = re.compile(r"\A---\n(.*?)\n---\n(.*)\Z", re.S)
_VARIABLE = re.compile(r"\{\{\s*([a-z_]+)\s*\}\}")


class PromptError(GenasError):
    """A prompt file is malformed, or the caller gave other variables than it declares."""


@dataclass(frozen=True)
class Prompt:
    """A prompt file that has been read.

    Args:
        name: the file's name without .md.
        variables: the names of the values that `render` needs.
        schema: the JSON schema of the answer, or None where the answer is free text.
        body: the text, with {{variables}}.
    """

    name: str
    variables: tuple[str, ...]
    schema: dict[str, Any] | None
    body: str

    def render(self, **values: object) -> str:
        """The text with every variable filled in; braces inside a value have no effect.

        Raises:
            PromptError: a declared variable is missing, or an undeclared one is given.
        """
        if set(values) != set(self.variables):
            wrong = sorted(set(values) ^ set(self.variables))
            raise PromptError(f"The prompt {self.name} takes {', '.join(self.variables)}; wrong: {', '.join(wrong)}.")
        return _VARIABLE.sub(lambda match: str(values[match[1]]), self.body).strip() + "\n"


def load_prompt(name: str) -> Prompt:
    """The prompt `prompts/<name>.md`: front matter of `key: JSON` lines between lines of dashes, then the text.

    Raises:
        MissingArtifact: there is no such file.
        PromptError: its front matter is malformed, or its text uses other variables than it declares.
    """
    match = _FRONT.match(assets.prompt(name))
    if match is None:
        raise PromptError(f"The prompt {name} must begin with front matter between lines of three dashes.")
    front: dict[str, Any] = {}
    for line in filter(str.strip, match[1].splitlines()):
        key, _, value = line.partition(":")
        try:
            front[key.strip()] = json.loads(value)
        except json.JSONDecodeError as error:
            raise PromptError(f"The prompt {name}: {line!r} is not 'key: JSON'.") from error
    if set(front) - {"description", "variables", "schema"}:
        raise PromptError(f"The prompt {name} may set description, variables and schema only.")
    variables = tuple(front.get("variables", ()))
    used = set(_VARIABLE.findall(match[2]))
    if used != set(variables):
        raise PromptError(f"The prompt {name} declares {', '.join(variables)} but uses {', '.join(sorted(used))}.")
    return Prompt(name, variables, front.get("schema"), match[2])


def transcript(messages: Sequence[BaseMessage]) -> str:
    """Messages as one text: a single human message as it is, several messages with their roles."""
    texts = [str(message.content) for message in messages]
    if len(messages) == 1 and messages[0].type == "human":
        return texts[0]
    return "\n\n".join(f"[{message.type}]\n{text}" for message, text in zip(messages, texts, strict=True))


def fingerprint(text: str) -> str:
    """A short hash of a prompt, by which ledgers identify it."""
    return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()
