"""Design for a table of your own, then ask the winner about rows it has not seen: python examples/own_data.py"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sklearn.datasets import load_iris

import genas


def write_tables(folder: Path) -> tuple[Path, Path]:
    """Two .csv files of irises: one with the column `species` to learn from, one without it to ask about."""
    flowers = load_iris(as_frame=True).frame.sample(frac=1, random_state=0)
    flowers["species"] = flowers.pop("target").map({0: "setosa", 1: "versicolor", 2: "virginica"})
    folder.mkdir(parents=True, exist_ok=True)
    flowers[:130].to_csv(folder / "flowers.csv", index=False)
    flowers[130:].drop(columns="species").to_csv(folder / "unknown.csv", index=False)
    return folder / "flowers.csv", folder / "unknown.csv"


def main(folder: Path = Path("runs/own_data"), **known: Any) -> list[str]:
    """Design into the folder and return the species that the winner tells; known fields win over the sentence."""
    flowers, unknown = write_tables(folder / "data")
    report = genas.design(f"Predict species in {flowers}, under 3k parameters, 1 minute", out=folder / "run", **known)
    print(report.text)
    answers = genas.predict(folder / "run", unknown)
    print(answers.to_csv())
    return answers.chosen


if __name__ == "__main__":
    main()
