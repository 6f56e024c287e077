"""Where models are looked for."""

from pathlib import Path

import pytest

from genas.core import assets
from genas.core.errors import MissingArtifact
from genas.proposers.archlm import ArchLMProposer
from genas.proposers.diffusion import DiffusionProposer
from genas.spaces.nasbench201 import NasBench201

NAME = "diffusion-nasbench201"


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in the working directory that is called as a model of genas."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / NAME).mkdir()
    (tmp_path / NAME / "config.json").write_text("{}")
    return tmp_path / NAME


def test_a_folder_here_never_takes_the_place_of_a_model_of_its_name(own: Path) -> None:
    assert assets.model(NAME, make="") == assets.models() / NAME
    assert DiffusionProposer(NasBench201(), 0).path() == assets.models() / NAME


@pytest.mark.parametrize("proposer", [DiffusionProposer, ArchLMProposer])
def test_a_path_with_a_separator_names_a_folder(own: Path, proposer: type[DiffusionProposer]) -> None:
    assert assets.model(f"./{NAME}", make="") == Path(NAME)
    assert assets.model(str(own), make="") == own
    assert proposer(NasBench201(), 0, model=f"./{NAME}").path().samefile(own)


def test_a_name_that_is_a_folder_here_alone_is_told_how_to_be_written(own: Path) -> None:
    own.rename("mine")
    with pytest.raises(MissingArtifact, match=r"Model 'mine' is missing. .*write \./mine"):
        assets.model("mine", make="genas fit ...")


def test_what_is_missing_names_the_command_that_makes_it(own: Path) -> None:
    for name in ("no-such-model", "./no-such-model"):
        with pytest.raises(MissingArtifact, match="Train it with: genas fit"):
            assets.model(name, make="genas fit ...")
