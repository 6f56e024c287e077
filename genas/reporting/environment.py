"""The machine and the versions that a run is made with."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_PACKAGES = ("genas", "torch", "torch-geometric", "transformers", "diffusers", "numpy", "onnxruntime")


def environment() -> dict[str, str]:
    """Python, the system, the machine, the packages and the commit of a checkout, by name."""
    root = Path(__file__).resolve().parents[2]
    versions = {"python": platform.python_version(), "system": platform.platform(terse=True)}
    versions["machine"] = f"{_processor()}, {os.cpu_count()} CPUs"
    for package in _PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            versions[package] = "not installed"
    if (root / ".git").exists():
        command = ["git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=12"]
        try:
            versions["commit"] = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
        except (OSError, subprocess.CalledProcessError) as error:
            versions["commit"] = f"unknown ({type(error).__name__})"
    return versions


def _processor() -> str:
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.is_file() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or platform.machine()
