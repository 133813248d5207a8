"""What an option offers beside its price: where its data are, who runs it, what it keeps, what it is certified for, when it is there.

No price list says these things; a contract or a page of the seller does. What is left out is not known, which is not the same as no.
"""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from pricing.price import Evidence
from pricing.yaml_file import Day, Text
from tco.places import Country, OneOrMany, Places
from tco.workload.asked import Slo

_Days = Annotated[float, Field(ge=0, le=36_525)]
_Months = Annotated[float, Field(ge=0, le=120)]
_Points = Annotated[float, Field(gt=-1e6, lt=1e6)]


def _each_once(names: list[str]) -> list[str]:
    return list(dict.fromkeys(names))


Certificates = Annotated[list[Text], OneOrMany, AfterValidator(_each_once), Field(max_length=50)]
"""Names of certificates and attestations, such as `SOC 2 Type II` or `ISO 27001`."""


class Terms(BaseModel):
    """What one option offers, as it is bought, with where that is said. Null: not known.

    Attributes:
        regions: every place in which data of requests may be stored or processed; `WORLD` where no place is promised.
        operator_country: seat of the group that runs the machines.
        retention_days: how long requests and answers are kept [days]; 0 is zero data retention.
        baa: whether a business associate agreement (HIPAA) is signed or offered.
        certifications: all that are held; an empty list says that there are none.
        latency: percentiles that were measured of it [ms]; for options paid per token, whose latency nothing else says.
        rating_points: how good it answers, by a measure of your own or the book's [points]; goes before the book's rating.
        rating_measure: by which measure.
        lead_time_months: from the scenario's day until it can serve [months].
        available_from: the day on which it can serve, in place of the lead time.
        evidence: how good all this is.
        source: contract or URL.
        as_of: the day on which it was read.
        note: what a reader must know.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    regions: Places | None = None
    operator_country: Country | None = None
    retention_days: _Days | None = None
    baa: bool | None = None
    certifications: Certificates | None = None
    latency: Slo | None = None
    rating_points: _Points | None = None
    rating_measure: Text | None = None
    lead_time_months: _Months | None = None
    available_from: Day | None = None
    evidence: Evidence = "assumption"
    source: Text | None = None
    as_of: Day | None = None
    note: Text | None = None

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        if self.lead_time_months is not None and self.available_from is not None:
            raise ValueError(
                "`lead_time_months` and `available_from` both say when it can serve; leave one of them out"
            )
        if (self.rating_points is None) != (self.rating_measure is None):
            raise ValueError(
                "`rating_points` and `rating_measure` belong together; a rating without its measure says nothing"
            )
        return self
