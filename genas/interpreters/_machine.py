"""Where the network is to run: a device of this machine, or one that a latency table lists."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from genas.core.errors import RequestError
from genas.core.records import Use
from genas.interpreters._text import blank, blank_all

if TYPE_CHECKING:
    from genas.interpreters._subject import Subject

_DEVICES = {
    "raspi4": r"rasp(?:berry)?[\s_-]?pi[\s_-]?4(?: model b| ?b)?|rpi[\s_-]?4|raspi[\s_-]?4",
    "raspi5": r"rasp(?:berry)?[\s_-]?pi[\s_-]?5|rpi[\s_-]?5|raspi[\s_-]?5",
    "edgetpu": r"(?:google(?:'s)? )?(?:coral )?edge[\s_-]?tpu",
    "edgegpu": r"(?:nvidia )?jetson[\s_-]tx2|edge[\s_-]?gpu",
    "pixel3": r"(?:google )?pixel[\s_-]?3(?: phone)?",
    "samsung_a50": r"(?:samsung )?(?:galaxy )?a50",
    "samsung_s7": r"(?:samsung )?(?:galaxy )?s7",
    "essential_ph_1": r"essential[\s_-](?:ph(?:one)?)[\s_-]?1?",
    "gold_6240": r"(?:xeon )?gold[\s_]6240",
    "silver_4114": r"(?:xeon )?silver[\s_]4114",
    "silver_4210r": r"(?:xeon )?silver[\s_]4210r",
    "1080ti": r"(?:(?:geforce )?gtx )?1080[\s-]?ti(?:_(?:1|32|256))?",
    "2080ti": r"(?:(?:geforce )?rtx )?2080[\s-]?ti(?:_(?:1|32|256))?",
    "titan_rtx": r"titan[\s_]rtx(?:_(?:1|32))?",
    "titanxp": r"titan[\s_]?xp(?:_(?:1|32|256))?",
    "titanx": r"titan[\s_]?x(?:_(?:1|32|256))?",
}
_OF_TASK = {  # devices that only one table has, and how they are called
    "hwgpt": {
        **{gpu: rf"(?:nvidia )?(?:tesla )?{gpu}s?" for gpu in ("p100", "a100", "a40", "h100", "v100")},
        "a6000": r"(?:nvidia )?(?:rtx[\s-]?)?a6000",
        "rtx2080": r"(?:nvidia )?(?:geforce )?rtx[\s-]?2080",
        "rtx3080": r"(?:nvidia )?(?:geforce )?rtx[\s-]?3080",
        **{cpu: cpu for cpu in ("cpu_a6000", "cpu_alldlc", "cpu_meta", "cpu_mlgpu", "cpu_p100", "cpu_helix")},
    },
    "darts": {
        "raspberrypi": r"rasp(?:berry)?[\s_-]?pi|raspi",
        "fpga": r"fpgas?",
        "mcu": r"mcus?|micro-?controllers?",
    },
}
_UNTABLED = {"raspi4", "raspi5", "edgetpu", "edgegpu"}  # published latencies that no task looks up yet
_CARDS = {"1080ti", "2080ti", "titan_rtx", "titanx", "titanxp"}  # listed by batch size
_LISTED = re.compile("|".join(rf"(?P<d{i}>(?<!\w)(?:{p})(?!\w))" for i, p in enumerate(_DEVICES.values())), re.I)
_BATCH = re.compile(r"\bbatch(?:[\s-]size)?(?: of|=|:)?\s*(1|32|256)\b(?!\.)", re.I)
_ELSEWHERE = re.compile(
    r"\b(?:rasp(?:berry)?[\s_-]?pi(?:[\s_-]?(?:zero|pico|[0-5]))?(?: model [ab])?|rpi[\s-]?[0-5]?|"
    r"raspi[\s_-]?[0-9]?|jetson(?: (?:nano|tx[12]|xavier|orin))?|coral|"
    r"edge[\s-]?tpu|tpu|npu|i?phones?(?: ?[0-9]{1,2})?|ipad|android|smart ?(?:phone|watch)(?:es)?|"
    r"mobile (?:phone|device)s?|(?:google )?pixel[\s-]?[0-9]{1,2}|"
    r"micro-?controllers?|mcus?|arduino|esp-?32(?:-\w+)?|stm32\w*|cortex[\s-]?m[0-9]*|fpgas?|eyeriss|"
    r"snapdragon|exynos|kirin|hexagon|(?:apple )?watch(?:es)?|apple m[1-9]|tablets?|"
    r"edge devices?|embedded (?:device|board|system)s?|"
    r"(?:galaxy|samsung)(?: [as][0-9]+)?|nvidia [a-z]?[0-9]+\w*|(?:rtx|gtx)[\s-]?[0-9]{3,4}(?:[\s-]?ti)?|"
    r"[avth]100s?|xeon\b)",
    re.I,
)
_HERE = re.compile(
    r"\b(?:on|with|using|device|via)\s*(?:=|:)?\s*(?:(?:a|an|the|my|one|this|1|single|local|(?:laptop|"
    r"computer|machine|server|pc)(?:'s)?)\s+)*(cuda(?::[0-9]+)?|mps|cpus?(?: cores?)?|gpus?)\b|"
    r"\b(cuda:[0-9]+|cpu(?=[\s-]only\b))",
    re.I,
)
_CORES = re.compile(
    r"\b[0-9]+[\s-](?:cpu[\s-])?(?:cores?|threads?)\b|\btop-[15]\b|\btop [15](?= accura| error)|"
    r"\b[0-9]+ gpus?\b(?![\s-]?(?:hours?|days?|minutes?))",
    re.I,
)


def read_machine(subject: Subject) -> None:
    """Set the device (or the table's device) of the subject; RequestError for one that nothing can be measured on."""
    assert subject.task is not None
    if _read_own(subject):
        return
    listed = _LISTED.search(subject.text)
    device = list(_DEVICES)[int((listed.lastgroup or "d0")[1:])] if listed else ""
    if listed and (device in _UNTABLED or (subject.task.name != "nasbench201" and device not in _CARDS)):
        subject.device = device  # what the network is for; the run says where no table of it serves the task
        subject.text = blank(subject.text, *listed.span())
    elif listed and subject.task.name == "nasbench201":
        if device in _CARDS:
            written, batch = re.search(r"_(1|32|256)$", listed[0]), _BATCH.search(subject.text)
            device += "_" + (written[1] if written else batch[1] if batch else "1")
        subject.task = Use("nasbench201", {"latency_device": device, **subject.task.options})
        subject.text = blank_all(blank(subject.text, *listed.span()), _BATCH)
    elsewhere = _LISTED.search(subject.text) or _ELSEWHERE.search(subject.text)
    if elsewhere and not (subject.task.name == "nasbench201" and subject.task.options.get("latency_device")):
        devices = [d + ("_1" if d in _CARDS else "") for d in _DEVICES if d not in _UNTABLED]
        raise RequestError(
            f"Nothing can be measured on {elsewhere[0]!r} here: latency_ms is timed on this machine. Leave the device "
            f"out, or use the nasbench201 benchmark with a device of its latency table: {', '.join(devices)}. From ten "
            "measurements of your own on another device, the scorer device_transfer predicts the rest."
        )
    subject.text = blank_all(subject.text, _CORES)
    if (here := _HERE.search(subject.text)) and subject.device is None:
        word = (here[1] or here[2]).lower()
        subject.text = blank(subject.text, *here.span())
        subject.device = "cpu" if word.startswith("cpu") else "cuda" if word.startswith("gpu") else word


def _read_own(subject: Subject) -> bool:
    """Whether the device is one that only the task's own table has; of the darts tables, oncenas has devices."""
    assert subject.task is not None
    for device, pattern in _OF_TASK.get(subject.task.name, {}).items():
        if found := re.search(rf"(?<!\w)(?:{pattern})(?!\w)", subject.text, re.I):
            subject.text = blank_all(blank(subject.text, *found.span()), _CORES)
            subject.device = device
            if subject.task.name == "darts":
                subject.task = Use("darts", {"table": "oncenas", **subject.task.options})
            return True
    return False
