import pytest
import torch
from tiny_space import Tiny, accuracy, examples, params

from genas.core.records import Constraint
from genas.learning import fit_examples
from genas.nn.arch_lm import Grammar, new_model, sample, words
from genas.proposers.archlm import ArchLMProposer

SPACE = Tiny()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return fit_examples("archlm", SPACE, examples(), tmp_path_factory.mktemp("archlm"), epochs=20)


def grammar():
    return Grammar(SPACE, words(SPACE.ops, SPACE.sizes()))


def wish(n, level, size=-1):
    return torch.full((n,), level), torch.full((n,), size)


def test_sentences_read_as_written():
    archs = [e.arch for e in examples(20)]
    g = grammar()
    sentences = g.encode(archs)
    assert g.decode(sentences) == archs
    first = [g.words[i] for i in sentences[0]]
    assert first[:4] == ["<level-any>", "<size-any>", f"<nodes-{len(archs[0].ops)}>", "in"]
    for place in range(2, g.length):  # what was written is what the grammar allows
        assert g.allowed(sentences, place).gather(1, sentences[:, place : place + 1]).all()


def test_an_untrained_model_still_writes_only_what_parses():
    g = grammar()
    torch.manual_seed(0)
    model = new_model(g.words, g.length, [], width=16, depth=1).eval()
    archs = sample(model, g, wish(64, 2), torch.Generator().manual_seed(0))
    assert len(archs) == 64
    for arch in archs:
        frame = SPACE.frame(len(arch.ops))
        assert all(op in labels for op, labels in zip(arch.ops, frame.labels, strict=True))
        assert set(frame.edges) <= set(arch.edges) <= {*frame.edges, *frame.open_edges}


def test_the_cache_does_not_change_what_is_written():
    g = grammar()
    torch.manual_seed(0)
    model = new_model(g.words, g.length, [], width=16, depth=2).eval()
    archs = sample(model, g, wish(8, 3, 1), torch.Generator().manual_seed(5))
    generator, sentences = torch.Generator().manual_seed(5), g.wish(*wish(8, 3, 1))
    for place in range(2, g.length):  # the same by hand, without a cache
        with torch.no_grad():
            logits = model(sentences).logits[:, -1]
        probs = torch.softmax(logits.masked_fill(~g.allowed(sentences, place), -1e9), -1)
        sentences = torch.cat([sentences, torch.multinomial(probs, 1, generator=generator)], 1)
    assert g.decode(sentences) == archs


def test_the_wished_level_is_what_comes(folder):
    means = {}
    for level in (0.0, "any", 1.0):
        found = ArchLMProposer(SPACE, model=str(folder), level=level).ask(8)
        assert len(found) == 8
        assert not [p for c in found for p in SPACE.problems(c.arch)]
        means[level] = sum(accuracy(c.arch) for c in found) / len(found)
    assert means[0.0] < means["any"] < means[1.0]


def test_limits_on_params_bring_small_ones(folder):
    found = {}
    for limit in (None, 300):
        limits = [Constraint("params", limit)] if limit else []
        asked = ArchLMProposer(SPACE, limits=limits, model=str(folder)).ask(8)
        assert len(asked) >= 4
        found[limit] = sum(params(c.arch) for c in asked) / len(asked)
    assert found[300] + 80 < found[None]


def test_asking_is_counted_and_never_repeats(folder):
    one, two = (ArchLMProposer(SPACE, 7, model=str(folder), level="any") for _ in range(2))
    state = torch.get_rng_state()
    first, second = one.ask(10), one.ask(10)
    assert torch.equal(state, torch.get_rng_state())
    assert [two.ask(10), two.ask(10)] == [first, second]
    assert len({c.arch.key for c in first + second}) == 20


def test_others_can_load_it_with_transformers_alone(folder):
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModelForCausalLM.from_pretrained(folder)
    ids = tokenizer("<level-9> <size-any> <nodes-3> in a out", return_tensors="pt").input_ids
    assert ids.shape == (1, 6)
    assert model(ids).logits.shape == (1, 6, len(tokenizer))
