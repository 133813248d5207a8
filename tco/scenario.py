"""The `Scenario`: the question. What is asked, of which workload, between which options.

Every input is a `Quantity` with its unit in its name. A field that is null is filled from the price book or the run before
the scenario is evaluated (`tco.fill`), so that every number has a source.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, model_validator

from pricing.licensing.rules import Company
from pricing.yaml_file import Day
from tco.case_terms import Cases
from tco.constraint_terms import Constraints
from tco.finance_terms import Finance
from tco.hybrid_terms import refuse_bad_parts
from tco.options import (
    FROM_RUN,
    AnyOption,
    CascadeOption,
    ElectricityRegion,
    HybridOption,
    MixedOption,
    Option,
    OwnOption,
    RentalPrice,
    RentOption,
    SelfHostedOption,
    SingleOption,
    TokenOption,
)
from tco.quantity import Change, Quantity
from tco.risk_terms import Correlation
from tco.scaling import Failures, Scaling, Upgrades
from tco.sequence_terms import refuse_bad_sequences
from tco.success_terms import Success, refuse_bad_escalations
from tco.terms.people import People
from tco.workload.asked import Name, RequestClass, Slo, Spread, Workload
from tco.workload.profiles import PROFILE_NAMES

SCHEMA = 1
"""Number of the scenario file's format; a file with a larger number is refused."""


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, populate_by_name=True)


class PriceSources(_Record):
    """Which prices the answer rests on: a state of the price book, and a file of your own prices over it.

    `book` pins a state by its id, or by a day (the newest state on or before it); null takes the newest that is here. `file` is
    a `prices.yaml`, relative to the scenario file (docs/prices-file.md).
    """

    book: Annotated[str, Field(min_length=1, max_length=80)] | None = None
    file: Annotated[str, Field(min_length=1, max_length=500)] | None = None


class Scenario(_Record):
    """The question: a workload, the options under comparison, and the conventions of the answer.

    Conventions are inputs with a stated default: hours per month, months of horizon, discount rate. Money is nominal USD.
    """

    schema_: Annotated[int, Field(alias="schema", ge=1, le=SCHEMA)] = SCHEMA
    name: Name
    question: str | None = None
    as_of: Day
    currency: Literal["USD"] = "USD"
    horizon_months: Annotated[int, Field(ge=1, le=120)] = 36
    discount_rate_per_year: Change = Quantity(value=0.10)
    hours_per_month: Annotated[float, Field(ge=672, le=744)] = 730.5
    baseline: Name
    company: Company | None = None
    constraints: Constraints | None = None
    prices: PriceSources = PriceSources()
    workload: Workload
    finance: Finance = Finance()
    correlations: Annotated[list[Correlation], Field(max_length=500)] = []
    options: Annotated[list[Option], Field(min_length=1, max_length=50)]
    cases: Cases = {}

    _folder: Path | None = PrivateAttr(default=None)

    @model_validator(mode="after")
    def _names_fit(self) -> Scenario:
        names = [option.name for option in self.options]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"option name {twice[0]!r} is used twice; give each option its own name")
        if self.baseline not in names:
            raise ValueError(f"baseline {self.baseline!r} is not among the options; choose one of: {', '.join(names)}")
        refuse_bad_sequences(self.options, self.baseline)
        refuse_bad_parts(self.options)
        refuse_bad_escalations({option.name: option.success for option in self.options})
        return self

    @property
    def folder(self) -> Path | None:
        """Folder that relative run files are looked up in: the scenario file's own. Never written to a file."""
        return self._folder

    def in_folder(self, folder: Path | None) -> Scenario:
        """A copy whose relative run files are looked up in `folder`."""
        copy = self.model_copy()
        copy._folder = folder  # noqa: SLF001 - the one place that sets it
        return copy

    def option(self, name: str) -> AnyOption:
        """The option of that name.

        Raises:
            KeyError: no option has that name.
        """
        return next(option for option in self.options if option.name == name)

    def single(self, name: str) -> SingleOption:
        """The option of that name, which is not made of others.

        Raises:
            TypeError: it is.
        """
        option = self.option(name)
        if isinstance(option, HybridOption | CascadeOption):
            raise TypeError(f"option {name!r} is made of others: {', '.join(option.parts)}")
        return option


__all__ = [
    "FROM_RUN",
    "PROFILE_NAMES",
    "SCHEMA",
    "AnyOption",
    "CascadeOption",
    "ElectricityRegion",
    "Failures",
    "HybridOption",
    "MixedOption",
    "Option",
    "OwnOption",
    "People",
    "PriceSources",
    "RentOption",
    "RentalPrice",
    "RequestClass",
    "Scaling",
    "Scenario",
    "SelfHostedOption",
    "SingleOption",
    "Slo",
    "Spread",
    "Success",
    "TokenOption",
    "Upgrades",
    "Workload",
]
