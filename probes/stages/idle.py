"""Power with the model loaded and nothing to do."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from probes.energy.idle import loaded_idle

if TYPE_CHECKING:
    from probes.stages.conductor import Conductor

IDLE_S = 20.0


async def measure_idle(conductor: Conductor) -> None:
    """Watches the power meter while no request is sent; nothing is measured, and no time spent, without one that reads power.

    Args:
        conductor: the sweep.
    """
    meter = conductor.stage.meter
    if meter is None or not meter.reads or (conductor.left_s is not None and conductor.left_s < IDLE_S):
        return
    conductor.tell("warmup", f"idle: power with the model loaded, {IDLE_S:.0f} s")
    found = await asyncio.to_thread(loaded_idle, meter, IDLE_S, conductor.ledger.header.idle)
    conductor.ledger.note_idle(found)
