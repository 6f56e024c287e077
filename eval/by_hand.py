"""The baseline without genas: a small ResNet at the limit, trained with one frozen recipe for the whole budget.

What a competent engineer would write in an hour with torch alone: a 3x3 stem, three stages of one basic block each
(widths w, 2w, 4w; the second and third halve the image), global average pooling and a linear layer. The width w is the
largest that keeps the limit on parameters. There is no search and no validation: the network at the end of training is
the answer.

The budget is in CPU seconds of one thread. It covers everything from tensors in memory to the trained network: choosing
the width, preparing the images, training. Measuring the accuracies afterwards is not charged, which favours this
baseline; `seconds` in the result includes that time.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

BATCH = 64
EVALUATED = 128  # images per batch when accuracies are read
RATE, DECAY, SMOOTHING = 4e-3, 0.02, 0.1
WARM_UP = 0.1  # share of the budget
LARGE = 48  # pixels of the shorter side from which the stem halves the image: at 48, stride 1 was far behind


class Block(nn.Module):
    """Two 3x3 convolutions beside a shortcut (He et al., 2016)."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.first_norm = nn.BatchNorm2d(outputs)
        self.second = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.second_norm = nn.BatchNorm2d(outputs)
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)
            )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.first_norm(self.first(x)), inplace=True)
        y = self.second_norm(self.second(y))
        return F.relu(y + self.shortcut(x), inplace=True)


class SmallResNet(nn.Module):
    """Stem, three basic blocks, average pooling, linear layer."""

    def __init__(self, channels: int, classes: int, width: int, stem_stride: int) -> None:
        super().__init__()
        self.stem = nn.Conv2d(channels, width, 3, stem_stride, 1, bias=False)
        self.stem_norm = nn.BatchNorm2d(width)
        self.blocks = nn.Sequential(
            Block(width, width, 1), Block(width, 2 * width, 2), Block(2 * width, 4 * width, 2)
        )  # fmt: skip
        self.head = nn.Linear(4 * width, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.stem_norm(self.stem(x)), inplace=True)
        out: Tensor = self.head(self.blocks(x).mean((2, 3)))
        return out


def count_params(network: nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())


def widest(channels: int, classes: int, max_params: int) -> int:
    """The largest width whose network has at most `max_params` parameters; ValueError where none has.

    Above 16 it is a multiple of 16: others, such as 18, train much slower on this kind of processor.
    """
    width = 0
    with torch.device("meta"):
        while count_params(SmallResNet(channels, classes, width + 1, 1)) <= max_params:
            width += 1
    if width == 0:
        raise ValueError(f"no width keeps {max_params} parameters with {channels} channels and {classes} classes")
    return width if width < 16 else width // 16 * 16


@dataclass(frozen=True)
class Images:
    """Training images as bytes with repeated edges, so that a shift is a window into them."""

    padded: Tensor  # uint8 [n, H + 2 reach, W + 2 reach, C]
    labels: Tensor  # [n]
    reach: int  # pixels of the largest shift
    mean: Tensor  # [C], in grey levels
    deviation: Tensor  # [C]
    mirror: bool

    @staticmethod
    def of(inputs: Tensor, labels: Tensor, mirror: bool) -> Images:
        _, channels, height, width = inputs.shape
        levels = torch.arange(256.0)
        counts = torch.stack([torch.bincount(inputs[:, c].flatten(), minlength=256) for c in range(channels)]).double()
        share = (counts / counts.sum(1, keepdim=True)).float()  # [C, 256]
        mean = share @ levels
        deviation = (share @ levels.square() - mean.square()).clamp(min=1.0).sqrt()
        reach = min(4, min(height, width) // 8)
        rows, columns = (torch.arange(-reach, side + reach).clamp(0, side - 1) for side in (height, width))
        padded = inputs.permute(0, 2, 3, 1)[:, rows][:, :, columns].contiguous()
        return Images(padded, labels, reach, mean, deviation, mirror)

    def standardised(self, images: Tensor) -> Tensor:
        """Bytes [n, H, W, C] as floats [n, C, H, W] in channels-last memory."""
        return ((images.float() - self.mean) / self.deviation).permute(0, 3, 1, 2)

    def batch(self, index: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Those images, each shifted, half of them mirrored where that is allowed."""
        reach = self.reach
        height, width = (side - 2 * reach for side in self.padded.shape[1:3])
        windows = self.padded.unfold(1, height, 1).unfold(2, width, 1).permute(0, 1, 2, 4, 5, 3)  # a view
        down, right = torch.randint(0, 2 * reach + 1, (2, len(index)), generator=generator)
        images = windows[index, down, right]  # [b, H, W, C]
        if self.mirror:
            turned = torch.rand(len(index), generator=generator) < 0.5
            images = torch.where(turned.view(-1, 1, 1, 1), images.flip(2), images)
        return self.standardised(images.contiguous()), self.labels[index]


def optimizer_of(network: nn.Module) -> torch.optim.Optimizer:
    """AdamW that decays weights, and leaves biases and normalisation alone."""
    weights = [p for p in network.parameters() if p.ndim > 1]
    others = [p for p in network.parameters() if p.ndim <= 1]
    groups = [{"params": weights, "weight_decay": DECAY}, {"params": others, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=RATE, fused=True)


def fit(network: nn.Module, images: Images, start: float, seconds: float, generator: torch.Generator) -> float:
    """Train until `seconds` after `start` on the CPU clock; the number of epochs."""
    optimizer = optimizer_of(network)
    total = len(images.labels)
    size = min(BATCH, total)
    seen, order = 0, torch.empty(0, dtype=torch.long)
    network.train()
    while (used := (time.process_time() - start) / seconds) < 1:
        if len(order) < size:
            order = torch.randperm(total, generator=generator)
        index, order = order[:size], order[size:]
        for group in optimizer.param_groups:
            group["lr"] = RATE * min(used / WARM_UP, (1 - used) / (1 - WARM_UP))
        x, y = images.batch(index, generator)
        loss = F.cross_entropy(network(x), y, label_smoothing=SMOOTHING)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        seen += size
    return seen / total


@torch.inference_mode()
def accuracy(network: nn.Module, images: Images, inputs: Tensor, labels: Tensor) -> float:
    """The share of examples whose class has the largest output."""
    network.eval()
    right = 0
    for x, y in zip(torch.split(inputs, EVALUATED), torch.split(labels, EVALUATED), strict=True):
        outputs = network(images.standardised(x.permute(0, 2, 3, 1).contiguous()))
        right += int((outputs.argmax(1) == y).sum())
    return right / len(labels)


def train(  # noqa: PLR0917 - three splits, each of inputs and labels
    x_train: Tensor,
    y_train: Tensor,
    x_val: Tensor,
    y_val: Tensor,
    x_test: Tensor,
    y_test: Tensor,
    classes: int,
    seconds: float,
    seed: int,
    max_params: int = 100_000,
    mirror: bool = False,
) -> dict[str, float]:
    """Train the widest network for the budget and read its accuracies.

    Args:
        x_train: bytes [n, C, H, W]; so are `x_val` and `x_test`.
        seconds: CPU seconds of one thread, from here to the trained network.
        mirror: whether an image keeps its class when mirrored left to right.
    """
    start = time.process_time()
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    channels, *sides = x_train.shape[1:]
    width = widest(channels, classes, max_params)
    network = SmallResNet(channels, classes, width, 2 if min(sides) >= LARGE else 1)
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    images = Images.of(x_train, y_train, mirror)
    epochs = fit(network, images, start, seconds, generator)
    trained = time.process_time() - start
    val, test = accuracy(network, images, x_val, y_val), accuracy(network, images, x_test, y_test)
    return {
        "test": test,
        "val": val,
        "params": count_params(network),
        "width": width,
        "epochs": epochs,
        "training_seconds": trained,
        "seconds": time.process_time() - start,
    }
