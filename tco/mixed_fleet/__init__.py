"""The cheapest fleet of several machine types for requests of several sizes, checked by simulating the traffic that each type is given."""

from tco.mixed_fleet.found import CheckedFleet, FleetPlan
from tco.mixed_fleet.plan import plan_fleet
from tco.mixed_fleet.records import Means, Wishes
from tco.mixed_fleet.sizes import recorded_lengths

__all__ = ["CheckedFleet", "FleetPlan", "Means", "Wishes", "plan_fleet", "recorded_lengths"]
