"""What has come true: measured volumes, bills and throughput held against what a scenario assumed, and put into it."""

from tco.actuals.check import Checked, check_actuals
from tco.actuals.reading import read_actuals
from tco.actuals.records import Actual, Actuals, Level, Row

__all__ = ["Actual", "Actuals", "Checked", "Level", "Row", "check_actuals", "read_actuals"]
