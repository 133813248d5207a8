"""What would have to be true: values at which a condition on the answer begins to hold or ceases to, and what sets two scenarios apart."""

from tco.stretch import Stretch, stretches
from tco.what_if.condition import Condition, parse_condition
from tco.what_if.solve import TOGETHER, Solved, figures_of, flips, solve_for
from tco.what_if.waterfall import Difference, Step, difference
from tco.what_if.words import condition_words, solved_sentence

__all__ = [
    "TOGETHER",
    "Condition",
    "Difference",
    "Solved",
    "Step",
    "Stretch",
    "condition_words",
    "difference",
    "figures_of",
    "flips",
    "parse_condition",
    "solve_for",
    "solved_sentence",
    "stretches",
]
