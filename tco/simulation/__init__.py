"""What users would see: an option's replicas, simulated at a load, with recorded traffic, over a week, or split into two pools."""

from tco.simulation.loads import simulate_load_of, simulate_planned_week, simulate_recorded
from tco.simulation.pools import Split, simulate_split
from tco.simulation.question import Asked, asked_option
from tco.simulation.records import Answer, SimulatedLoad
from tco.simulation.trace import Recording, recording

__all__ = [
    "Answer",
    "Asked",
    "Recording",
    "SimulatedLoad",
    "Split",
    "asked_option",
    "recording",
    "simulate_load_of",
    "simulate_planned_week",
    "simulate_recorded",
    "simulate_split",
]
