"""Handwritten digits: 1,797 grey images of 8x8 pixels that come with scikit-learn, 10 classes."""

from __future__ import annotations

from functools import cached_property

from genas.core.interfaces import Data, Split
from genas.tasks._pictures import PictureTask


class DigitsTask(PictureTask):
    """The task of reading a digit.

    Source: Alpaydin & Kaynak (1998), as packaged by scikit-learn. The split is ours, stratified and fixed: 1,167
    train, 270 val, 360 test.
    """

    name = "digits"
    description = "Classify 8x8 grayscale images of handwritten digits, 10 classes (scikit-learn digits)."
    input_shape = (1, 8, 8)
    outputs = 10
    mirror = False
    classes = tuple("0123456789")
    scale = 16.0
    preparing = "divide grey levels 0..16 by 16, subtract the mean, divide by the standard deviation"

    @cached_property
    def _splits(self) -> dict[str, Data]:
        import torch
        from sklearn.datasets import load_digits
        from sklearn.model_selection import train_test_split

        images, labels = load_digits(return_X_y=True)
        images = images.reshape(-1, 1, 8, 8).astype("uint8")
        rest, test, rest_y, test_y = train_test_split(images, labels, test_size=360, stratify=labels, random_state=0)
        train, val, train_y, val_y = train_test_split(rest, rest_y, test_size=270, stratify=rest_y, random_state=0)
        pairs = {"train": (train, train_y), "val": (val, val_y), "test": (test, test_y)}
        return {k: Data(torch.from_numpy(x), torch.from_numpy(y).long()) for k, (x, y) in pairs.items()}

    def data(self, split: Split) -> Data:
        """Images as bytes in 0..16 [n, 1, 8, 8] and their digits [n]."""
        return self._splits[split]
