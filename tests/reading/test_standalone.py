"""An exported network carries these modules: they need neither torch nor the rest of genas."""

import ast
import sys
from pathlib import Path

import pytest

import genas.reading

_FILES = sorted(Path(genas.reading.__file__).parent.glob("*.py"))
_CARRIED = {"pictures.py", "features.py", "tables.py"}  # alone: what an exported network reads with


def imported(file: Path) -> set[str]:
    """The modules that a file imports, wherever it does."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
    return found


@pytest.mark.parametrize("file", _FILES, ids=lambda file: file.name)
def test_a_reader_imports_numpy_pillow_pyarrow_and_other_readers_only(file):
    allowed = {*sys.stdlib_module_names, "numpy", "PIL", "pyarrow"}
    if file.name == "picture_sources.py":
        allowed |= {"datasets"}  # for the folders that this package writes
    others = {name for name in imported(file) if name.split(".")[0] not in allowed}
    assert all(name.startswith("genas.reading") for name in others)
    if file.name in _CARRIED:
        assert not others
