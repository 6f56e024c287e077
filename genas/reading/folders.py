"""Finds the pictures in a folder, with their classes and splits, and says which files are left out and why."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from .pictures import suffixes
from .splits import beside_split, empty, listed, named, renamed, split_of, splits_of

_Leave = Callable[[str, Path], None]  # called with the reason and the path of each file that is left out


@dataclass
class PictureFiles:
    """Picture files with the class and the split of each, and sentences on what was left out."""

    files: list[Path] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    splits: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def walk(root: Path) -> PictureFiles:
    """The pictures in folders of classes, which may lie in folders of splits or hold folders of splits themselves.

    Raises:
        ValueError: it is unclear which folder is a class and which a split, there is no split to train on, or a class
            has no pictures.
    """
    pictures, left = PictureFiles(), Counter[str]()
    examples: dict[str, str] = {}

    def leave(why: str, path: Path) -> None:
        left[why] += 1
        examples.setdefault(why, _shown(path, root))

    top = _within(root)
    layout = _layout(top)
    kinds = _split_kinds(top, layout, leave) if layout else [(kind, kind.name, "") for kind in _folders(top, leave)]
    for file in _own(top, leave):
        leave("beside the folders of classes", file)
    inside = {} if layout else _splits_inside([kind for kind, _, _ in kinds], root)
    if inside:
        kinds = _class_kinds([kind for kind, _, _ in kinds], inside, leave)
        pictures.notes.append(f"Each class of {root} holds its splits ({listed(list(inside))}).")
    for folder, word, split in kinds:
        _take(pictures, folder, word, split, leave)
    pictures.notes += [*renamed(layout, root), *empty(layout, set(pictures.splits), root)]
    pictures.notes += _nested([folder for folder, _, _ in kinds], root)
    if pictures.files and (bare := sorted({word for _, word, _ in kinds} - set(pictures.words))):
        raise ValueError(
            f"The class {bare[0]!r} of {root} has no images{_reasons(left, examples)}; add some or remove the class."
        )
    if not pictures.files:
        raise ValueError(
            f"There are no images in folders of classes in {root}{_reasons(left, examples)}. Put the images of each "
            f"class into a folder of its name ({', '.join(suffixes())})."
        )
    pictures.notes += _left_out(root, left, examples)
    return pictures


def below(root: Path) -> PictureFiles:
    """All pictures in a folder at any depth; `words` and `splits` stay empty."""
    pictures, left = PictureFiles(), Counter[str]()
    examples: dict[str, str] = {}

    def leave(why: str, path: Path) -> None:
        left[why] += 1
        examples.setdefault(why, _shown(path, root))

    pictures.files += _pictures(root, leave)
    pictures.notes += _left_out(root, left, examples)
    return pictures


def _left_out(root: Path, left: Counter[str], examples: dict[str, str]) -> list[str]:
    """A sentence for each reason why files were left out."""
    return [
        f"{count:,} file{'s' * (count > 1)} of {root} left out, {why} (as {examples[why]})."
        for why, count in left.items()
    ]


def _split_kinds(top: Path, layout: dict[str, str], leave: _Leave) -> list[tuple[Path, str, str]]:
    """The folders of classes in folders of splits, with the class and the split of each."""
    kinds = []
    for folder in _folders(top, leave):
        if folder.name not in layout:
            for file in _pictures(folder, leave):
                leave(f"in the folder {folder.name!r} beside the splits", file)
            continue
        inner, split = _within(folder), layout[folder.name]
        kinds += [(kind, kind.name, split) for kind in _folders(inner, leave)]
        for file in _own(inner, leave):
            leave(f"in the split {split}, but in no folder of a class", file)
    return kinds


def _class_kinds(classes: list[Path], inside: dict[str, str], leave: _Leave) -> list[tuple[Path, str, str]]:
    """The folders of splits in folders of classes, with the class and the split of each."""
    kinds = []
    for folder in classes:
        for part in _folders(folder, leave):
            if part.name in inside:
                kinds.append((part, folder.name, inside[part.name]))
            else:
                _pictures(part, leave)  # it holds no pictures; this only reports its other files
        _own(folder, leave)
    return kinds


def _shown(path: Path, root: Path) -> str:
    return str(path.relative_to(root)).encode("utf-8", "replace").decode()


def _reasons(left: Counter[str], examples: dict[str, str]) -> str:
    reasons = ", ".join(f"{count} {why}, as {examples[why]}" for why, count in left.items())
    return f" (left out: {reasons})" if reasons else ""


def _take(pictures: PictureFiles, folder: Path, word: str, split: str, leave: _Leave) -> None:
    try:
        word.encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"The name of the folder {word!r} is not UTF-8; rename it.") from error
    for file in _pictures(folder, leave):
        pictures.files.append(file)
        pictures.words.append(word)
        pictures.splits.append(split)


def _layout(top: Path) -> dict[str, str]:
    """The split that each folder stands for; empty if the folders are classes."""
    folders = _folders(top, _ignore)
    names = named(folder.name for folder in folders)
    if not names:
        _check_pairs(folders)
        return {}
    split_like = [
        folder.name
        for folder in folders
        if folder.name in names and _folders(_within(folder), _ignore) and not _own(folder, _ignore)
    ]
    others = [folder.name for folder in folders if folder.name not in names and _holds_pictures(folder)]
    if not split_like:
        if others or not any(split_of(name) for name in names):
            _check_pairs(folders)
            return {}  # a class may be called train if it holds its pictures directly, like the other classes
        raise ValueError(
            f"The folders of {top} are called {listed(list(names))} as splits are, but hold no folders of classes. "
            "Put one folder of images per class into each; if they are classes, rename them."
        )
    if len(split_like) == 1 and others:
        raise ValueError(
            f"{top} holds the folder {split_like[0]!r}, which holds folders itself, beside {listed(others)}. Is it a "
            "split or a class? Rename it, or put the others into it."
        )
    chosen = splits_of(folder.name for folder in folders)
    if "train" not in chosen.values():
        raise ValueError(
            f"{top} has the splits {listed(list(chosen))}, but none to train on. Name one folder train; if these are "
            "classes, rename them."
        )
    return chosen


def _check_pairs(folders: list[Path]) -> None:
    """Refuse folders whose names hold a class and a split, such as cat_train and cat_test."""
    by_class: dict[str, dict[str, str]] = {}
    for folder in folders:
        if pair := beside_split(folder.name):
            by_class.setdefault(pair[0], {})[pair[1]] = folder.name
    for names in by_class.values():
        if "train" in names and len(names) > 1:
            raise ValueError(
                f"The folders {' and '.join(names.values())} are called by a class and a split. Put the images of each "
                "class into a folder of its name, and these into folders train and test."
            )


def _splits_inside(kinds: list[Path], root: Path) -> dict[str, str]:
    """The split of each folder inside the classes, as in cat/train and cat/test; empty if they hold no splits.

    Raises:
        ValueError: some classes hold splits and others don't.
    """
    held = {}
    for kind in kinds:
        inner = [folder.name for folder in _folders(kind, _ignore) if _holds_pictures(folder)]
        chosen = splits_of(inner)
        if len(set(chosen.values())) > 1 and len(chosen) == len(inner) and not _own(kind, _ignore):
            held[kind.name] = chosen
    if not held:
        return {}
    if lacking := [kind.name for kind in kinds if "train" not in held.get(kind.name, {}).values()]:
        raise ValueError(
            f"The class {next(iter(held))} of {root} holds folders called as splits are, but {lacking[0]} has none to "
            "train on. Give each class a folder train, or rename those that are no splits."
        )
    return {name: split for chosen in held.values() for name, split in chosen.items()}


def _nested(kinds: list[Path], root: Path) -> list[str]:
    """A sentence on classes that hold folders of pictures."""
    deeper = [path for kind in kinds for path in _folders(kind, _ignore) if _holds_pictures(path)]
    if not deeper:
        return []
    example = deeper[0]
    return [
        f"{len(deeper)} folders of {root} lie within the folder of a class (as {_shown(example, root)}): their images "
        f"are of the class {example.parent.name!r}. If each is a class or a split, move it up."
    ]


def _within(folder: Path) -> Path:
    """The folder, or the only folder in it, as in seg_train/seg_train and in unpacked archives."""
    inside = _folders(folder, _ignore)
    while len(inside) == 1 and not _own(folder, _ignore) and _folders(inside[0], _ignore):
        folder, inside = inside[0], _folders(inside[0], _ignore)
    return folder


def _folders(folder: Path, leave: _Leave) -> list[Path]:
    folders = []
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            if _hidden(path):
                for file in _files(path):
                    leave("in hidden folders", file)
            elif path.is_symlink() and folder.resolve().is_relative_to(path.resolve()):
                leave("links to a folder that they lie in", path)
            else:
                folders.append(path)
    return folders


def _own(folder: Path, leave: _Leave) -> list[Path]:
    """The pictures in the folder itself."""
    return [path for path in sorted(folder.iterdir()) if not path.is_dir() and _usable(path, leave)]


def _pictures(folder: Path, leave: _Leave) -> list[Path]:
    """All pictures in a folder at any depth, in order."""
    pictures = []
    for path in _files(folder):
        parts = path.relative_to(folder).parts[:-1]
        if any(part.startswith((".", "__")) for part in parts):
            leave("in hidden folders", path)
        elif _usable(path, leave):
            pictures.append(path)
    return pictures


def _holds_pictures(folder: Path) -> bool:
    return any(True for _ in _pictures(folder, _ignore))


def _files(folder: Path) -> list[Path]:
    """All files in a folder at any depth, with links to files; links to folders are listed but not followed."""
    paths = []
    for top, folders, files in os.walk(folder, onerror=_raise):
        paths += [Path(top, name) for name in files]
        paths += [Path(top, name) for name in folders if Path(top, name).is_symlink()]
    return sorted(paths)


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
    """Report nothing, where a folder is only inspected."""


def _raise(error: OSError) -> None:
    raise ValueError(
        f"The folder {error.filename} can't be read ({error.strerror}). Give yourself the right to read it."
    )
