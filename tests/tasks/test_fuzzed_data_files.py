"""Three hundred small data files: each is read as it was meant, or refused in one sentence that names it."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from tries import RIGHT, pictures, tables  # eval/ is on the path, see pyproject.toml


@pytest.mark.parametrize("seed", range(100))
def test_a_table_in_any_dialect_is_read_as_it_was_meant(tmp_path: Path, seed: int) -> None:
    assert tables.dialect(random.Random(seed), tmp_path) == RIGHT


@pytest.mark.parametrize("make", [tables.typed, tables.arrays, pictures.folders, pictures.depths])
@pytest.mark.parametrize("seed", range(15))
def test_files_of_other_forms_are_read_as_they_were_meant(tmp_path: Path, make, seed: int) -> None:
    assert make(random.Random(seed), tmp_path) == RIGHT


@pytest.mark.filterwarnings("ignore::UserWarning")  # of Pillow, on what is damaged
@pytest.mark.parametrize("make", [tables.broken_table, pictures.broken_picture, pictures.broken_archive])
@pytest.mark.parametrize("seed", range(50))
def test_a_damaged_file_is_read_or_refused_by_its_name(tmp_path: Path, make, seed: int) -> None:
    make(random.Random(seed), tmp_path)  # raises Wrong
