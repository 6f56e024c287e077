"""What tests of exported readers share: the written package, loaded as a user's program would."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from genas.core.interfaces import Task
from genas.export import reader_files


@contextmanager
def reading_of(task: Task, folder: Path) -> Iterator[ModuleType]:
    """The folder `reading` that an exported network of the task has, imported by itself."""
    folder.mkdir(exist_ok=True)
    reader_files.write(task.reader(), folder)
    sys.path.insert(0, str(folder))
    try:
        yield importlib.import_module("reading")
    finally:
        sys.path.remove(str(folder))
        for name in [name for name in sys.modules if name.partition(".")[0] == "reading"]:
            del sys.modules[name]
