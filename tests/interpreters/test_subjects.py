"""Which data and which label a sentence names, and what it gets where its data or its work are not served."""

from __future__ import annotations

import random
import re
import time
from pathlib import Path

import pytest
from subject_sentences import (
    DESCRIBED,
    HALF_DESCRIBED,
    NO_LIMIT,
    NO_PATHS,
    NOT_SERVED,
    ONE_LIMIT,
    PICTURES,
    SERVED,
    TABLES,
    UNREAD_PATHS,
)

import genas
from genas.core import registry, wire
from genas.core.errors import GenasError, RequestError
from genas.core.records import Constraint, Request, Use


@pytest.mark.parametrize(("sentence", "path", "label"), TABLES, ids=[row[0] for row in TABLES])
def test_the_label_is_the_column_that_the_sentence_names(sentence: str, path: str, label: str | None) -> None:
    options = {"path": path} if label is None else {"path": path, "label": label}
    assert genas.interpret(sentence).task == Use("tabular", options)


@pytest.mark.parametrize(("sentence", "path"), PICTURES, ids=[row[0] for row in PICTURES])
def test_a_path_is_read_as_it_is_written(sentence: str, path: str) -> None:
    task = genas.interpret(sentence).task
    assert (task.name, task.options["path"]) == ("images", path)


@pytest.mark.parametrize(("sentence", "word"), UNREAD_PATHS, ids=[row[0] for row in UNREAD_PATHS])
def test_a_path_that_is_not_understood_is_an_error(sentence: str, word: str) -> None:
    with pytest.raises(RequestError, match=r"(?i)\bwrite\b") as refusal:
        genas.interpret(sentence)
    assert word in str(refusal.value)


@pytest.mark.parametrize(("sentence", "task"), NO_PATHS + SERVED, ids=[row[0] for row in NO_PATHS + SERVED])
def test_words_that_look_like_paths_or_other_work_and_are_none_hinder_nothing(sentence: str, task: str) -> None:
    assert genas.interpret(sentence).task.name == task


@pytest.mark.parametrize(("sentence", "work"), NOT_SERVED, ids=[row[0] for row in NOT_SERVED])
def test_work_that_is_not_served_is_refused_by_name(sentence: str, work: str) -> None:
    with pytest.raises(RequestError, match=f"^'[^']*{re.escape(work)}[^']*' is not served yet"):
        genas.interpret(sentence)


@pytest.mark.parametrize(("sentence", "modality", "shape", "classes"), DESCRIBED, ids=[row[0] for row in DESCRIBED])
def test_described_data_are_understood(sentence: str, modality: str, shape: list[int], classes: int) -> None:
    options = {"modality": modality, "input_shape": shape, "outputs": classes}
    assert genas.interpret(sentence).task == Use("described", options)


@pytest.mark.parametrize(("sentence", "asked"), HALF_DESCRIBED, ids=[row[0] for row in HALF_DESCRIBED])
def test_half_a_description_is_asked_for_the_rest(sentence: str, asked: str) -> None:
    with pytest.raises(RequestError, match=asked):
        genas.interpret(sentence)


@pytest.mark.parametrize(("sentence", "limit"), ONE_LIMIT, ids=[row[0] for row in ONE_LIMIT])
def test_a_rough_figure_beside_a_limit_is_left_out_and_said(
    sentence: str, limit: tuple[str, float | None, float | None], caplog: pytest.LogCaptureFixture
) -> None:
    metric, low, high = limit
    assert genas.interpret(sentence).constraints == (Constraint(metric, at_most=high, at_least=low),)
    assert [record.message for record in caplog.records if "is left out" in record.message]


@pytest.mark.parametrize(("sentence", "says"), NO_LIMIT, ids=[row[0] for row in NO_LIMIT])
def test_a_rough_figure_alone_or_beyond_the_limit_is_refused(sentence: str, says: str) -> None:
    with pytest.raises(RequestError, match=says):
        genas.interpret(sentence)


@pytest.fixture
def titanic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "titanic.csv"
    path.write_text("class,Age Group,Survived,fare\n" + "1,old,yes,7.5\n2,young,no,8\n" * 20)
    (tmp_path / "plain.csv").write_text("a;b;label\n" + "1;2;x\n2;1;y\n" * 20)
    (tmp_path / "wine list.csv").write_text("a,label\n" + "1,x\n2,y\n" * 20)
    for folder in ("my photos", "pets"):
        (tmp_path / folder).mkdir()
    return path


@pytest.mark.parametrize(
    ("sentence", "label"),
    [
        ("predict survived from titanic.csv", "Survived"),
        ("predict whether passengers survived from titanic.csv", "Survived"),
        ("classify survived in titanic.csv", "Survived"),
        ("predict the age group from titanic.csv", "Age Group"),
        ("titanic.csv, label age_group", "Age Group"),
        ("predict the class from titanic.csv, target: class", "class"),
        ("predict whether somebody leaves from plain.csv", None),
        ("classify customers in plain.csv", None),
        ("predict churn from plain.csv", None),
        ("titanic.csv, label nothing_like_it", "nothing_like_it"),
        ("titanic.csv, the last column is the label", "fare"),
        ("titanic.csv, the label is in the first column", "class"),
    ],
)
def test_a_label_is_found_among_the_columns_of_a_table_that_is_there(
    titanic: Path, sentence: str, label: str | None
) -> None:
    assert genas.interpret(sentence).task.options.get("label") == label


@pytest.mark.parametrize(
    ("sentence", "says"),
    [
        ("predict survival from titanic.csv", "Which column of titanic.csv holds 'survival'"),
        ("predict survived and fare from titanic.csv", "Is it 'Survived' or 'fare'"),
    ],
)
def test_a_column_that_is_not_there_is_asked_for(titanic: Path, sentence: str, says: str) -> None:
    with pytest.raises(RequestError, match=f"{says}.*label NAME"):
        genas.interpret(sentence)


@pytest.mark.parametrize(
    ("sentence", "path"),
    [
        ("the photos in my photos/ are to be sorted", "my photos/"),
        ("the photos in ./my photos are to be sorted", "./my photos"),
        ("the photos in the folder pets, under 5 ms", "pets"),
        ("rows of the wine list.csv, under 5k parameters", "wine list.csv"),
        ("rows of titanic.csv, label Survived", "titanic.csv"),
    ],
)
def test_a_file_that_is_there_is_known_with_its_blanks(titanic: Path, sentence: str, path: str) -> None:
    assert genas.interpret(sentence).task.options["path"] == path


def test_networks_are_proposed_for_described_data_and_design_says_what_is_missing(tmp_path: Path) -> None:
    sentence = "48x48 grayscale faces, seven emotions, at most 300k parameters"
    (trial,) = genas.propose(sentence, 1, proposers=["uniform"])
    assert 0 < (trial.value("params") or 0) <= 300_000
    with pytest.raises(RequestError, match=r"only described.*name a path"):
        genas.design(sentence, out=tmp_path / "run", budget={"seconds": 60})


_STARTS = """
    predict survived from|Sage Klasse voraus aus|prédire la classe dans|label|the photos in|die Bilder in|les images de
    a GNN for|an int8 network for|48x48 grayscale faces,|128px photos,|CIFAR-100|digits|MNIST|roughly 0.7M,|a table with
    delete|fine-tune a ResNet-50 on|multi-label|column "x y" is the target of|folder called|between|don't exceed
"""
_DATA = """
    ./a.csv|'my files/b c.parquet'|D:\\data\\x|file:///a%20b|~/p|$HOME/x|s3://b/k|x.zip|/root/p|"q
    \ue000|\ue123|C:|..|./|\\\\n
    seven emotions|30 features|4 GPUs|8x8x8x8|at most 50k parameters|0.8M|12 categories|or not|2 classes|»a/b«|\x00|½
    `|''
"""


def test_any_sentence_on_data_is_read_or_refused_with_one_error() -> None:
    rng, exact = random.Random(14), registry.create("interpreters", "exact")
    pieces = [word.strip() for block in (_STARTS, _DATA) for line in block.split("\n") for word in line.split("|")]
    begin, read = time.process_time(), 0
    for _ in range(2000):
        sentence = rng.choice((" ", "", ", ")).join(rng.choices(pieces, k=rng.randrange(1, 9)))
        try:
            request = exact.read(sentence)
        except GenasError as refusal:
            assert str(refusal)
        else:
            read += 1
            assert wire.from_data(Request, wire.to_data(request)) == request
    assert read > 100
    assert time.process_time() - begin < 30


@pytest.mark.parametrize("piece", ["(", "a/", "a.b", "label ", "\\ ", "./a ", "'a/b", "x=", "1x", "~", "a:/", "«a "])
def test_a_long_sentence_takes_no_longer_than_its_length_allows(piece: str) -> None:
    begin = time.process_time()
    try:
        request = genas.interpret((piece * 4000)[:3990] + " x.csv y")
    except GenasError as refusal:
        assert str(refusal)
    else:
        assert request.task.options["path"]
    assert time.process_time() - begin < 5
