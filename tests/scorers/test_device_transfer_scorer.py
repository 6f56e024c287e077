"""Ten measurements in a file rank a device that no table lists; bad files say what to write."""

import json
from dataclasses import replace

import pytest
from scipy.stats import spearmanr

from genas.core import registry
from genas.core.devices import KnownDevices
from genas.core.errors import MissingArtifact, RequestError, ScoreFailed
from genas.core.interfaces import SearchSpace, Task
from genas.core.records import Frame, Measurement
from genas.core.rng import rng
from genas.scorers.device_transfer import DeviceTransferScorer
from genas.spaces.fbnet import Fbnet
from genas.spaces.nasbench_graph import NasBenchGraph
from genas.tasks.fbnet import FbnetTask


@pytest.mark.usefixtures("bench_data")
def test_an_unlisted_device_is_ranked_from_what_was_advised(tmp_path, monkeypatch):
    space, task = Fbnet(), FbnetTask(latency_device="gold_6240")
    families = {k: v for k, v in FbnetTask.devices.families.items() if k != "gold_6240"}
    monkeypatch.setattr(FbnetTask, "devices", replace(FbnetTask.devices, families=families))
    asking = DeviceTransferScorer(space)
    with pytest.raises(MissingArtifact, match="measured=FILE") as error:
        asking.score(task.measured[0])
    advised = asking.advised()
    assert len(set(advised)) == 10 and space.to_text(advised[0]) + "," in str(error.value)
    file = tmp_path / "gold.csv"
    lines = [f"{space.to_text(arch)},{task.lookup(arch, 'latency_ms').value}" for arch in advised]
    file.write_text("\n".join(["architecture,latency_ms", *lines]))
    scorer = DeviceTransferScorer(space, measured=str(file))
    others = task.measured[::25]
    found = scorer.score_all(others)
    truth = [task.lookup(arch, "latency_ms").value for arch in others]
    assert spearmanr([m.value for m in found], truth)[0] > 0.85
    assert all(m.metric == "latency_ms" and m.std > 0 for m in found)
    new = scorer.score(space.from_text("0_" * 21 + "8"))  # not in the table
    assert 10 < new.value < 60


def test_bad_files_say_what_to_write(tmp_path):
    space = Fbnet()
    line = "_".join("0" * 22)
    bad = {
        "words.csv": (f"{line},1\n{line},fast\n", "no number"),
        "negative.csv": (f"{line},-3\n", "above 0"),
        "three.csv": (f"{line},1,2\n", "two columns"),
        "other.csv": ("k9_e9,1.0\n", "entry 1: this is no architecture of the space fbnet"),
        "few.csv": (f"{line},1.0\n{line},2.0\n", "holds 1 architectures; measure 10"),
        "list.json": ("[1, 2]", "one object"),
        "broken.json": ("{", "not JSON"),
    }
    for name, (text, why) in bad.items():
        (tmp_path / name).write_text(text)
        with pytest.raises(RequestError, match=why):
            DeviceTransferScorer(space, measured=str(tmp_path / name))
    with pytest.raises(RequestError, match="cannot be read"):
        DeviceTransferScorer(space, measured=str(tmp_path / "nowhere.csv"))
    good = {"_".join(kind * 22): 10 + number for number, kind in enumerate("0123")}
    (tmp_path / "good.json").write_text(json.dumps(good))
    DeviceTransferScorer(space, measured=str(tmp_path / "good.json"))


def test_spaces_without_known_devices_fail_with_a_reason():
    narrow = Fbnet(width=0.5)
    for scorer, why in (
        (DeviceTransferScorer(NasBenchGraph()), "fbnet"),
        (DeviceTransferScorer(narrow), "width=1.0, not 0.5"),
        (DeviceTransferScorer(Fbnet(), metric="energy_mj"), "nasbench201"),
    ):
        with pytest.raises(ScoreFailed, match=why):
            scorer.advised()


class Rods(SearchSpace):
    """Chains of six layers, as another package brings them."""

    name, ops, max_nodes = "rods", ("a", "b", "c"), 6

    def sizes(self):
        return (6,)

    def frame(self, nodes):
        return Frame((self.ops,) * 6, tuple((i, i + 1) for i in range(5)))

    def problems(self, arch):
        return []


class RodsTable(Task):
    """Latencies of rods on four devices."""

    name = "rods_table"
    description, input_shape, outputs, here = "Latencies of rods.", (1,), 2, False
    devices = KnownDevices("rods", {name: (name,) for name in ("one", "two", "three", "four")})

    def __init__(self, *, latency_device: str | None = None) -> None:
        self.latency_device = latency_device

    def data(self, split):
        raise ScoreFailed("no examples")

    def lookup(self, arch, metric, *, fidelity=1.0):
        if metric != "latency_ms" or self.latency_device is None:
            raise ScoreFailed("no table")
        number = ("one", "two", "three", "four").index(self.latency_device)
        return Measurement(metric, cost(arch, (1.0, 2.0 + number, 4.0 - 0.5 * number)))


def cost(arch, each):
    return 0.5 + sum(dict(zip("abc", each, strict=True))[op] for op in arch.ops)


def test_a_space_of_another_package_is_served_where_its_table_lists_devices(tmp_path, monkeypatch):
    monkeypatch.setattr(registry, "_REGISTERED", {})
    registry.register("spaces", Rods)
    space = Rods()
    with pytest.raises(ScoreFailed, match="no table of latency_ms lists known devices for rods"):
        DeviceTransferScorer(space).advised()
    registry.register("tasks", RodsTable)
    file, mine = tmp_path / "mine.csv", (1.0, 3.5, 3.2)
    file.write_text("\n".join(f"{space.to_text(a)},{cost(a, mine)}" for a in DeviceTransferScorer(space).advised()))
    archs = [space.sample(rng(7, "rods", i)) for i in range(60)]
    found = DeviceTransferScorer(space, measured=str(file)).score_all(archs)
    assert spearmanr([m.value for m in found], [cost(arch, mine) for arch in archs])[0] > 0.95
