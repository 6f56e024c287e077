"""A small causal language model of architectures, conditioned on past trials, a level, costs and the task."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import WhitespaceSplit
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from genas.core.errors import MissingArtifact
from genas.core.interfaces import SearchSpace
from genas.core.records import Architecture
from genas.generators.conditions import LEVELS, Conditions, Wish, bucket
from genas.generators.grammar import PAD, Grammar

Shot = tuple[Architecture, int]  # a past trial, and its performance level among all past trials
_FORGET = 0.5  # fraction of training sentences without a history
_POOL = 32  # the history of a training sentence is the best of at most this many trials


class ArchLM(LlamaForCausalLM):  # type: ignore[misc]
    """A Llama that adds a projection of the task vector to its second word, `<task>`; without one, a plain Llama.

    For each space, its config also holds `slots` (the number of open choices of each size) and `costs` (the edges of
    the cost levels).
    """

    def __init__(self, config: LlamaConfig) -> None:
        super().__init__(config)
        self.task = nn.Embedding(config.task_size, config.hidden_size)  # one row per entry of the task vector

    def read(self, ids: Tensor, task: Tensor, past: Any = None) -> Any:
        """The model's output for sentences.

        Args:
            ids: [B, L] whole sentences, or the words after those in `past`.
            task: [B, E] task vectors.
            past: cached keys and values of earlier words.
        """
        embedded = self.get_input_embeddings()(ids)
        if past is None and self.config.task_size:
            moved = embedded[:, 1] + 0.02 * task @ self.task.weight
            embedded = torch.cat([embedded[:, :1], moved[:, None], embedded[:, 2:]], dim=1)
        return self(inputs_embeds=embedded, past_key_values=past, use_cache=not self.training)


def new_model(
    vocabulary: Sequence[str],
    known: Mapping[str, Mapping[str, Any]],
    task_size: int,
    *,
    width: int = 64,
    depth: int = 3,
) -> ArchLM:
    """An untrained model. Its level words start on a line, so that near levels are alike. Call it under a torch seed.

    Args:
        vocabulary: the words in the order of their ids.
        known: `slots` and `costs` of each space.
        task_size: E, the length of a task vector; 0 for a model that is not conditioned on the task.
        width: hidden size.
        depth: number of layers.
    """
    config = LlamaConfig(
        vocab_size=len(vocabulary),
        hidden_size=width,
        intermediate_size=3 * width,
        num_hidden_layers=depth,
        num_attention_heads=4,
        num_key_value_heads=4,
        max_position_embeddings=1024,
        pad_token_id=0,
        bos_token_id=None,
        eos_token_id=None,
        tie_word_embeddings=False,
        task_size=task_size,  # this and `spaces` are additions of ours
        spaces={name: dict(parts) for name, parts in known.items()},
    )
    model = ArchLM(config)
    share, table = torch.linspace(0, 1, LEVELS)[:, None], model.get_input_embeddings().weight.data
    for first in (i for i, word in enumerate(vocabulary) if word.endswith("-0>") and vocabulary[i + 1].endswith("-1>")):
        low, high = torch.randn(2, width) * 0.1
        table[first : first + LEVELS] = low * (1 - share) + high * share
    return model


class Part(NamedTuple):
    """Measured architectures of one space to train on."""

    grammar: Grammar
    archs: Sequence[Architecture]
    merits: Sequence[float]
    tasks: Sequence[str]
    conditions: Conditions


class Lesson(NamedTuple):
    """A batch of padded training sentences."""

    ids: Tensor  # [B, L] word ids
    choice: Tensor  # [B, L] row of the masks for each choice; 0 where there is nothing to learn
    task: Tensor  # [B, E] task vectors


class Corpus:
    """Training sentences: `<space> <task>`, a history of a few worse trials, conditions, architecture.

    Source: histories in ascending order of merit, so that the next architecture is an improvement: Laskin et al.,
    In-context reinforcement learning with algorithm distillation (2022), and prompts from worst to best as in Yang et
    al., Large language models as optimizers (2023). Here a history is the best few of a random number of worse
    architectures of the same task. Each follows its level among these, because a run knows no more about its trials.

    Args:
        parts: one per space, with a common vocabulary.
        shots: maximum number of trials in a history.
    """

    def __init__(self, parts: Sequence[Part], shots: int) -> None:
        self.parts, self.shots = parts, shots
        self.masks = torch.cat([part.grammar.masks for part in parts])
        self._mask_starts, self._starts, masks, rows = [], [], 0, 0
        for part in parts:
            self._mask_starts.append(masks)
            self._starts.append(rows)
            masks, rows = masks + len(part.grammar.masks), rows + len(part.archs)
        self._texts = [[part.grammar.encode(arch) for arch in part.archs] for part in parts]
        self._ordered: list[dict[str, tuple[list[float], list[int]]]] = []
        self.learned(torch.arange(rows))

    def learned(self, rows: Tensor) -> None:
        """Restrict histories to these rows (training examples, say, without held-out ones)."""
        chosen = set(rows.tolist())
        self._ordered = []
        for part, start in zip(self.parts, self._starts, strict=True):
            tasks: dict[str, list[int]] = {task: [] for task in part.tasks}
            for row in sorted(range(len(part.archs)), key=lambda i: (part.merits[i], i)):
                if start + row in chosen:
                    tasks[part.tasks[row]].append(row)
            self._ordered.append({t: ([part.merits[i] for i in own], own) for t, own in tasks.items()})

    def lesson(self, rows: Tensor, generator: torch.Generator, *, free: float = 0.2) -> Lesson:
        """One sentence per row [B], with a newly drawn history and conditions; `free` is as in `Conditions.draw`."""
        ids, choices, task = [], [], []
        for number, part in enumerate(self.parts):
            start = self._starts[number]
            own = rows[(rows >= start) & (rows < start + len(part.archs))] - start
            if not len(own):
                continue
            wish = part.conditions.draw(own, generator, free=free)
            drawn = torch.rand(len(own), 2 + _POOL, generator=generator).tolist()
            conditions = part.grammar.wish(wish, list(part.conditions.edges))
            task.append(wish.task)
            for row, words, chance in zip(own.tolist(), conditions, drawn, strict=True):
                before = [*part.grammar.head(), *self._past(number, row, chance), *words]
                text, plan = self._texts[number][row]
                ids.append([*before, *text])
                choices.append([0] * len(before) + [self._mask_starts[number] + m if m else 0 for m in plan])
        length = max(map(len, ids))
        padded = [torch.tensor([line + [0] * (length - len(line)) for line in lines]) for lines in (ids, choices)]
        return Lesson(padded[0], padded[1], torch.cat(task))

    def _past(self, number: int, row: int, chance: Sequence[float]) -> list[int]:
        """The words of a random history: the best few of a random number of worse architectures.

        Args:
            number: of the part.
            row: of the architecture in it.
            chance: random numbers in [0, 1).
        """
        part = self.parts[number]
        merits, worse = self._ordered[number][part.tasks[row]]
        count = bisect_left(merits, part.merits[row])
        shots = int(chance[0] / (1 - _FORGET) * (self.shots + 1)) if chance[0] < 1 - _FORGET else 0
        pool = sorted({int(c * count) for c in chance[2 : 2 + max(shots, int(chance[1] * _POOL))]}) if count else []
        words = []
        for place in range(max(0, len(pool) - shots), len(pool) if shots else 0):
            level = part.grammar.level(bucket((place + 0.5) / len(pool)))
            words += [level, *self._texts[number][worse[pool[place]]][0]]
        return words


def lm_loss(model: ArchLM, lesson: Lesson, masks: Tensor, generator: torch.Generator, *, hide: float = 0.2) -> Tensor:
    """Mean cross-entropy, in nats, of the words at which the grammar leaves a choice.

    Args:
        model: the model to train or to judge.
        lesson: a batch of sentences.
        masks: [M, V] of the corpus.
        generator: draws the hidden words; on the CPU.
        hide: during training, the fraction of an architecture's words hidden from the model, against overfitting.
    """
    ids, choice = lesson.ids, lesson.choice
    seen = ids
    if model.training:
        seen = ids.masked_fill((torch.rand(ids.shape, generator=generator) < hide) & (choice > 0), 0)
    logits = model.read(seen.to(model.device), lesson.task.to(model.device)).logits[:, :-1]  # [B, L - 1, V]
    learned = choice[:, 1:] > 0
    allowed = masks[choice[:, 1:][learned]].to(logits.device)  # [N, V]
    chosen = logits[learned.to(logits.device)].masked_fill(~allowed, -1e9)
    return cross_entropy(chosen, ids[:, 1:][learned].to(logits.device))


def tune(
    model: ArchLM, corpus: Corpus, generator: torch.Generator, *, steps: int, batch: int = 32, rate: float = 2e-3
) -> ArchLM:
    """Fine-tune the model in place on a small corpus; the same state of the generator gives the same weights."""
    model.train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=0.0)
    total = sum(len(part.archs) for part in corpus.parts)
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = rate * min(1.0, (step + 1) / 5) * (1 - step / steps)
        rows = torch.randint(total, (min(batch, 2 * total),), generator=generator)
        optimizer.zero_grad()
        loss = lm_loss(model, corpus.lesson(rows, generator), corpus.masks, generator)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    model.eval()
    return model


@torch.no_grad()
def sample(
    model: ArchLM,
    grammar: Grammar,
    wish: Wish,
    generator: torch.Generator,
    *,
    history: Sequence[Shot] = (),
    temperature: float = 1.0,
    guidance: float = 1.0,
) -> list[Architecture]:
    """Sample architectures word by word, each word among those the grammar allows.

    Args:
        model: the language model.
        grammar: of the space.
        wish: the conditions of B architectures, with the costs of the model's config for this space.
        generator: on the CPU; the same state gives the same architectures.
        history: past trials from worst to best, each with its level; the same for all architectures.
        temperature: below 1 prefers likely words.
        guidance: 1 is the model itself; larger values exaggerate the conditions and the history (classifier-free
            guidance, Sanchez et al., 2024, eq. 3).
    """
    costs = list(model.config.spaces[grammar.space.name]["costs"])
    past = _history_words(grammar, history)
    unconditional = wish.opened()
    guided = guidance != 1.0 and (past or not all(torch.equal(a, b) for a, b in zip(wish, unconditional, strict=True)))
    streams = [_Stream(model, grammar, wish, costs, past)]
    streams += [_Stream(model, grammar, unconditional, costs, [])] if guided else []
    written = torch.zeros(len(wish.level), 0, dtype=torch.long)
    for _ in range(grammar.length):
        blocked = ~grammar.allowed(written)  # [B, V]
        conditional, *free = (torch.log_softmax(stream.logits().masked_fill(blocked, -1e9), -1) for stream in streams)
        logits = free[0] + guidance * (conditional - free[0]) if free else conditional
        word = torch.multinomial(torch.softmax(logits / temperature, -1), 1, generator=generator)
        written = torch.cat([written, word], dim=1)
        for stream in streams:
            stream.fed = word
    return grammar.decode(written)


def _history_words(grammar: Grammar, history: Sequence[Shot]) -> list[int]:
    """The word ids of past trials, each after the word of its level."""
    return [word for arch, level in history for word in (grammar.level(level), *grammar.encode(arch)[0])]


@torch.no_grad()
def favour(
    model: ArchLM, grammar: Grammar, archs: Sequence[Architecture], wish: Wish, *, history: Sequence[Shot] = ()
) -> Tensor:
    """Log-likelihood ratio [B], in nats, of each architecture with and without the conditions and the history.

    Source: the density ratio l(x) / g(x) of Bergstra et al., TPE (2011), Section 4.2, as a logarithm; here one model
    provides both densities.

    Args:
        model: the language model.
        grammar: of the space.
        archs: B architectures, at least one, all of which fit the grammar.
        wish: their conditions, as for `sample`.
        history: as for `sample`.
    """
    costs = list(model.config.spaces[grammar.space.name]["costs"])
    texts = [grammar.encode(arch) for arch in archs]
    most = max(len(words) for words, _ in texts)
    words, plan = (
        torch.tensor([part + [0] * (most - len(part)) for part in parts]) for parts in zip(*texts, strict=True)
    )

    def log_likelihood(given: Wish, past: Sequence[int]) -> Tensor:
        before = torch.tensor([[*grammar.head(), *past, *condition] for condition in grammar.wish(given, costs)])
        ids, task = torch.cat([before, words], dim=1).to(model.device), given.task.to(model.device)
        logits = model.read(ids, task).logits[:, -most - 1 : -1].float().cpu()  # [B, most, V]
        log_p = torch.log_softmax(logits.masked_fill(~grammar.masks[plan], -1e9), -1)
        return log_p.gather(2, words[..., None])[..., 0].sum(1)  # padding has probability 1 and adds nothing

    return log_likelihood(wish, _history_words(grammar, history)) - log_likelihood(wish.opened(), [])


class _Stream:
    """Sentences during sampling under one set of conditions, with cached keys and values."""

    def __init__(self, model: ArchLM, grammar: Grammar, wish: Wish, costs: Sequence[str], past: Sequence[int]) -> None:
        self.model, self.task, self.cache = model, wish.task.to(model.device), None
        self.fed = torch.tensor([[*grammar.head(), *past, *words] for words in grammar.wish(wish, costs)])

    def logits(self) -> Tensor:
        """Logits [B, V] of the next word, on the CPU, after the words in `fed`."""
        output = self.model.read(self.fed.to(self.model.device), self.task, self.cache)
        self.cache = output.past_key_values
        return output.logits[:, -1].float().cpu()  # type: ignore[no-any-return]


def save(model: ArchLM, vocabulary: Sequence[str], folder: Path) -> None:
    """Write the model and its tokenizer in the Hugging Face layout."""
    ids = {word: i for i, word in enumerate(vocabulary)}
    tokenizer = Tokenizer(WordLevel(ids, unk_token=PAD))
    tokenizer.pre_tokenizer = WhitespaceSplit()
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token=PAD, unk_token=PAD).save_pretrained(folder)
    model.save_pretrained(folder)


def load(folder: Path, space: SearchSpace, device: str = "cpu") -> tuple[ArchLM, Grammar]:
    """The model that `save` wrote, in evaluation mode, and the grammar of the space in its vocabulary.

    The grammar has no frames if the model was not fitted on this space, or on another variant of it.

    Raises:
        MissingArtifact: the folder holds the weights of an earlier version, or of another model.
    """
    vocabulary = PreTrainedTokenizerFast.from_pretrained(folder).get_vocab()
    config = LlamaConfig.from_pretrained(folder)
    if not hasattr(config, "spaces"):
        raise MissingArtifact(f"A language model of this version in {folder}", "Fit it again: genas fit archlm ...")
    with torch.random.fork_rng():  # the initial weights, replaced below, use the global random state
        model = ArchLM(config)  # from_pretrained would show a progress bar
    model.load_state_dict(load_file(folder / "model.safetensors"))
    config_of_space = model.config.spaces.get(space.name, {"slots": {}})
    slots = {int(nodes): count for nodes, count in config_of_space["slots"].items()}  # JSON keys are strings
    return model.to(device).eval(), Grammar(space, sorted(vocabulary, key=vocabulary.__getitem__), slots)
