"""Turns raw inputs into inputs of a network. This file is exported beside the network, so it imports torch only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch


def standardised(raw: Any, scale: float, mean: Sequence[float], std: Sequence[float]) -> torch.Tensor:
    """(raw / scale - mean) / std as float32: images [B, C, H, W] per channel, rows [B, F] per feature.

    Bytes and floats of up to 32 bits are computed in float32. Everything else is computed in float64, because large
    numbers with small differences, such as dates in seconds, would become equal in float32.

    Args:
        raw: a tensor, a numpy array or nested lists.
        scale: divides every value.
        mean: per channel or feature, of the scaled values.
        std: per channel or feature, of the scaled values.
    """
    values: torch.Tensor = torch.as_tensor(raw, dtype=None if hasattr(raw, "dtype") else torch.float64)
    single = values.dtype in (torch.uint8, torch.float16, torch.bfloat16, torch.float32)
    kind = torch.float32 if single else torch.float64
    over = (-1,) + (1,) * (values.ndim - 2)
    center, width = (torch.tensor(v, dtype=kind, device=values.device).view(over) for v in (mean, std))
    return ((values.to(kind) / scale - center) / width).float()
