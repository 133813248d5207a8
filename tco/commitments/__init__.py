"""Which GPU-hours to reserve for three years, for one, to take by the hour and to take as spot: the cheapest mix for a fleet's weeks."""

from tco.commitments.question import Asked, Wishes, commitment_question
from tco.commitments.records import CommitmentAnswer, MixCost, TierPrice
from tco.commitments.solve import cheapest_mix, commitments

__all__ = [
    "Asked",
    "CommitmentAnswer",
    "MixCost",
    "TierPrice",
    "Wishes",
    "cheapest_mix",
    "commitment_question",
    "commitments",
]
