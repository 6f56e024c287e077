"""Finds prompts, shipped models and the user's benchmark data; no other module knows where they are."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from genas.core.errors import MissingArtifact

SEEN = "seen_tasks.json"  # in a model's folder
_OF_MODEL = ("config.json", "model_index.json")  # one of these is in it too
_PACKAGE = Path(__file__).resolve().parent.parent


def _folder(name: str) -> Path:
    inside = _PACKAGE / "_assets" / name  # in a wheel
    return inside if inside.is_dir() else _PACKAGE.parent / name  # in a checkout


def prompt(name: str) -> str:
    """The text of `prompts/<name>.md`, front matter included."""
    path = _folder("prompts") / f"{name}.md"
    if not path.is_file():
        raise MissingArtifact(f"Prompt {name!r}", f"Reinstall genas, or write {path}.")
    return path.read_text()


def model(name: str, *, make: str) -> Path:
    """The folder of a trained model.

    Args:
        name: of one of genas' own, or a path with a separator, such as ./NAME: a name alone is never a folder of the
            user's, so that none takes the place of a model of the same name.
        make: the command that trains it, shown where it is missing.
    """
    path = Path(name).expanduser() if _is_path(name) else _folder("models") / name
    if not any((path / file).is_file() for file in _OF_MODEL):
        here = not _is_path(name) and Path(name).is_dir()
        hint = f"To name the folder {name} of this place, write ./{name}." if here else f"Train it with: {make}"
        raise MissingArtifact(f"Model {name!r}", hint)
    return path


def _is_path(name: str) -> bool:
    return any(separator in name for separator in (os.sep, os.altsep) if separator)


def seen(name: str) -> dict[str, int]:
    """The tasks whose labels a shipped model has seen, with the number of architectures; {} for what is no model.

    Args:
        name: <kind>-<space>; where there is no such folder, the folder <kind> may hold one for several spaces.
    """
    kind, _, space = name.partition("-")
    for folder, path in ((name, _folder("models") / name / SEEN), (kind, _folder("models") / kind / SEEN)):
        if path.is_file():
            found: dict[str, Any] = json.loads(path.read_text())
            return found if folder == name else found.get(space, {})
    return {}


def portfolio(space: str) -> list[dict[str, Any]]:
    """The pairs of `models/portfolio-<space>/portfolio.json` (text, recipe, origin, note), best first; [] for none."""
    path = _folder("models") / f"portfolio-{space}" / "portfolio.json"
    found: list[dict[str, Any]] = json.loads(path.read_text()) if path.is_file() else []
    return found


def models() -> Path:
    """The folder that holds the shipped models."""
    return _folder("models")


def data(relative: str) -> Path:
    """A file of the user's data folder (GENAS_DATA)."""
    root = os.environ.get("GENAS_DATA", "")
    hint = f"Set GENAS_DATA to a folder that holds {relative} (docs/data.md says where each table comes from)."
    if not root:
        raise MissingArtifact(f"The data folder for {relative}", hint)
    path = Path(root) / relative
    if not path.is_file():
        raise MissingArtifact(str(path), hint)
    return path


def tables(folder: str) -> list[Path]:
    """The .parquet files of a folder of the user's data folder; [] where there are none."""
    root = os.environ.get("GENAS_DATA", "")
    return sorted((Path(root) / folder).glob("*.parquet")) if root else []
