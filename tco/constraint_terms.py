"""What every option must keep before its cost counts: conditions of law, of policy, and of what is good enough."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from pricing.quality.scores import ARENA
from pricing.yaml_file import Text
from tco.places import WORLD, OneOrMany, Places, not_empty


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def _rules_somebody_out(places: list[str]) -> list[str]:
    if WORLD in places:
        raise ValueError(f"{WORLD} rules out nobody; name the places that are allowed, or leave the field out")
    return places


_Allowed = Annotated[Places, AfterValidator(_rules_somebody_out)]
_Needed = Annotated[list[Text], OneOrMany, AfterValidator(not_empty), Field(max_length=50)]


class MinQuality(_Record):
    """The least rating that will do, by one measure: the book's text arena unless another is named.

    The rating itself is held against the least one, not the ends of its bounds; both are told.
    """

    min_rating_points: Annotated[float, Field(gt=-1e6, lt=1e6)]
    measure: Text = ARENA


class Constraints(_Record):
    """Conditions that rule an option out before any ranking. Each is off until it is given.

    Attributes:
        licence_commercial: the licence of a model that you run must allow business use, even where `company` says nothing.
        residency: places in which data may be stored and processed.
        operator_nationality: countries whose groups may run the machines; you yourself always may.
        max_retention_days: longest time for which requests may be kept by others [days]; 0 asks for zero data retention.
        needs_baa: a business associate agreement (HIPAA) must be had from whoever handles the data.
        certifications: all of these must be held.
        holds_slo: options paid per token must keep `workload.slo` too, by latencies that their terms state.
        min_quality: the least rating that will do.
        max_lead_time_months: latest time at which the option must be able to serve [months].
        covers: whether residency, operator, retention, agreement and certificates are asked for all requests, or for sensitive ones only:
            a hybrid that holds these back (`sensitive_fraction`) may then send the others anywhere.
        unknown: what happens to an option of which it is not known; null: refused where law or policy asks (licence, residency,
            operator, retention, agreement, certificates), allowed with a warning where it does not (latency, quality, lead time).
    """

    licence_commercial: bool = False
    residency: _Allowed | None = None
    operator_nationality: _Allowed | None = None
    max_retention_days: Annotated[float, Field(ge=0, le=36_525)] | None = None
    needs_baa: bool = False
    certifications: _Needed | None = None
    holds_slo: bool = False
    min_quality: MinQuality | None = None
    max_lead_time_months: Annotated[float, Field(ge=0, le=120)] | None = None
    covers: Literal["all", "sensitive"] = "all"
    unknown: Literal["refuse", "allow"] | None = None
