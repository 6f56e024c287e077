"""The devices in a benchmark's table, from which `device_transfer` learns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class KnownDevices:
    """The devices in a task's table; the task's option `latency_device` chooses one for `lookup`.

    Args:
        space: whose architectures were measured.
        families: by device, its versions as the option names them, such as batch sizes; versions are much alike.
        energy: those of the versions whose energy_mj is known too.
        published: values of the space's options that were measured; a task that has an option of the same name is
            given the space's.
    """

    space: str
    families: Mapping[str, tuple[str, ...]]
    energy: tuple[str, ...] = ()
    published: Mapping[str, tuple[object, ...]] = field(default_factory=dict)

    @property
    def versions(self) -> list[str]:
        """All versions of all devices."""
        return [version for versions in self.families.values() for version in versions]
