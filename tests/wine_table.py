"""A real table: the wines of scikit-learn, with a column of words and a few missing numbers."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path


@cache
def wine_csv() -> Path:
    """A .csv file of 178 wines of three growers; written once a process."""
    from sklearn.datasets import load_wine

    frame = load_wine(as_frame=True).frame
    frame["strength"] = ["strong" if alcohol > 13 else "light" for alcohol in frame["alcohol"]]
    frame.loc[::25, "magnesium"] = None
    path = Path(tempfile.mkdtemp(prefix="genas-wine-")) / "wine.csv"
    frame.to_csv(path, index=False)
    return path
