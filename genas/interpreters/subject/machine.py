"""Finds where the network is to run: on a device of this machine, or on one that a latency table lists."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from genas.core import registry
from genas.core.errors import RequestError
from genas.core.records import Use
from genas.interpreters.plain.patterns import one_of, rows, words
from genas.interpreters.plain.text import blank, blank_all

if TYPE_CHECKING:
    from genas.interpreters.subject.facts import Subject

_DEVICES = {
    device: said
    for said, device in rows(r"""
        raspi4         <- rasp(?:berry)?[\s_-]?pi[\s_-]?4(?: model b| ?b)?|rpi[\s_-]?4|raspi[\s_-]?4
        raspi5         <- (?:rasp(?:berry)?[\s_-]?|r)?pi[\s_-]?5(?: model b| ?b|_(?:litert|onnx|torchmobile))?
                          raspi[\s_-]?5
        edgetpu        <- (?:google(?:'s)? )?(?:coral )?edge[\s_-]?tpu
        edgegpu        <- (?:nvidia )?jetson[\s_-]tx2|edge[\s_-]?gpu
        pixel3         <- (?:google )?pixel[\s_-]?3(?: phone)?
        samsung_a50    <- (?:samsung )?(?:galaxy )?a50
        samsung_s7     <- (?:samsung )?(?:galaxy )?s7
        essential_ph_1 <- essential[\s_-](?:ph(?:one)?)[\s_-]?1?
        gold_6240      <- (?:xeon )?gold[\s_]6240
        silver_4114    <- (?:xeon )?silver[\s_]4114
        silver_4210r   <- (?:xeon )?silver[\s_]4210r
        1080ti         <- (?:(?:geforce )?gtx )?1080[\s-]?ti(?:_(?:1|32|256))?
        2080ti         <- (?:(?:geforce )?rtx )?2080[\s-]?ti(?:_(?:1|32|256))?
        titan_rtx      <- titan[\s_]rtx(?:_(?:1|32))?
        titanxp        <- titan[\s_]?xp(?:_(?:1|32|256))?
        titanx         <- titan[\s_]?x(?:_(?:1|32|256))?
    """)
}
_OF_TASK = {  # devices that only one table has, and the names people give them
    "hwgpt": rows(r"""
        p100        <- (?:nvidia )?(?:tesla )?p100s?
        a100        <- (?:nvidia )?(?:tesla )?a100s?
        a40         <- (?:nvidia )?(?:tesla )?a40s?
        h100        <- (?:nvidia )?(?:tesla )?h100s?
        v100        <- (?:nvidia )?(?:tesla )?v100s?
        a6000       <- (?:nvidia )?(?:rtx[\s-]?)?a6000
        rtx2080     <- (?:nvidia )?(?:geforce )?rtx[\s-]?2080
        rtx3080     <- (?:nvidia )?(?:geforce )?rtx[\s-]?3080
        cpu_a6000   <- cpu_a6000
        cpu_alldlc  <- cpu_alldlc
        cpu_meta    <- cpu_meta
        cpu_mlgpu   <- cpu_mlgpu
        cpu_p100    <- cpu_p100
        cpu_helix   <- cpu_helix
    """),
    "darts": rows(r"""
        raspberrypi <- rasp(?:berry)?[\s_-]?pi|raspi
        fpga        <- fpgas?
        mcu         <- mcus?|micro-?controllers?
    """),
}
_CARDS = {"1080ti", "2080ti", "titan_rtx", "titanx", "titanxp"}  # listed by batch size
_LISTED = re.compile("|".join(rf"(?P<d{i}>(?<!\w)(?:{p})(?!\w))" for i, p in enumerate(_DEVICES.values())), re.I)
_RUNTIMES = rows(r"""
    litert      <- lite?[\s_-]?rt|tf[\s_-]?lite|tensorflow[\s_-]?lite
    onnx        <- onnx(?:[\s_-]?runtime)?|ort
    torchmobile <- (?:py)?torch[\s_-]?mobile|(?:py)?torch
""")  # runtimes with published latencies on the Raspberry Pi 5; the first is the default
_BATCH = re.compile(r"\bbatch(?:[\s-]size)?(?: of|=|:)?\s*(1|32|256)\b(?!\.)", re.I)
_OTHERS = one_of(r"""
    rasp(?:berry)?[\s_-]?pi(?:[\s_-]?(?:zero|pico|[0-5]))?(?: model [ab])?|rpi[\s-]?[0-5]?|raspi[\s_-]?[0-9]?
    (?:orange|banana|rock) pi|jetson(?: (?:nano|tx[12]|xavier|orin))?|coral|edge[\s-]?tpu|tpu|npu|dsp|asic
    i?phones?(?: ?[0-9]{1,2})?|ipad|android|smart ?(?:phone|watch|glass)(?:es)?|mobile (?:phone|device)s?|mobiles?
    (?:google )?pixel[\s-]?[0-9]{1,2}|handy|telefon|téléphones?|tablets?|tablettes?|montres?|(?:apple )?watch(?:es)?
    micro-?controllers?|mcus?|mikrocontroller|microcontrôleurs?|arduino|esp-?32(?:-\w+)?|esp-?8266|stm32\w*
    cortex[\s-]?[am][0-9]*|fpgas?|eyeriss|nrf[0-9]+|rp2040|hailo\S*|movidius|neural engine|loihi
    snapdragon|exynos|kirin|dimensity|hexagon|apple m[1-9]|(?:galaxy|samsung)(?: [as][0-9]+)?
    drones?|drohne\w*|headsets?|wearables?|hearing aids?|edge devices?|embedded (?:device|board|system)s?
    nvidia [a-z]?[0-9]+\w*|(?:rtx|gtx)[\s-]?[0-9]{3,4}(?:[\s-]?ti)?|[avth]100s?|xeon\b
""")
MOBILE_NETWORKS = one_of(r"""
    mobile (?:(?:neural )?net(?:work)?s?|(?:mb)?conv\w*|blocks?|architectures?|(?:search )?space)\b|space:? mobile\b
""")  # the space of that name, and no device
_ELSEWHERE = re.compile(rf"(?<!space )(?<!space: )(?!{MOBILE_NETWORKS})\b{_OTHERS}(?!\w)", re.I)
_OWN = r"laptop|notebook|pc|computer|server|machine|workstation|desktop|rechner|ordinateur|portable|mac(?:book)?"
_NEARBY = rf"(?i:{_OWN}|cpu|gpu|cuda|mps|intel|amd|nvidia|mon|tues|wednes|thurs|fri|satur|sun)(?:day)?s?"
_PROPER = re.compile(  # a proper name, as in "on a Kindle"
    rf"\b[Oo]n(?:to)? (?:an?|my|our) ((?!{_NEARBY}\b)[A-Z][\w-]*(?: [A-Z0-9][\w-]*)*)"
    r"(?! (?:dataset|data|images|photos|benchmark|set|paper|card|budget))"
)
_ARTICLES = rf"(?:(?:a|an|the|my|our|one|this|1|single|local|plain|modern|intel|amd|nvidia|(?:{_OWN})(?:'s)?)\s+)*"
_UNIT = r"(cuda(?::[0-9]+)?|mps|cpus?(?: cores?)?|gpus?|(?:graphics|video) cards?|processors?)"
_LEAD = r"(?:on|with|using|via|for|device|target|hardware|platform)\s*(?:=|:|is|only)?\s*"
_HERE = re.compile(
    one_of(rf"""
    \b{_LEAD}{_ARTICLES}(?:[0-9]+ )?{_UNIT}(?!\w)
    \b(cuda:[0-9]+|[cg]pu(?=[\s-](?:only|inference|latency|deployment)\b))
    (?:^|[,;:|(/.]|\s-)\s*(?:only |just )?(?:the |a )?([cg]pu)(?: only)?(?=\s*(?:$|[,;:|)/.!]|-\s|and\b))
    """),
    re.I,
)
_NONE = words(r"""
    (?:no|without(?: an?| any)?|not on (?:an?|the)|(?:do not|don't) have an?) (?:gpus?|(?:graphics|video) cards?|cuda)
""")
_CORES = re.compile(
    r"\b[0-9]+[\s-](?:cpu[\s-])?(?:cores?|threads?)\b|\btop[- ]1\b(?= accura| error)|"
    r"\b[0-9]+ gpus?\b(?![\s-]?(?:hours?|days?|minutes?))",
    re.I,
)


def read_machine(subject: Subject) -> None:
    """Set the device of the subject, or of its table; RequestError for a device that can't be measured here."""
    assert subject.task is not None
    if _read_own(subject):
        return
    listed = _read_listed(subject)
    elsewhere = _LISTED.search(subject.text) or _ELSEWHERE.search(subject.text) or _PROPER.search(subject.text)
    if elsewhere and not listed:
        devices = [d + ("_1" if d in _CARDS else "") for d in _DEVICES if d not in {"raspi4", "raspi5"}]
        raise RequestError(
            f"Nothing can be measured on {elsewhere[0]!r} here: latency_ms is timed on this machine. Leave the device "
            f"out, or use the nasbench201 benchmark with a device of its latency table: {', '.join(devices)}. From ten "
            "measurements of your own on another device, the scorer device_transfer predicts the rest."
        )
    if none := _NONE.search(subject.text):
        subject.text = blank(subject.text, *none.span())
    here = _HERE.search(subject.text)
    if subject.device is None and (here or none):
        word = next(filter(None, here.groups())).lower() if here else "cpu"
        subject.text = blank(subject.text, *here.span()) if here else subject.text
        kind = "cpu" if word.startswith(("cpu", "processor")) else "cuda"
        subject.device = word if word.startswith(("cuda", "mps")) else kind
    subject.text = blank_all(subject.text, _CORES)


def _read_listed(subject: Subject) -> bool:
    """Set a device that a latency table lists, if the sentence names one; whether it does.

    For the task nasbench201 it becomes an option of the task, for other tasks the device of the request.
    """
    assert subject.task is not None
    if (listed := _LISTED.search(subject.text)) is None:
        return False
    device = list(_DEVICES)[int((listed.lastgroup or "d0")[1:])]
    if subject.task.name == "nasbench201" and device != "raspi4":
        if device in _CARDS:
            written, batch = re.search(r"_(1|32|256)$", listed[0]), _BATCH.search(subject.text)
            device += "_" + (written[1] if written else batch[1] if batch else "1")
        if device == "raspi5":
            named = [name for p, name in _RUNTIMES if re.search(rf"(?<![^\W_])(?:{p})(?!\w)", subject.text, re.I)]
            device = f"pi5_{named[0] if named else _RUNTIMES[0][1]}"
        subject.task = Use("nasbench201", {"latency_device": device, **subject.task.options})
        registry.create("tasks", subject.task)  # refuses a device that has no measurements for this data set
        subject.text = blank_all(subject.text, _BATCH)
    elif device not in _CARDS:
        subject.device = device  # the run refuses it if the task has no table for it
    else:
        return False
    subject.text = blank(subject.text, *listed.span())
    return True


def _read_own(subject: Subject) -> bool:
    """Set a device that only the task's own table has, if the sentence names one; whether it does."""
    assert subject.task is not None
    for pattern, device in _OF_TASK.get(subject.task.name, ()):
        if match := re.search(rf"(?<!\w)(?:{pattern})(?!\w)", subject.text, re.I):
            subject.text = blank_all(blank(subject.text, *match.span()), _CORES)
            subject.device = device
            if subject.task.name == "darts":  # only its table oncenas has devices
                subject.task = Use("darts", {"table": "oncenas", **subject.task.options})
            return True
    return False
