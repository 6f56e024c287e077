"""Paths as users write them: home and the folder of data are replaced, other variables are not read."""

from pathlib import Path

import pytest

from genas.core.paths import written


def test_home_and_the_folder_of_data_are_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENAS_DATA", "/data")
    monkeypatch.setenv("SECRET", "password")
    assert written("$GENAS_DATA/images/cats.parquet") == Path("/data/images/cats.parquet")
    assert written("~/cats") == Path.home() / "cats"
    assert written("$SECRET/cats") == Path("$SECRET/cats")
    assert written("") == Path()
    monkeypatch.delenv("GENAS_DATA")
    assert written("$GENAS_DATA/cats") == Path("$GENAS_DATA/cats")
