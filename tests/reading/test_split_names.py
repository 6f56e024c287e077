"""Which split a name stands for."""

import pytest

from genas.reading.splits import column_of, named, renamed, split_of, splits_of


@pytest.mark.parametrize(
    ("split", "names"),
    [
        ("train", "train Training TRAIN training_set seg_train TrainSet trainset train2017 train-data Train-Images"),
        ("val", "val valid Validation VAL_SET dev seg_val validation_images val2017"),
        ("test", "test Testing test_set TestSet seg_test holdout hold-out Hold_Out eval evaluation testdata"),
        (None, "cat trainers trains tester x_train_y validity bus eval_train dataset images 0 1 _ devil contest"),
    ],
)
def test_a_name_in_any_case_and_spelling_is_a_split_or_none(split, names):
    assert {name: split_of(name) for name in names.split()} == dict.fromkeys(names.split(), split)


def test_eval_is_the_test_split_where_there_is_no_other():
    assert splits_of(["train", "eval"]) == {"train": "train", "eval": "test"}
    assert splits_of(["train", "eval", "test"]) == {"train": "train", "eval": "val", "test": "test"}
    assert splits_of(["train", "dev", "eval"]) == {"train": "train", "dev": "val", "eval": "test"}


def test_two_names_of_one_split_are_refused():
    with pytest.raises(ValueError, match="'val' and 'dev' both name the val split; rename"):
        splits_of(["train", "val", "dev"])


def test_unusual_names_are_told():
    assert renamed({"Training": "train", "test": "test"}, "x") == []
    assert renamed({"train-00000-of-00001": "train"}, "x") == []
    assert renamed({"seg_train": "train", "test": "test"}, "x") == ["Splits of x: 'seg_train' is train."]


@pytest.mark.parametrize(
    ("names", "splits"),
    [
        ("mnist_train mnist_test notes", "train test None"),
        ("UNSW_NB15_training-set UNSW_NB15_testing-set", "train test"),
        ("train_1 train_2 test_1", "train train test"),
        ("train-00000-of-00002 train-00001-of-00002 test-00000-of-00001", "train train test"),
        ("flowers-Train flowers-val", "train val"),
        ("X_train y_train X_test y_test", "None None None None"),
        ("train_images train_masks", "train None"),
        ("trainval test", "None test"),
        ("a_test b_test", "None None"),
    ],
)
def test_what_all_names_have_in_common_and_numbers_of_parts_do_not_count(names, splits):
    wanted = dict(zip(names.split(), splits.split(), strict=True))
    assert named(names.split()) == {name: split for name, split in wanted.items() if split != "None"}


def test_parts_of_one_split_are_not_two_splits_of_one_name():
    assert splits_of(["train_1", "train_2", "Test"]) == {"train_1": "train", "train_2": "train", "Test": "test"}
    assert splits_of(["Train", "TRAIN", "test"])["TRAIN"] == "train"


@pytest.mark.parametrize(
    ("name", "words", "splits"),
    [
        ("phase", "train test", "train test"), ("dataset", "Training Validation Test", "train val test"),
        ("train/test", "TRAIN TEST", "train test"), ("split", "train", "train"), ("is_train", "1 0", "train test"),
        ("isTest", "False True", "train test"), ("is_training", "yes no", "train test"),
        ("is holdout", "false true", "train test"),
    ],
)  # fmt: skip
def test_a_column_of_splits_is_known_by_its_words_or_by_its_name(name, words, splits):
    found = column_of({"a": {"x", "y"}, name: set(words.split())}, "t.csv")
    assert found == (name, dict(zip(words.split(), splits.split(), strict=True)))


@pytest.mark.parametrize("words", ["train bus test", "test val", "train", "test_a test_b", "0 1 2"])
def test_a_column_of_other_words_is_a_feature(words):
    assert column_of({"vehicle": set(words.split())}, "t.csv") is None


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"split": {"train", "test", None}}, "'an empty cell' is not a split"),
        ({"split": {"train", "other"}}, "'other' is not a split. Write train, val or test"),
        ({"Usage": {"Training", "PublicTest"}}, "'PublicTest' is not a split"),
        ({"split": {"train", "test"}, "set": {"train", "test"}}, "split and set of t.csv both name splits"),
        ({"is_train": {"1", None}}, "empty cells; write true or false"),
    ],
)
def test_a_column_that_names_the_splits_of_some_rows_only_is_refused(columns, message):
    with pytest.raises(ValueError, match=message):
        column_of(columns, "t.csv")
