"""The command line in the test's own process, which saves the seconds that a process needs to import torch."""

from __future__ import annotations

import logging
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

import pytest

from genas.faces.cli import main


def genas(*arguments: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """What a process of that command would print, and its exit code."""
    out, err, logger = StringIO(), StringIO(), logging.getLogger("genas")
    handlers, propagate = list(logger.handlers), logger.propagate
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setattr(sys, "argv", ["genas", *map(str, arguments)])
        patch.setenv("COLUMNS", "120")
        patch.chdir(cwd or Path.cwd())
        try:
            main()
            code = 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
        finally:
            logger.handlers, logger.propagate = handlers, propagate
    return subprocess.CompletedProcess(arguments, code, out.getvalue(), err.getvalue())
