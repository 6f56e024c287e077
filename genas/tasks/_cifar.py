"""What tables of image classifiers share: CIFAR-10 photographs for proxies and for training on."""

from __future__ import annotations

import io
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from genas.core import assets
from genas.core.errors import ScoreFailed
from genas.core.interfaces import Data, Split, Task
from genas.core.rng import seed_of
from genas.core.task_records import Preparation, Scaling
from genas.tasks._pictures import pictures_in

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from torch import Tensor

    from genas.reading.image_reader import ImageReader

CIFAR10 = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")


class CifarTable(Task):
    """A table whose networks see CIFAR-10 photographs: 25,000 to train on and 25,000 to choose by, never test images.

    Where the table is of another data set, proxies see CIFAR-10 in its place and nothing can be trained.
    """

    modality: ClassVar[str] = "image"
    dataset: str = "cifar10"
    scale = 255.0
    mean = (0.4914, 0.4822, 0.4465)
    std = (0.2470, 0.2435, 0.2616)
    preparing = "divide by 255, subtract the mean of CIFAR-10, divide by its standard deviation"

    def data(self, split: Split) -> Data:
        """CIFAR-10 images as bytes [n, 3, 32, 32] with labels [n]: 25,000 each for train and val.

        Raises:
            ScoreFailed: for the test split, and for data sets other than CIFAR-10.
        """
        if split == "test":
            raise ScoreFailed(f"{self.name} gives no test images: read test_accuracy from its table (validator table)")
        if self.dataset != "cifar10":
            raise ScoreFailed(f"the images of {self.dataset} are not here: validate by its table (validator table)")
        return self._splits[split]

    @cached_property
    def _splits(self) -> dict[str, Data]:
        order = self._order
        half = len(order) // 2
        return {"train": self._decode(order[:half]), "val": self._decode(order[half:])}

    @cached_property
    def _order(self) -> np.ndarray:
        """Our fixed shuffle of the training images; the first half is the train split."""
        import numpy as np

        return np.random.default_rng(seed_of("nasbench201", "images")).permutation(self._images.num_rows)

    @cached_property
    def _images(self) -> pa.Table:
        import pyarrow.parquet as pq

        return pq.read_table(assets.data("images/cifar10_train.parquet"), columns=["jpeg", "label"])

    def _decode(self, rows: np.ndarray) -> Data:
        import numpy as np
        import torch
        from PIL import Image

        chosen = self._images.take(rows)
        pixels = np.stack([np.asarray(Image.open(io.BytesIO(j.as_py())).convert("RGB")) for j in chosen.column("jpeg")])
        labels = torch.from_numpy(np.asarray(chosen.column("label")).astype(np.int64))  # [n]
        return Data(torch.from_numpy(pixels).permute(0, 3, 1, 2).contiguous(), labels)  # [n, 3, 32, 32]

    def batch(self, n: int, seed: int = 0) -> tuple[Tensor, Tensor]:
        """`n` prepared CIFAR-10 images of the train half with labels, for proxies, resized to the task's inputs."""
        import numpy as np
        from torch.nn.functional import adaptive_avg_pool2d

        half = self._order[: len(self._order) // 2]
        inputs, labels = self._decode(np.random.default_rng(seed_of("batch", seed)).permutation(half)[:n])
        prepared = self.prepare(inputs)  # [n, 3, 32, 32]
        size = self.input_shape[-1]
        return (prepared if size == 32 else adaptive_avg_pool2d(prepared, size)), labels

    @property
    def data_id(self) -> str:
        """The data set that the table is of."""
        return self.dataset

    @property
    def preparation(self) -> Preparation:
        """The scale, and the statistics of CIFAR-10."""
        return Preparation(self.preparing, Scaling(self.mean, self.std, self.scale))

    def prepare(self, inputs: Tensor) -> Tensor:
        """Images scaled and standardised per channel."""
        from genas.networks.preparation import standardised

        return standardised(inputs, self.scale, self.mean, self.std)

    def reader(self) -> ImageReader:
        """Reads pictures as the network takes them."""
        return pictures_in(self.input_shape, self.scale)
