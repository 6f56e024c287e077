"""Paths to images and tables, and what is said where a sentence names neither."""

import pytest

import genas
from genas.core.errors import RequestError


@pytest.mark.parametrize(
    ("sentence", "task", "options"),
    [
        (
            "a classifier for the rows of ./churn.csv, label churned, under 5k parameters",
            "tabular",
            {"path": "./churn.csv", "label": "churned"},
        ),
        (
            "Rows in data/Churn_2024.csv; the target column is Churned_At, at most 20k params, 30 trials",
            "tabular",
            {"path": "data/Churn_2024.csv", "label": "Churned_At"},
        ),
        (
            "customers.tsv, column segment is the label, smallest network above 90 % accuracy",
            "tabular",
            {"path": "customers.tsv", "label": "segment"},
        ),
        ("an MLP for 'my files/wine list.csv', 2 minutes", "tabular", {"path": "my files/wine list.csv"}),
        ("the features in x.npz, under 10k parameters", "tabular", {"path": "x.npz"}),
        ("the photos in x.npz, under 10k parameters", "images", {"path": "x.npz"}),
        ("flowers.parquet at 64x64, accuracy first", "images", {"path": "flowers.parquet", "size": 64}),
    ],
)
def test_a_path_is_a_table_by_its_ending_or_by_the_words(sentence, task, options):
    request = genas.interpret(sentence)
    assert request.task.name == task and dict(request.task.options) == options
    assert request.space.name == {"tabular": "mlp", "images": "conv_net"}[task]


@pytest.mark.parametrize(
    ("sentence", "words"),
    [
        ("a classifier for 32x32 road-sign photos, under 300k parameters", "Where are your images.*3x32x32 images"),
        ("our data, under 10k parameters", "Where are your images.*a .csv"),
        ("a tabular classifier under 5k parameters", "Where is your table.*30 features"),
        ("an MLP for mnist", "No search space makes 'MLP' networks for this task"),
    ],
)
def test_data_that_are_nowhere_get_a_question(sentence, words):
    with pytest.raises(RequestError, match=words):
        genas.interpret(sentence)


def test_a_described_table_gets_a_space():
    request = genas.interpret("30 features of a table, 2 classes, under 5k parameters")
    assert request.space.name == "mlp" and request.task.name == "described"
