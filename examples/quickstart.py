"""Design a network from one sentence: python examples/quickstart.py"""

from __future__ import annotations

from typing import Any

import genas

GOAL = "A classifier for 8x8 grayscale handwritten digits, 10 classes, under 20k parameters, accuracy first, 1 minute"


def main(folder: str = "runs/quickstart", **known: Any) -> genas.Report:
    """Design into the folder; known fields of the request win over the sentence."""
    report = genas.design(GOAL, out=folder, **known)
    print(report.text)
    print(f"Read {folder}/report.html, and use {folder}/winner/model.py: it needs torch only.")
    return report


if __name__ == "__main__":
    main()
