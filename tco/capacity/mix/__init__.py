"""The cheapest mix of machine types for requests of several sizes: a mixed-integer program, solved by HiGHS."""

from tco.capacity.mix.balance import balanced
from tco.capacity.mix.buckets import Representative, buckets_from_lengths, buckets_lognormal
from tco.capacity.mix.front import FrontPoint, Promise, on_front, pareto_front
from tco.capacity.mix.hours import busiest_hours, rounded_hours
from tco.capacity.mix.merge import merged
from tco.capacity.mix.records import Bucket, HourShare, MachineType, Mix, SingleType, TypeUse
from tco.capacity.mix.solve import cheapest_mix
from tco.capacity.mix.week import WeekMix, WeekUse, cheapest_week

__all__ = [
    "Bucket",
    "FrontPoint",
    "HourShare",
    "MachineType",
    "Mix",
    "Promise",
    "Representative",
    "SingleType",
    "TypeUse",
    "WeekMix",
    "WeekUse",
    "balanced",
    "buckets_from_lengths",
    "buckets_lognormal",
    "busiest_hours",
    "cheapest_mix",
    "cheapest_week",
    "merged",
    "on_front",
    "pareto_front",
    "rounded_hours",
]
