"""An untrained network to probe: with its examples, hooks on its layers, and copies with other weights."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy, deepcopy
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.conv import _ConvNd

from genas.core.errors import ScoreFailed
from genas.core.interfaces import Task
from genas.training.fresh import seeded

Outcome = float | tuple[tuple[float, ...], ...] | ScoreFailed
LAYERS = (_ConvNd, nn.Linear)
NORMS = (_BatchNorm, nn.GroupNorm, nn.LayerNorm)  # torch's instance norms are batch norms
_UNLABELLED = -100  # the label that torch's cross entropy ignores


class Subject:
    """An untrained network with a batch of examples.

    Batch norms take over the statistics of the batch (momentum 1). So after one pass in training mode, the network in
    evaluation mode (`settled()`) computes the same function for each example separately.

    Args:
        network: freshly initialised; only the running statistics of its norms change.
        task: provides the examples when they are first needed.
        batch: number of examples.
        about: the key of the architecture and a seed; all random numbers depend on these.
        device: the device of the network.
    """

    def __init__(
        self, network: nn.Module, task: Task, batch: int, about: tuple[str, int], device: torch.device
    ) -> None:
        self.network, self.task, self.about = network, task, about
        self._batch, self._device = batch, device
        self._settled = False
        for module in network.modules():
            if isinstance(module, _BatchNorm):
                module.momentum = 1.0
            elif isinstance(module, nn.Conv2d):
                weight = module.weight.data  # this memory layout is twice as fast on CPUs
                module.weight.data = weight.contiguous(memory_format=torch.channels_last)

    @cached_property
    def _examples(self) -> tuple[Any, Tensor]:
        inputs, labels = self.task.batch(self._batch, self.about[1])
        return inputs.to(self._device), labels.to(self._device)

    @property
    def inputs(self) -> Any:
        """A batch of inputs, or one graph."""
        return self._examples[0]

    @property
    def labels(self) -> Tensor:
        """The label of each example, or of each node of the graph (-100 for an unlabelled node)."""
        return self._examples[1]

    @property
    def is_graph(self) -> bool:
        """Whether the examples are the labelled nodes of one graph."""
        return not isinstance(self.inputs, Tensor)

    @cached_property
    def rows(self) -> Tensor:
        """Indices of the examples, or of the labelled nodes."""
        if self.is_graph:
            return torch.nonzero(self.labels != _UNLABELLED)[: self._batch, 0]
        return torch.arange(len(self.labels), device=self._device)

    @property
    def weights(self) -> list[nn.Parameter]:
        """The trainable parameters with two or more dimensions."""
        return weights_of(self.network)

    def random(self, name: str) -> Any:
        """A context with torch's CPU generator seeded by this subject and `name`."""
        return seeded("probe", name, *self.about)

    def leaf(self) -> tuple[Any, Tensor]:
        """The inputs of the network, and the tensor in them to differentiate by.

        Raises:
            ScoreFailed: the inputs are token ids.
        """
        values = self.inputs.x if self.is_graph else self.inputs
        if not values.is_floating_point():
            raise ScoreFailed("inputs are token ids, which have no gradient and no noise")
        values = values.detach().clone().requires_grad_()
        return self.like(values), values

    def like(self, values: Tensor) -> Any:
        """Inputs with other values: of a graph, the same graph with other node features; else the values themselves."""
        if not self.is_graph:
            return values
        graph = copy(self.inputs)
        graph.x = values
        return graph

    def noise(self, name: str) -> Tensor:
        """Standard Gaussian noise in the shape of the inputs (of a graph, of its node features).

        Raises:
            ScoreFailed: the inputs are token ids.
        """
        values = self.inputs.x if self.is_graph else self.inputs
        if not values.is_floating_point():
            raise ScoreFailed("inputs are token ids, which have no gradient and no noise")
        with self.random(name):
            return torch.randn(values.shape).to(values.device)

    def chosen(self, values: Tensor) -> Tensor:
        """The values of a layer for the examples: all rows, or those of the labelled nodes of a graph."""
        return values[self.rows] if self.is_graph and len(values) == len(self.labels) else values

    def forward(self, inputs: Any = None) -> Tensor:
        """Logits of a pass in training mode; afterwards the norms hold the statistics of the batch.

        Args:
            inputs: the inputs from `leaf`, to differentiate by; None takes the plain inputs.
        """
        with self.random("forward"):
            logits: Tensor = self.network.train()(self.inputs if inputs is None else inputs)
        self._settled = True
        return logits

    def loss(self, logits: Tensor) -> Tensor:
        """The task's loss: the mean over the labelled examples (or tokens)."""
        return self.task.loss(logits, self.labels)

    def settled(self) -> nn.Module:
        """The network in evaluation mode, with the statistics of the batch in its norms."""
        if not self._settled:
            with torch.no_grad():
                self.forward()
        return self.network.eval()

    @cached_property
    def kaiming(self) -> nn.Module:
        """A copy with Kaiming-initialised weights (normal, fan in, for ReLU) and zero biases."""
        return self.redrawn("kaiming", lambda w: nn.init.kaiming_normal_(w, nonlinearity="relu"))

    def redrawn(self, name: str, draw: Callable[[Tensor], Tensor]) -> nn.Module:
        """A copy with new weights of convolutions and linear layers, norm weights of 1 and zero biases.

        Args:
            name: seeds the random numbers.
            draw: returns the weights, given an empty tensor of the right shape.
        """
        network = deepcopy(self.network)
        with self.random(name), torch.no_grad():
            for module in network.modules():
                if isinstance(module, LAYERS):
                    fresh = torch.empty(module.weight.shape)
                    module.weight.copy_(draw(fresh))
                if isinstance(module, NORMS) and module.weight is not None:
                    module.weight.fill_(1.0)
                if isinstance(module, (*LAYERS, *NORMS)) and module.bias is not None:
                    module.bias.zero_()
        return network


def weights_of(network: nn.Module) -> list[nn.Parameter]:
    """The trainable parameters with two or more dimensions."""
    return [p for p in network.parameters() if p.ndim >= 2 and p.requires_grad]


@contextmanager
def watched(
    network: nn.Module, kinds: tuple[type[nn.Module], ...], see: Callable[[nn.Module, Tensor, Tensor], None]
) -> Iterator[None]:
    """Within this context, `see(module, first input, output)` is called after each pass through such a module."""

    def hook(module: nn.Module, args: tuple[Any, ...], output: Any) -> None:
        if args and isinstance(args[0], Tensor) and isinstance(output, Tensor):
            see(module, args[0], output)

    handles = [m.register_forward_hook(hook) for m in network.modules() if isinstance(m, kinds)]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


@contextmanager
def switched(network: nn.Module, kinds: tuple[type[nn.Module], ...], see: Callable[[Tensor], None]) -> Iterator[None]:
    """Within this context, `see(values)` is called with the input of each such module before it runs."""

    def hook(_module: nn.Module, args: tuple[Any, ...]) -> None:
        see(args[0].detach())

    handles = [m.register_forward_pre_hook(hook) for m in network.modules() if isinstance(m, kinds)]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
