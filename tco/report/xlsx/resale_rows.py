"""What servers still fetch at the end of the horizon, as formulas (`tco.costs.owned.residual_usd`)."""

from __future__ import annotations

from tco.report.xlsx.cells import Block, Cell, Line
from tco.report.xlsx.desk import Desk
from tco.report.xlsx.expressions import Constant, Expr
from tco.report.xlsx.functions import at_index, largest, position_of, product_sum, smallest
from tco.scenario import OwnOption


def residual_value(desk: Desk, option: OwnOption, bought: Line, kept_for: tuple[Cell, Expr | None], label: str) -> Cell:
    """What the servers would still fetch at the end of the horizon, by their age.

    Args:
        desk: whose sheets Capacity and Cash flow monthly it is worked out on.
        option: filled.
        bought: servers bought at the start of each month.
        kept_for: the economic life, and which of them are one's own at the end; None: all.
        label: of the option, in rows.
    """
    economic, is_owned = kept_for
    sheet = desk.capacity
    age = sheet.line(
        "Age at the end of the horizon, at most its life", "months", smallest(desk.horizon - desk.month + 1, economic)
    )
    kept = sheet.line(
        "Share of its price that it still fetches", "fraction", _kept(desk, option, age, economic), "fraction"
    )
    owned = bought if is_owned is None else sheet.line("Servers that are one's own", "servers", bought * is_owned)
    worth = product_sum(owned.all, kept.all) * desk.needed(option, "server_price_usd")
    return desk.cash.value(f"{label}: residual value", "USD", worth, "usd")


def _kept(desk: Desk, option: OwnOption, age: Line, economic: Cell) -> Expr:
    curve = option.hardware.resale_fraction
    if not isinstance(curve, dict):
        return 1 - (1 - desk.needed(option, "residual_fraction")) * age / economic
    months = sorted(curve, key=int)
    points: list[tuple[float, Expr]] = [
        (float(each), desk.needed(option, f"hardware.resale_fraction.{each}")) for each in months
    ]
    if points[0][0] > 0:
        points = [(0.0, Constant(1)), *points]
    ages, shares = _points(desk, option, points)
    if len(points) == 1:
        return at_index(shares, 1)
    at = desk.capacity.line("Age on the resale curve", "months", smallest(largest(age, ages.cells[0]), ages.cells[-1]))
    place = desk.capacity.line(
        "Point of the curve before it", "number", smallest(position_of(at, ages), len(points) - 1)
    )
    gone = (at - at_index(ages, place)) / (at_index(ages, place + 1) - at_index(ages, place))
    return at_index(shares, place) + gone * (at_index(shares, place + 1) - at_index(shares, place))


def _points(desk: Desk, option: OwnOption, points: list[tuple[float, Expr]]) -> tuple[Block, Block]:
    ages = desk.table(f"{option.name}: resale by age", {"age in months": [age for age, _ in points]})[0]
    first = ages.cells[0]
    column, row = first.column + 1, first.row
    desk.tables.text(column, "share of the price", "column", row=row - 1)
    return ages, Block(
        tuple(desk.tables.cell(column, share, "fraction", row=row + number) for number, (_, share) in enumerate(points))
    )
