"""Places of data and of companies: countries, and the unions of them that conditions are written in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator

from pricing.licensing.rules import COUNTRIES, EU_MEMBERS, EU_TERRITORIES

WORLD = "WORLD"
"""Data that may be anywhere: what an option says of itself that promises no place."""

_EEA_BESIDE_THE_EU = frozenset({"IS", "LI", "NO"})
"""Iceland, Liechtenstein and Norway (Agreement on the European Economic Area, Article 126)."""

UNIONS = {
    "EU": EU_MEMBERS | EU_TERRITORIES,
    "EEA": EU_MEMBERS | EU_TERRITORIES | _EEA_BESIDE_THE_EU,
    WORLD: COUNTRIES,
}
"""Names that stand for several countries."""

_MEANT = {"UK": "GB", "USA": "US", "EUROPE": "EU", "GERMANY": "DE", "FRANCE": "FR"}


def countries_of(places: Iterable[str]) -> frozenset[str]:
    """Every country of some places.

    Args:
        places: countries (ISO 3166-1, two letters), `EU`, `EEA` or `WORLD`.

    >>> len(countries_of(["EU"])), "NO" in countries_of(["EEA"]), sorted(countries_of(["US", "DE"]))
    (34, True, ['DE', 'US'])
    """
    found: frozenset[str] = frozenset()
    for place in places:
        found |= UNIONS.get(place, frozenset({place}))
    return found


def _place(text: str) -> str:
    code = text.strip().upper()
    if code in UNIONS or code in COUNTRIES:
        return code
    hint = f" Did you mean {_MEANT[code]}?" if code in _MEANT else ""
    raise ValueError(
        f"{text!r} is no place that can be checked; write two letters of ISO 3166-1 (DE, US), EU, EEA or WORLD, "
        f"not a region of a cloud.{hint}"
    )


def _country(text: str) -> str:
    code = _place(text)
    if code in UNIONS:
        raise ValueError(f"{code} is several countries; write the one of the company's seat, two letters of ISO 3166-1")
    return code


def one_or_many(given: Any) -> Any:
    """A single name as a list of one, as people write it.

    Args:
        given: what the file holds.
    """
    return [given] if isinstance(given, str) else given


def not_empty(names: list[str]) -> list[str]:
    """A list that names at least one thing, each once.

    Args:
        names: what was given.

    Raises:
        ValueError: an empty list.
    """
    if not names:
        raise ValueError("an empty list names nothing; name at least one, or leave the field out")
    return list(dict.fromkeys(names))


Place = Annotated[str, AfterValidator(_place)]
"""A country, `EU`, `EEA` or `WORLD`."""

Country = Annotated[str, AfterValidator(_country)]
"""One country, two letters of ISO 3166-1."""

OneOrMany = BeforeValidator(one_or_many, json_schema_input_type=str | list[str])
"""Lets a list of one be written as its one name, in the published schema too."""

Places = Annotated[list[Place], OneOrMany, AfterValidator(not_empty)]
"""At least one place."""
