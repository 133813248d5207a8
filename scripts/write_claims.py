"""Writes the generated pieces of docs/claims.md anew: verdicts, figures and turning points of the ten claims.

.venv/bin/python scripts/write_claims.py [NUMBER...]
"""

from __future__ import annotations

import sys
from pathlib import Path

from tco.claims import CLAIMS, Claim
from tco.claims.page import begin, end, piece

PAGE = Path(__file__).parents[1] / "docs" / "claims.md"


def main() -> None:
    """Writes the pieces of the claims that are named, or of all."""
    wanted = {int(number) for number in sys.argv[1:]} or {claim.number for claim in CLAIMS}
    for claim in CLAIMS:
        if claim.number in wanted:
            write(claim)
            print(f"claim {claim.number} written")


def write(claim: Claim) -> None:
    """Puts a claim's piece in the place of the one that is there."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(begin(claim))
    after = rest.partition(end(claim))[2]
    PAGE.write_text(before + piece(claim) + after, encoding="utf-8")


if __name__ == "__main__":
    main()
