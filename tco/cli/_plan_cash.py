"""Money in the text of `tco plan`: by year of the plan, at other rates, where it pays, in money of today and in another currency."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console
from rich.table import Table

from tco import OptionResult, Result
from tco.cash_records import Cash, CashByPeriod
from tco.format import share, usd, volume

_COLUMNS = (("up front", "capex_usd"), ("running", "opex_usd"), ("lenders", "financing_usd"), ("taxes", "tax_usd"))
_ALWAYS = ("up front", "running")
_MOST_STRETCHES = 4


def show_years(result: Result, out: Console) -> None:
    """Prints what each option asks for in each year of the plan: what is laid out, running costs, lenders, taxes."""
    for option in result.options:
        if option.cash is not None:
            out.print(
                f"\n{option.name}, by year of the plan (costs; what is received or saved is negative):", markup=False
            )
            out.print(_years(option.cash, option.cash.by_year))


def money_sentences(result: Result) -> Iterator[str]:
    """What else there is to say of the money, where there is anything: several rates of return, stretches of volume, hours, inflation, currency."""
    for option in result.options:
        yield from _sequence(option)
        yield from _several_rates(option)
        yield from _stretches(option, result.baseline)
        yield from _hours(option)
    yield from _todays_money(result)
    yield from _in_currency(result)


def _years(cash: Cash, years: CashByPeriod) -> Table:
    """Years as rows, so that any horizon fits 80 characters."""
    shown = [(label, getattr(years, name)) for label, name in _COLUMNS]
    shown = [(label, amounts) for label, amounts in shown if label in _ALWAYS or any(amounts)]
    table = Table(box=None, pad_edge=False, header_style="bold")
    for label in ("", *(label for label, _ in shown), "all"):
        table.add_column(label, justify="right")
    for number, total in enumerate(years.total_usd):
        table.add_row(f"year {number + 1}", *(usd(amounts[number]) for _, amounts in shown), usd(total))
    table.add_row("left at the end", *("" for _ in shown), usd(-cash.left_usd))
    table.add_row("in all", *(usd(sum(amounts)) for _, amounts in shown), usd(sum(years.total_usd) - cash.left_usd))
    return table


def _sequence(option: OptionResult) -> Iterator[str]:
    if option.served_by:
        told = ", then ".join(
            f"{'itself' if each.option == option.name else each.option} until the end of month {each.until_months}"
            for each in option.served_by
        )
        yield f"{option.name}: {told}"


def _several_rates(option: OptionResult) -> Iterator[str]:
    profile = option.npv_profile
    if profile is None or option.irr_status != "several":
        return
    roots = " and ".join(share(rate) for rate in profile.irr_roots_per_year)
    mirr = "" if option.mirr_per_year is None else f"; its MIRR is {share(option.mirr_per_year)} a year"
    yield (
        f"{option.name} has no single rate of return: its saving changes sign {profile.sign_changes_count} times (NPV zero at {roots} a year){mirr}"
    )


def _stretches(option: OptionResult, baseline: str) -> Iterator[str]:
    """Only where there is more to say than one volume from which it saves."""
    found = option.breakeven
    if found is None or not found.stretches[1:]:
        return
    told = [
        f"{volume(each.low_requests_per_day)} to {volume(each.high_requests_per_day)}"
        if not each.is_open_high
        else f"{volume(each.low_requests_per_day)} on"
        for each in found.stretches
    ]
    shown = [*told[: _MOST_STRETCHES - 1], "…", told[-1]] if len(told) > _MOST_STRETCHES else told
    yield f"{option.name} is cheaper than {baseline} in {len(told)} stretches, as whole replicas come to stand: {'; '.join(shown)} requests a day"


def _hours(option: OptionResult) -> Iterator[str]:
    for each in option.breakeven.hours if option.breakeven is not None else ():
        if each.hours_per_day is None:
            yield f"{option.name} costs more than {each.rented} even around the clock"
        else:
            yield f"{option.name} costs less than {each.rented} where that would stand more than {each.hours_per_day:.1f} hours a day"


def _todays_money(result: Result) -> Iterator[str]:
    """One sentence for all options."""
    real = [(option.name, option.todays_money) for option in result.options if option.todays_money is not None]
    if real:
        told = ", ".join(
            f"{name} {usd(each.total_usd)}"
            + ("" if each.irr_per_year is None else f" (IRR {share(each.irr_per_year)} a year)")
            for name, each in real
        )
        yield f"in money of today, at {real[0][1].inflation_per_year_fraction:.1%} inflation, in all: {told}; NPVs are the same in either money"


def _in_currency(result: Result) -> Iterator[str]:
    block = result.reporting_currency
    if block is None:
        return
    for option in block.options:
        npv = "" if option.npv_in_currency is None else f", NPV {option.npv_in_currency:,.0f}"
        yield f"{option.name} in {block.code}: {option.total_in_currency:,.0f} in all{npv}, first month {option.monthly_in_currency[0]:,.0f}"
    yield f"1 {block.code} is {block.usd_per_unit:g} USD ({block.as_of}, {block.source}), one rate for all months"
