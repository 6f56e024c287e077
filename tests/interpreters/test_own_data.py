"""Paths to images and tables, and what is said where a sentence names neither."""

import pytest

import genas
from genas.core import registry
from genas.core.errors import RequestError
from genas.core.records import Use
from genas.interpreters.subject.subject import space_for


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
        ("a classifier for road-sign photos, under 300k parameters", "Where are your images.*3x32x32 images"),
        ("a classifier for 32x32 road-sign photos, under 300k parameters", "How many classes.*path of your data"),
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


OTHER_WORK = [
    ("detect objects in ./signs", "detect objects", "images in ./signs"),
    ("an object detector for ./signs, 43 classes", "object detector", "images in ./signs"),
    ("detect pedestrians in ./frames under 10 ms", "detect pedestrians", "images in ./frames"),
    ("segment the images in ./signs", "segment", "images in ./signs"),
    ("Segmentierung der Bilder in ./schilder", "Segmentierung", "images in ./schilder"),
    ("generate images like those in ./signs", "generate images", "images in ./signs"),
    ("a classifier for the audio files in ./signs", "audio", "images in ./signs"),
    ("classify the videos in ./clips", "videos", "images in ./clips"),
    ("cluster the rows of churn.csv", "cluster", "rows in churn.csv"),
    ("classify the text in reviews.csv, label label", "text", "rows in reviews.csv"),
    ("regression for the table reg.csv", "regression", "rows in reg.csv"),
    ("predict house prices from houses.csv", "predict house prices", "rows in houses.csv"),
]


@pytest.mark.parametrize(("sentence", "word", "instead"), OTHER_WORK)
def test_other_work_is_not_read_as_classification(sentence, word, instead):
    with pytest.raises(RequestError, match=f"^'{word}' is not served yet.*write: classify the {instead}"):
        genas.interpret(sentence)
    path = instead.rpartition(" ")[2]
    assert genas.interpret(f"classify the {instead}").task.options == {"path": path}


@pytest.mark.parametrize(
    ("sentence", "task"),
    [
        ("detect whether a photo in ./photos shows a defect", "images"),
        ("defect detection on the scans in ./parts", "images"),
        ("tell AI-generated images from real ones in ./fakes", "images"),
        ("generate a classifier for images in ./signs", "images"),
        ("sort the scanned documents in ./scans by kind of text", "images"),
        ("can you recommend a network for the photos in ./photos?", "images"),
        ("fraud detection (yes/no) from transactions.csv", "tabular"),
        ("spam filter for spambase.csv, label spam", "tabular"),
        ("customers.csv, label: sentiment", "tabular"),
        ("predict the segment from customers.csv", "tabular"),
        ("predict the age group from people.csv", "tabular"),
        ("customer segmentation from customers.csv, column segment is the label", "tabular"),
        ("a better model than logistic regression for churn.csv", "tabular"),
    ],
)
def test_classification_in_words_of_other_work_is_read(sentence, task):
    assert genas.interpret(sentence).task.name == task


def test_other_work_on_named_data_is_told_what_is_served():
    with pytest.raises(RequestError, match=r"'cluster' is not served yet.*images, rows of a table or nodes of a graph"):
        genas.interpret("cluster the MNIST digits")


def test_a_task_without_a_space_is_told_where_to_name_one(monkeypatch):
    monkeypatch.setattr(registry.load("tasks", "cifar10"), "modality", "sound")
    with pytest.raises(RequestError, match=r'request file, as in space = "conv_net"; known spaces: .*conv_net'):
        space_for(Use("cifar10"))


def test_two_files_are_not_read_as_one():
    with pytest.raises(RequestError, match=r"'train\.csv' and 'test\.csv': write one path\. .* as train\.csv"):
        genas.interpret("a classifier with train.csv for training and test.csv for testing, under 5k parameters")


def test_a_folder_of_tables_is_a_table(tmp_path):
    for name in ("train.csv", "test.csv"):
        (tmp_path / name).write_text("a,label\n1,x\n")
    request = genas.interpret(f"classify the data in {tmp_path}/, under 5k parameters")
    assert request.task == Use("tabular", {"path": f"{tmp_path}/"}) and request.space.name == "mlp"


def test_the_label_of_a_folder_of_tables_is_the_column_that_the_sentence_names(tmp_path):
    for name in ("mnist_train.csv", "mnist_test.csv"):
        (tmp_path / name).write_text("a,house type\n1,x\n")
    for said in ("classify {} by house type", "predict the house type from {}", "the rows of {}, label House_Type"):
        request = genas.interpret(f"{said.format(tmp_path)}, under 5k parameters")
        assert request.task == Use("tabular", {"path": str(tmp_path), "label": "house type"})
    with pytest.raises(RequestError, match=r"Which column .* holds 'price'"):
        genas.interpret(f"predict the price from {tmp_path}, under 5k parameters")
