"""Which split a name stands for."""

import pytest

from genas.reading.splits import renamed, split_of, splits_of


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
    assert renamed({"seg_train": "train", "test": "test"}, "x") == ["Splits of x: 'seg_train' is train."]
