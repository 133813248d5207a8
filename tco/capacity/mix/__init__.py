"""The cheapest mix of machine types for requests of several sizes: a mixed-integer program, solved by HiGHS."""

from tco.capacity.mix.buckets import Representative, buckets_from_lengths, buckets_lognormal
from tco.capacity.mix.front import FrontPoint, Promise, pareto_front
from tco.capacity.mix.records import Bucket, MachineType, Mix, SingleType, TypeUse
from tco.capacity.mix.solve import cheapest_mix
from tco.capacity.mix.week import WeekMix, WeekUse, cheapest_week

__all__ = [
    "Bucket",
    "FrontPoint",
    "MachineType",
    "Mix",
    "Promise",
    "Representative",
    "SingleType",
    "TypeUse",
    "WeekMix",
    "WeekUse",
    "buckets_from_lengths",
    "buckets_lognormal",
    "cheapest_mix",
    "cheapest_week",
    "pareto_front",
]
