"""What rules an option out before anything is ranked."""

from __future__ import annotations

import streamlit as st

from tco.glossary import term
from tco.scenario import Scenario
from tco.views import _forms
from tco.views._forms import Context


def show_constraints(scenario: Scenario) -> None:
    """All constraints, or the way to begin with them.

    Args:
        scenario: as written.
    """
    st.caption(
        f"{term('Constraint')} Each is off until it is given. What an option offers is said in its own *Offers*; what nobody says is not taken for granted."
    )
    if scenario.constraints is None:
        _forms.add("constraints", {}, "Add constraints")
        return
    _forms.show(scenario.constraints, "constraints", Context())
    _forms.remove("constraints", "Remove all constraints")
