"""The plug-ins that there are, with what their documentation and their options say."""

from __future__ import annotations

import inspect
from typing import Any

from genas.core import ranges, registry
from genas.core.errors import UnknownPlugin
from genas.core.records import Request


def plugins(kind: str | None = None) -> dict[str, dict[str, str]]:
    """The plug-ins of one kind or of all: per kind, name to first line."""
    return {k: {n: registry.summary(k, n) for n in registry.names(k)} for k in ([kind] if kind else registry.kinds())}


def plugin(name: str) -> list[dict[str, Any]]:
    """A plug-in as data, one entry for each kind that has the name: documentation, options and their defaults.

    Raises:
        UnknownPlugin: no kind has one of that name.
    """
    found = [kind for kind in registry.kinds() if name in registry.names(kind)]
    if not found:
        raise UnknownPlugin("plug-ins", name, {n for kind in registry.kinds() for n in registry.names(kind)})
    return [
        {
            "kind": kind,
            "name": name,
            "summary": registry.summary(kind, name),
            "documentation": inspect.getdoc(registry.load(kind, name)) or "",
            "options": {key: _option(p) for key, p in registry.options(kind, name).items()},
        }
        for kind in found
    ]


def _option(parameter: inspect.Parameter) -> dict[str, Any]:
    written = parameter.annotation  # a class where the file has no `from __future__ import annotations`
    kind, bounds = ranges.spoken(written if isinstance(written, str) else inspect.formatannotation(written))
    required = parameter.default is parameter.empty
    default = {} if required else {"default": parameter.default}
    return {"type": kind, "required": required, **default, **({"range": bounds} if bounds else {})}


def explain(name: str) -> str:
    """What a plug-in is and which options it takes, from its own documentation."""
    parts = []
    for one in plugin(name):
        options = [
            f"  {key}: {option['type']}"
            + (f" = {option['default']!r}" if "default" in option else "")
            + (f"  ({option['range']})" if "range" in option else "")
            for key, option in one["options"].items()
        ]
        about = f"{name} ({one['kind']})\n\n{one['summary']}\n\n{one['documentation']}"
        parts.append(about + "\n\nOptions:\n" + ("\n".join(options) or "  none"))
    return "\n\n".join(parts)


def check(request: Request) -> None:
    """RequestError for a plug-in of the request that there is not, or an option that it does not take."""
    uses = [("tasks", request.task), ("spaces", request.space), ("validators", request.validator)]
    uses += [("scorers", use) for use in request.scorers]
    proposing, refining = ("proposers", "refiners"), ("refiners", "proposers")  # either folder serves both
    for (kind, other), found in ((proposing, request.proposers), (refining, request.refiners)):
        uses += [(other if use.name in registry.names(other) else kind, use) for use in found]
    for kind, use in uses:
        if use.options:
            registry.check(kind, use)
        elif use.name not in (known := registry.names(kind)):
            raise UnknownPlugin(kind, use.name, known)
