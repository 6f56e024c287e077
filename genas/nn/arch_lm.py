"""A small causal language model of architectures: level, size, labels and edges as words, under the space's grammar."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import WhitespaceSplit
from torch import Tensor
from torch.nn.functional import cross_entropy
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from genas.core.interfaces import SearchSpace
from genas.core.records import Architecture
from genas.nn.conditions import LEVELS

PAD, EDGE_WORDS = "<pad>", ("<edge-absent>", "<edge-present>")


def words(ops: Sequence[str], nodes: Sequence[int]) -> list[str]:
    """The vocabulary, in the order of its ids."""
    wishes = [f"<{kind}-{i}>" for kind in ("level", "size") for i in ("any", *range(LEVELS))]
    return [PAD, *wishes, *(f"<nodes-{n}>" for n in nodes), *EDGE_WORDS, *ops]


def new_model(
    vocabulary: Sequence[str], length: int, size_edges: Sequence[float], *, width: int = 64, depth: int = 3
) -> LlamaForCausalLM:
    """An untrained model whose level words lie on lines, so that near levels start alike; call under a torch seed."""
    config = LlamaConfig(
        vocab_size=len(vocabulary),
        hidden_size=width,
        intermediate_size=3 * width,
        num_hidden_layers=depth,
        num_attention_heads=4,
        num_key_value_heads=4,
        max_position_embeddings=length,
        pad_token_id=0,
        bos_token_id=None,
        eos_token_id=None,
        tie_word_embeddings=False,
        size_edges=list(size_edges),  # not transformers' own: what the size words mean
    )
    model = LlamaForCausalLM(config)
    share = torch.linspace(0, 1, LEVELS)[:, None]
    for kind in ("level", "size"):
        low, high = torch.randn(2, width) * 0.1
        first = vocabulary.index(f"<{kind}-0>")
        model.get_input_embeddings().weight.data[first : first + LEVELS] = low * (1 - share) + high * share
    return model


class Grammar:
    """Sentences of one space: `<level> <size> <nodes> label... edge...`, the edges being the frame's open ones.

    Args:
        space: gives the frames.
        vocabulary: the words in the order of their ids.
    """

    def __init__(self, space: SearchSpace, vocabulary: Sequence[str]) -> None:
        self.space = space
        self.ids = {word: i for i, word in enumerate(vocabulary)}
        self.words = tuple(vocabulary)
        self.frames = {n: space.frame(n) for n in space.sizes() if f"<nodes-{n}>" in self.ids}
        self.length = 3 + max(len(f.labels) + len(f.open_edges) for f in self.frames.values())
        self._masks = {self.ids[f"<nodes-{n}>"]: self._mask(n) for n in self.frames}

    def _mask(self, nodes: int) -> Tensor:
        """Which words may stand at each place after the number of nodes, [length - 3, V]."""
        frame = self.frames[nodes]
        mask = torch.zeros(self.length - 3, len(self.words), dtype=torch.bool)
        for place, labels in enumerate(frame.labels):
            mask[place, [self.ids[label] for label in labels if label in self.ids]] = True
        end = len(frame.labels) + len(frame.open_edges)
        mask[len(frame.labels) : end, [self.ids[word] for word in EDGE_WORDS]] = True
        mask[end:, self.ids[PAD]] = True
        return mask

    def allowed(self, sentences: Tensor, place: int) -> Tensor:
        """Which words may come at `place` (2 is the number of nodes) after these beginnings [B, >= place], [B, V]."""
        if place == 2:
            mask = torch.zeros(len(sentences), len(self.words), dtype=torch.bool)
            mask[:, list(self._masks)] = True
            return mask
        return torch.stack([self._masks[int(nodes)][place - 3] for nodes in sentences[:, 2]])

    def wish(self, level: Tensor, size: Tensor) -> Tensor:
        """The first two words for performance and size levels [B], -1 being any; [B, 2]."""
        return torch.stack([level + self.ids["<level-0>"], size + self.ids["<size-0>"]], dim=1)  # any comes before 0

    def encode(self, archs: Sequence[Architecture]) -> Tensor:
        """Sentences at any level, padded, [B, length]; every architecture must fit its frame."""
        sentences = torch.zeros(len(archs), self.length, dtype=torch.long)
        for row, arch in enumerate(archs):
            edges = set(arch.edges)
            bits = [EDGE_WORDS[edge in edges] for edge in self.frames[len(arch.ops)].open_edges]
            text = ["<level-any>", "<size-any>", f"<nodes-{len(arch.ops)}>", *arch.ops, *bits]
            sentences[row, : len(text)] = torch.tensor([self.ids[word] for word in text])
        return sentences

    def decode(self, sentences: Tensor) -> list[Architecture]:
        """The architectures of whole sentences; they may still be illegal in their space."""
        counts = {self.ids[f"<nodes-{n}>"]: n for n in self.frames}
        found = []
        for ids in sentences.tolist():
            nodes = counts[ids[2]]
            frame, end = self.frames[nodes], 3 + nodes
            ops = tuple(self.words[i] for i in ids[3:end])
            bits = ids[end : end + len(frame.open_edges)]
            on = [e for e, i in zip(frame.open_edges, bits, strict=True) if self.words[i] == EDGE_WORDS[1]]
            found.append(Architecture(self.space.name, ops, tuple(sorted((*frame.edges, *on)))))
        return found


def lm_loss(
    model: LlamaForCausalLM, grammar: Grammar, sentences: Tensor, generator: torch.Generator, *, hide: float = 0.2
) -> Tensor:
    """Mean cross-entropy, in nats, of the words that the grammar leaves a choice for.

    Args:
        hide: while training, the share of earlier labels and edges that the model cannot see, against overfitting.
    """
    seen = sentences[:, :-1]
    if model.training:
        hidden = torch.rand(seen.shape, generator=generator) < hide
        hidden[:, :3] = False
        seen = seen.masked_fill(hidden, grammar.ids[PAD])
    logits = model(seen.to(model.device)).logits[:, 1:]  # [B, L - 2, V]
    allowed = torch.stack([grammar.allowed(sentences, place) for place in range(2, sentences.shape[1])], dim=1)
    choice = (allowed.sum(-1) > 1).flatten().to(logits.device)
    logits = logits.masked_fill(~allowed.to(logits.device), -1e9).flatten(0, 1)
    return cross_entropy(logits[choice], sentences[:, 2:].flatten().to(logits.device)[choice])


@torch.no_grad()
def sample(
    model: LlamaForCausalLM,
    grammar: Grammar,
    wish: tuple[Tensor, Tensor],
    generator: torch.Generator,
    *,
    temperature: float = 1.0,
    guidance: float = 1.0,
) -> list[Architecture]:
    """Architectures drawn word by word, each word among those the grammar allows.

    Args:
        wish: performance and size level of each, [B], -1 for any.
        guidance: 1 is the model itself, more exaggerates the level (Sanchez et al., 2024, eq. 3).
        generator: on the CPU; the same state gives the same architectures.
    """
    sentences = grammar.wish(*wish)
    guided = guidance != 1.0 and any((w >= 0).any() for w in wish)
    nothing = torch.full_like(wish[0], -1)
    fed = torch.cat([sentences, grammar.wish(nothing, nothing)]) if guided else sentences
    cache = None
    for place in range(2, grammar.length):
        output = model(fed.to(model.device), past_key_values=cache, use_cache=True)
        cache = output.past_key_values
        blocked = ~grammar.allowed(sentences, place)  # [B, V]
        parts = output.logits[:, -1].float().cpu().split(len(sentences))
        given, *free = (torch.log_softmax(part.masked_fill(blocked, -1e9), -1) for part in parts)
        logits = free[0] + guidance * (given - free[0]) if free else given
        word = torch.multinomial(torch.softmax(logits / temperature, -1), 1, generator=generator)
        sentences = torch.cat([sentences, word], dim=1)
        fed = word.repeat(1 + guided, 1)
    return grammar.decode(sentences)


def save(model: LlamaForCausalLM, vocabulary: Sequence[str], folder: Path) -> None:
    """Write the model and its tokenizer in the Hugging Face layout."""
    ids = {word: i for i, word in enumerate(vocabulary)}
    tokenizer = Tokenizer(WordLevel(ids, unk_token=PAD))
    tokenizer.pre_tokenizer = WhitespaceSplit()
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token=PAD, unk_token=PAD).save_pretrained(folder)
    model.save_pretrained(folder)


def load(folder: Path, space: SearchSpace, device: str = "cpu") -> tuple[LlamaForCausalLM, Grammar]:
    """The model that `save` wrote, ready to sample from, with the grammar of the space in its words."""
    vocabulary = PreTrainedTokenizerFast.from_pretrained(folder).get_vocab()
    with torch.random.fork_rng():  # the first weights, soon replaced, draw from the global state
        model = LlamaForCausalLM(LlamaConfig.from_pretrained(folder))  # from_pretrained would show a progress bar
    model.load_state_dict(load_file(folder / "model.safetensors"))
    return model.to(device).eval(), Grammar(space, sorted(vocabulary, key=vocabulary.__getitem__))
