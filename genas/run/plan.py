"""Decides how much each stage of a run over a table does, and which table has the request's device."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, replace
from typing import Any

from genas.core import registry
from genas.core.errors import RequestError
from genas.core.ledger import Ledger
from genas.core.records import Request, Use

_COMPUTES = re.compile(r"(auto|cpu|cuda|mps|xpu)(:\d+)?")


def placed(request: Request) -> Request:
    """Hand a listed device to the table that has its figures; the networks themselves then run on any device.

    Raises:
        RequestError: the device is none that computes here, and the task is no table of devices.
    """
    if _COMPUTES.fullmatch(request.device):
        return request
    if "latency_device" not in registry.options("tasks", request.task.name):
        raise RequestError(
            f"Networks can't be run on {request.device!r} from here. Write auto, cpu, cuda or mps; figures of other "
            "devices are known for benchmark tables only, such as nasbench201 on pixel3 or edgegpu."
        )
    task = Use(request.task.name, {"latency_device": request.device, **request.task.options})
    return replace(request, task=task, device="auto")


@dataclass(frozen=True)
class Plan:
    """How much each stage of a run over a table does. The ledger keeps it for a resumed run.

    Args:
        proposals: candidates within the limits that the proposers must bring.
        trials: candidates that are looked up, refiners' ones included.
        finalists: candidates whose published full training is looked up.
    """

    proposals: int = 200
    trials: int = 100
    finalists: int = 3

    def to_data(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self)


def planned(request: Request, ledger: Ledger) -> Plan:
    """The plan in the ledger; a new ledger gets the request's."""
    if (event := ledger.find("plan")) is None:
        event = {"kind": "plan", "id": "plan", "plan": make_plan(request).to_data()}
        ledger.append(event)
    return Plan(**event["plan"])


def make_plan(request: Request) -> Plan:
    """The plan for a request."""
    if request.budget.trials is None:
        return Plan()
    trials = request.budget.trials
    return Plan(max(2 * trials, 20), trials, min(Plan.finalists, trials))
