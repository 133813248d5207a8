"""Processor packages as a power source: energy counters that the Linux kernel shows (RAPL), Intel's and AMD's alike.

`/sys/class/powercap/intel-rapl:N/energy_uj` counts microjoules of one package and starts again at 0 after `max_energy_range_uj`
(https://docs.kernel.org/power/powercap/powercap.html). Memory is not part of a package. Since the end of 2020 kernels let only root read the counter,
because it can betray secrets (CVE-2020-8694).
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

POWERCAP = Path("/sys/class/powercap")
"""Where the kernel shows its power zones."""


def open_rapl(
    powercap: Path = POWERCAP, clock: Callable[[], int] = time.perf_counter_ns
) -> tuple[RaplSource | None, str | None]:
    """The processor packages whose energy may be read here.

    Args:
        powercap: folder of the power zones.
        clock: gives nanoseconds; for tests.

    Returns:
        The source, or None and the reason. One package that may not be read leaves no source: a sum without it would be too low.
    """
    zones = [zone for zone in sorted(powercap.glob("intel-rapl:*")) if _words(zone / "name").startswith("package-")]
    if not zones:
        return None, f"The kernel shows no processor energy counter in {powercap} (RAPL), as in most virtual machines."
    for zone in zones:
        try:
            int((zone / "energy_uj").read_text(encoding="ascii"))
            int((zone / "max_energy_range_uj").read_text(encoding="ascii"))
        except PermissionError:
            return (
                None,
                f"The processor's energy counter {zone}/energy_uj may be read by root only; give this user the right to read it.",
            )
        except (OSError, ValueError) as error:
            return None, f"The processor's energy counter in {zone} cannot be read ({error})."
    return RaplSource(zones, clock), None


def _words(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


class RaplSource:
    """Reads some packages; a counter that wrapped around goes on rising here."""

    name = "rapl"

    def __init__(self, zones: Sequence[Path], clock: Callable[[], int] = time.perf_counter_ns) -> None:
        """Takes the folders of the packages.

        Args:
            zones: one folder a package, readable.
            clock: gives nanoseconds.
        """
        self._zones = list(zones)
        self._clock = clock
        self._ranges_uj = [int((zone / "max_energy_range_uj").read_text(encoding="ascii")) for zone in zones]
        self._last_uj: list[int | None] = [None] * len(self._zones)
        self._wrapped_uj = [0] * len(self._zones)
        self.packages = len(self._zones)
        self.trouble: str | None = None

    def sample(self) -> list[tuple[int, float | None]]:
        """When each package's counter was read, and its energy [J]."""
        return [self._sample(index) for index in range(self.packages)]

    def _sample(self, index: int) -> tuple[int, float | None]:
        try:
            now_uj = int((self._zones[index] / "energy_uj").read_text(encoding="ascii"))
        except (OSError, ValueError) as error:
            self.trouble = str(error)
            return self._clock(), None
        last_uj = self._last_uj[index]
        if last_uj is not None and now_uj < last_uj:
            # At 10 samples a second it cannot have wrapped twice: a range lasts for minutes at full power.
            self._wrapped_uj[index] += self._ranges_uj[index]
        self._last_uj[index] = now_uj
        return self._clock(), (now_uj + self._wrapped_uj[index]) / 1e6
