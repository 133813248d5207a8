"""The ten money claims of an industry article of March 2026, as conditions on what the model answers.

"Open-Source AI Models: How Llama, Mistral, and DeepSeek Are Democratizing Artificial Intelligence in 2026", Internet Pros Team, 7 March 2026. Quotes are shortened.
"""

from __future__ import annotations

from tco.claims.records import Claim
from tco.claims.reported import REPORTED
from tco.claims.ways import WAYS
from tco.errors import InputError

CLAIMS: tuple[Claim, ...] = (*REPORTED, *WAYS)
"""In the order of their numbers, 1 to 10."""


def claim_of(number: int) -> Claim:
    """The claim of that number.

    Raises:
        InputError: there is none.
    """
    for claim in CLAIMS:
        if claim.number == number:
            return claim
    raise InputError(f"claim {number}: there are claims 1 to {len(CLAIMS)}", code="no_claim")
