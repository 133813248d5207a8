"""The model: a scenario in, a result out.

>>> import tco
>>> sorted(tco.__all__) == tco.__all__
True
"""

from tco.errors import InputError
from tco.evaluate import evaluate
from tco.quantity import Quantity
from tco.result import OptionResult, Result
from tco.scenario import Scenario
from tco.scenario_file import dump, load, parse

__all__ = ["InputError", "OptionResult", "Quantity", "Result", "Scenario", "dump", "evaluate", "load", "parse"]
