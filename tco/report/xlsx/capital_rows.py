"""Servers, loans, leases, depreciation and taxes as formulas (`tco.capital`)."""

from __future__ import annotations

from dataclasses import dataclass, field

from tco.capital.depreciation import MACRS_5_YEAR
from tco.finance_terms import Cash, Depreciation, Lease, Loan
from tco.report.xlsx.cells import Cell, Line
from tco.report.xlsx.desk import NOTHING, Desk
from tco.report.xlsx.expressions import Constant, Expr
from tco.report.xlsx.functions import (
    MONTHS_PER_YEAR,
    added,
    at_index,
    equals,
    largest,
    payment,
    product_sum,
    remainder,
    share_by_age,
    sum_where,
    total,
    when,
    whole_up,
    window_sum,
)
from tco.report.xlsx.resale_rows import residual_value
from tco.scenario import OwnOption


@dataclass(frozen=True, slots=True, kw_only=True)
class Bought:
    """Servers of one's own as rows.

    Attributes:
        investments: at the start of each month, by name; first those for servers.
        running: payments that are running costs, by name.
        financing: money of lenders by time.
        interest: of each month.
        depreciation: of each month.
        due_at_end: payments of leases that fall due at the horizon.
        book_value: not yet deducted at the horizon.
        residual: what is fetched at the horizon.
    """

    investments: dict[str, Expr]
    running: dict[str, Expr] = field(default_factory=dict)
    financing: tuple[Line, ...] = ()
    interest: Expr = NOTHING
    depreciation: Line
    due_at_end: Expr = NOTHING
    book_value: Cell
    residual: Cell


def bought_rows(desk: Desk, option: OwnOption, servers: Line, label: str) -> Bought:
    """What is bought when, how it is paid for, what it is worth at the end.

    Args:
        desk: whose sheets Capacity and Cash flow monthly it is worked out on.
        option: filled.
        servers: that stand by month.
        label: of the option, in rows.
    """
    terms, path = option.purchase or desk.filled.finance.purchase, f"options.{option.name}."
    economic = desk.inputs.setting(
        f"{path}economic_life_months", option.economic_life_months, "months", "Economic life of a server"
    )
    life = _life(desk, option, terms, economic)
    month = desk.month
    # Where every server has reached its end it is replaced: what stands is what was bought in the last months of a life.
    bought = desk.capacity.line(
        "Servers bought", "servers", lambda own: largest(0, servers - window_sum(own, month, life, itself=False))
    )
    price = desk.needed(option, "server_price_usd")
    worth = desk.cash.line(f"{label}: servers at their price", "USD", bought * price, "usd", summed=True)
    around = _around(desk, option, bought, life)
    found = _paid(desk, option, terms, worth, label)
    basis = found.basis
    if around:
        basis = desk.cash.line(
            f"{label}: depreciated, with what is bought around servers",
            "USD",
            added(basis, *around.values()),
            "usd",
            summed=True,
        )
    depreciation = _depreciation(desk, basis, economic, label)
    residual = residual_value(desk, option, bought, (economic, found.is_owned), label)
    left = total(basis.all) - total(depreciation.all) + found.basis_at_end
    book_value = desk.cash.value(f"{label}: price not deducted at the end", "USD", left, "usd")
    return Bought(
        investments=found.investments | around,
        running=found.running,
        financing=found.financing,
        interest=found.interest,
        depreciation=depreciation,
        due_at_end=found.due_at_end,
        book_value=book_value,
        residual=residual,
    )


def tax_line(desk: Desk, deductible: Line) -> Line:
    """Taxes by time: what is deducted saves tax at the end of its year of the plan, or of its month."""
    rate, month = desk.of_all("finance.tax_fraction"), desk.month
    if desk.filled.finance.tax_paid == "monthly":
        content = -1 * rate * deductible
    else:
        year = desk.cash.line("Year of the plan", "year", whole_up(month / MONTHS_PER_YEAR), first=0)
        ends = when(equals(remainder(month, MONTHS_PER_YEAR), 0), 1, (month >= desk.horizon) * 1)
        content = -1 * rate * ends * sum_where(deductible.so_far, year.so_far, year)
    return desk.cash.line("Taxes; savings are negative", "USD", content, "usd")


def _life(desk: Desk, option: OwnOption, terms: Cash | Loan | Lease, economic: Cell) -> Expr:
    """How long a server stays."""
    if not isinstance(terms, Lease):
        return economic
    term = _term(desk, option, terms)
    return term if terms.at_end == "return" else largest(economic, term)


def _term(desk: Desk, option: OwnOption, terms: Loan | Lease) -> Cell:
    path = f"{_terms_path(option)}term_months"
    return desk.inputs.setting(path, terms.term_months, "months", "Term of the loan or lease")


def _terms_path(option: OwnOption) -> str:
    return "finance.purchase." if option.purchase is None else f"options.{option.name}.purchase."


def _around(desk: Desk, option: OwnOption, bought: Line, life: Expr) -> dict[str, Expr]:
    """Network, installation and spare parts, where somebody asks for them."""
    found: dict[str, Expr] = {}
    by_gpu, by_server, installed, spares = (
        desk.given(option, f"hardware.{name}")
        for name in ("network_usd_per_gpu", "frontend_network_usd_per_server", "installation_usd_per_server", "spares_fraction")
    )  # fmt: skip
    if by_gpu is not None or by_server is not None:
        sheet = desk.capacity
        standing = sheet.line("Servers bought and not yet replaced", "servers", window_sum(bought, desk.month, life))
        most = sheet.line("Most of them so far", "servers", lambda own: largest(own.before, standing))
        first = sheet.line("Servers beyond any number before", "servers", most - most.before)
        gpus = desk.inputs.setting(
            f"options.{option.name}.gpus_per_server", option.gpus_per_server, "GPUs", "GPUs of a server"
        )
        costs = [each for each in (None if by_gpu is None else gpus * by_gpu, by_server) if each is not None]
        found["network"] = first * added(*costs)
    if installed is not None:
        found["installation"] = bought * installed
    if spares is not None:
        found["spares"] = bought * desk.needed(option, "server_price_usd") * spares
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Paid:
    investments: dict[str, Expr]
    running: dict[str, Expr] = field(default_factory=dict)
    financing: tuple[Line, ...] = ()
    interest: Expr = NOTHING
    basis: Line
    basis_at_end: Expr = NOTHING
    due_at_end: Expr = NOTHING
    is_owned: Expr | None = None


def _paid(desk: Desk, option: OwnOption, terms: Cash | Loan | Lease, worth: Line, label: str) -> _Paid:
    if isinstance(terms, Loan):
        return _loan(desk, option, terms, worth, label)
    if isinstance(terms, Lease):
        return _lease(desk, option, terms, worth, label)
    return _Paid(investments={"servers": worth}, basis=worth)


def _loan(desk: Desk, option: OwnOption, terms: Loan, worth: Line, label: str) -> _Paid:
    """Every purchase has its own loan in equal payments; together they are one balance."""
    sheet, path, month = desk.cash, _terms_path(option), desk.month
    term, rate = _term(desk, option, terms), desk.of_all(f"{path}interest_rate_per_year") / MONTHS_PER_YEAR
    borrowed = sheet.line(
        f"{label}: borrowed", "USD", worth * desk.of_all(f"{path}financed_fraction"), "usd", summed=True
    )
    share = sheet.value(f"{label}: monthly payment over the loan", "fraction", payment(rate, term), "fraction")
    payments = sheet.line(
        f"{label}: payments of loans", "USD", window_sum(borrowed, month, term) * share, "usd", summed=True
    )
    balance = sheet.line(
        f"{label}: owed at the end of the month",
        "USD",
        lambda own: (own.before + borrowed) * (1 + rate) - payments,
        "usd",
    )
    interest = sheet.line(f"{label}: interest", "USD", (balance.before + borrowed) * rate, "usd", summed=True)
    received = sheet.line(f"{label}: loans received", "USD", -1 * borrowed.after, "usd", first=0)
    paid_off = sheet.line(f"{label}: paid off at the end", "USD", when(equals(month, desk.horizon), balance, 0), "usd")
    return _Paid(
        investments={"servers": worth}, financing=(received, payments, paid_off), interest=interest, basis=worth
    )


def _lease(desk: Desk, option: OwnOption, terms: Lease, worth: Line, label: str) -> _Paid:
    sheet, month = desk.cash, desk.month
    term, buy_out = _term(desk, option, terms), desk.of_all(f"{_terms_path(option)}buy_out_fraction")
    share = sheet.value(
        f"{label}: monthly payment over the price",
        "fraction",
        _lease_payment(desk, option, terms, term, buy_out),
        "fraction",
    )
    beyond = sheet.line(f"{label}: months of the lease past the horizon", "months", month - 1 + term - desk.horizon)
    owes, buys = terms.at_horizon == "due", terms.at_end == "purchase"
    due = product_sum(worth.all, (beyond.all > 0) * beyond.all) * share if owes else NOTHING
    # The row is empty at time zero, where nothing is had: its 0 meets no amount.
    bought_at_end = product_sum(worth.all, (beyond.all >= 0) * 1) * buy_out if owes and buys else NOTHING
    investments: dict[str, Expr] = {"servers": NOTHING}
    basis: Expr = NOTHING
    if buys:
        investments["lease_buy_outs"] = basis = sum_where(worth.so_far, month.so_far, month - term) * buy_out
    owned: Expr = NOTHING
    if buys:
        owned = Constant(1) if owes else (beyond < 0) * 1
    basis_line = sheet.line(f"{label}: price that is depreciated", "USD", basis, "usd", summed=True)
    at_end = sheet.line(
        f"{label}: leases due at the end", "USD", when(equals(month, desk.horizon), due + bought_at_end, 0), "usd"
    )
    return _Paid(
        investments=investments, running={"lease": window_sum(worth, month, term) * share}, financing=(at_end,), basis=basis_line,
        basis_at_end=bought_at_end, due_at_end=due, is_owned=owned,
    )  # fmt: skip


def _lease_payment(desk: Desk, option: OwnOption, terms: Lease, term: Cell, buy_out: Cell) -> Expr:
    path = _terms_path(option)
    if terms.payment_per_month_fraction is not None:
        return desk.of_all(f"{path}payment_per_month_fraction")
    return payment(desk.of_all(f"{path}interest_rate_per_year") / MONTHS_PER_YEAR, term, buy_out)


def _depreciation(desk: Desk, basis: Line, economic: Cell, label: str) -> Line:
    terms, sheet, title = desk.filled.finance.depreciation, desk.cash, f"{label}: depreciation, deducted and not paid"
    if terms.schedule != "straight-line":
        return sheet.line(title, "USD", _by_table(desk, terms, basis, label), "usd", summed=True)
    life: Expr = economic
    if terms.book_life_months is not None:
        path = "finance.depreciation.book_life_months"
        life = desk.inputs.setting(path, terms.book_life_months, "months", "Book life of servers")
    return sheet.line(title, "USD", window_sum(basis, desk.month, life) / life, "usd", summed=True)


def _by_table(desk: Desk, terms: Depreciation, basis: Line, label: str) -> Expr:
    """Shares by year of the plan, each spread over its months, the first over those that are left."""
    sheet, month = desk.cash, desk.month
    shares = MACRS_5_YEAR if terms.schedule == "macrs-5-year" else tuple(terms.table_fraction or ())
    why, rests_on = "the table of depreciation", ("finance.depreciation.",)
    ages, parts = desk.table(
        f"{label}: depreciation by year", {"years since": range(len(shares)), "share": shares}, rests_on, why
    )
    year = sheet.line(f"{label}: year of the plan", "year", whole_up(month / MONTHS_PER_YEAR))
    left = MONTHS_PER_YEAR * year - month + 1
    first = sheet.line(f"{label}: first year's depreciation by month", "USD", basis * at_index(parts, 1) / left, "usd")
    in_year = sum_where(first.so_far, year.so_far, year)
    age = (year - 1 * year.so_far) * (basis.so_far > 0) * 1
    later = product_sum(basis.so_far, (age > 0) * 1, share_by_age(ages, age, parts)) / MONTHS_PER_YEAR
    return in_year + later
