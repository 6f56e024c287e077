"""Which files of a folder are pictures of which class and split, and which are left out and why."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from .pictures import suffixes
from .splits import listed, renamed, split_of, splits_of

_Leave = Callable[[str, Path], None]  # told of a file that is left out, and why


@dataclass
class Found:
    """Picture files with the class and split of each, and sentences on what was left out."""

    files: list[Path] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    splits: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def walk(root: Path) -> Found:
    """The pictures below a folder of classes, or of splits that hold folders of classes.

    Raises:
        ValueError: it can't be told what is a class and what a split, or there is no split to train on.
    """
    found, left = Found(), Counter[str]()
    examples: dict[str, str] = {}

    def leave(why: str, path: Path) -> None:
        left[why] += 1
        examples.setdefault(why, _shown(path, root))

    top = _within(root)
    layout = _layout(top)
    found.notes += renamed(layout, root) if layout else []
    for folder in _folders(top, leave):
        if layout and folder.name not in layout:
            for file in _pictures(folder, leave):
                leave(f"in the folder {folder.name!r} beside the splits", file)
            continue
        split = layout.get(folder.name, "")
        inner = _within(folder) if split else folder
        if not split:
            _take(found, folder, folder.name, "", leave)
            continue
        for kind in _folders(inner, leave):
            _take(found, kind, kind.name, split, leave)
        for file in _own(inner, leave):
            leave(f"in the split {split}, but in no folder of a class", file)
    for file in _own(top, leave):
        leave("beside the folders of classes", file)
    kinds = {kind.name for kind in _folders(top, _ignore)} if not layout else set()
    if found.files and (empty := sorted(kinds - set(found.words))):
        reasons = ", ".join(f"{count} {why}" for why, count in left.items())
        raise ValueError(
            f"The class {empty[0]!r} of {root} has no images{f' (left out: {reasons})' if reasons else ''}; add some "
            "or remove the class."
        )
    found.notes += _told(root, left, examples)
    return found


def below(root: Path) -> Found:
    """All pictures below a folder, whatever its folders mean; `words` and `splits` stay empty."""
    found, left = Found(), Counter[str]()
    examples: dict[str, str] = {}

    def leave(why: str, path: Path) -> None:
        left[why] += 1
        examples.setdefault(why, _shown(path, root))

    found.files += _pictures(root, leave)
    found.notes += _told(root, left, examples)
    return found


def _shown(path: Path, root: Path) -> str:
    return str(path.relative_to(root)).encode("utf-8", "replace").decode()


def _told(root: Path, left: Counter[str], examples: dict[str, str]) -> list[str]:
    """Sentences on files that were left out."""
    return [
        f"{count:,} file{'s' * (count > 1)} of {root} left out, {why} (as {examples[why]})."
        for why, count in left.items()
    ]


def _take(found: Found, folder: Path, word: str, split: str, leave: _Leave) -> None:
    try:
        word.encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"The name of the folder {word!r} is no UTF-8; rename it.") from error
    for file in _pictures(folder, leave):
        found.files.append(file)
        found.words.append(word)
        found.splits.append(split)


def _layout(top: Path) -> dict[str, str]:
    """The split of each folder that stands for one; empty where the folders are classes."""
    folders = _folders(top, _ignore)
    named = [folder for folder in folders if split_of(folder.name)]
    if not named:
        return {}
    split_like = [folder for folder in named if _folders(_within(folder), _ignore) and not _own(folder, _ignore)]
    others = [folder for folder in folders if folder not in named and any(True for _ in _pictures(folder, _ignore))]
    if not split_like:
        if others:
            return {}  # a class may be called train: its pictures lie in it, as those of the other classes do
        raise ValueError(
            f"The folders of {top} are called {listed([f.name for f in named])} as splits are, but hold no folders of "
            "classes. Put one folder of images per class into each; if they are classes, rename them."
        )
    if len(split_like) == 1 and others and split_of(split_like[0].name) == "train":
        raise ValueError(
            f"{top} holds the folder {split_like[0].name!r}, which holds folders itself, beside "
            f"{listed([f.name for f in others])}. Is it a split or a class? Rename it, or put the others into it."
        )
    if len(split_like) == 1 and others:
        return {}
    chosen = splits_of(folder.name for folder in named)
    if "train" not in chosen.values():
        raise ValueError(
            f"{top} has the splits {listed(list(chosen))}, but none to train on. Name one folder train; if these are "
            "classes, rename them."
        )
    return chosen


def _within(folder: Path) -> Path:
    """The folder, or the one it holds where that is all: as seg_train/seg_train, or one that an archive made."""
    inside = _folders(folder, _ignore)
    while len(inside) == 1 and not _own(folder, _ignore) and _folders(inside[0], _ignore):
        folder, inside = inside[0], _folders(inside[0], _ignore)
    return folder


def _folders(folder: Path, leave: _Leave) -> list[Path]:
    found = []
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            if _hidden(path):
                for file in _files(path):
                    leave("in hidden folders", file)
            else:
                found.append(path)
    return found


def _own(folder: Path, leave: _Leave) -> list[Path]:
    """The pictures that lie in the folder itself."""
    return [path for path in sorted(folder.iterdir()) if not path.is_dir() and _usable(path, leave)]


def _pictures(folder: Path, leave: _Leave) -> list[Path]:
    """All pictures in a folder and in those it holds, in order."""
    found = []
    for path in _files(folder):
        parts = path.relative_to(folder).parts[:-1]
        if any(part.startswith((".", "__")) for part in parts):
            leave("in hidden folders", path)
        elif _usable(path, leave):
            found.append(path)
    return found


def _files(folder: Path) -> list[Path]:
    """All files in a folder and below, links to files among them; links to folders are not followed, and listed."""
    found = []
    for top, folders, files in os.walk(folder, onerror=_raise):
        found += [Path(top, name) for name in files]
        found += [Path(top, name) for name in folders if Path(top, name).is_symlink()]
    return sorted(found)


def _usable(path: Path, leave: _Leave) -> bool:
    if _hidden(path):
        leave("hidden, as those whose name begins with a dot", path)
    elif path.is_symlink() and not path.exists():
        leave("links to nothing", path)
    elif path.is_dir():
        leave("links to folders, which are not followed", path)
    elif path.suffix.lower() not in suffixes():
        leave("no image by its ending", path)
    elif not path.is_file():
        leave("no plain files", path)
    else:
        return True
    return False


def _hidden(path: Path) -> bool:
    return path.name.startswith((".", "__")) or path.name.lower() in ("thumbs.db", "desktop.ini")


def _ignore(why: str, path: Path) -> None:
    """What is only looked at is not counted."""


def _raise(error: OSError) -> None:
    raise ValueError(
        f"The folder {error.filename} can't be read ({error.strerror}). Give yourself the right to read it."
    )
