"""The words for people: what an input is called and means, what moves the answer, data as text that Markdown leaves alone."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from tco.finance_words import FINANCE_WORDS
from tco.format import share, usd
from tco.number_style import local, one_line, prose
from tco.register import unit_of
from tco.term_words import TERM_WORDS

if TYPE_CHECKING:
    from tco.result import Driver, OptionResult, Result


class Word(NamedTuple):
    """An input's name on the page and its meaning."""

    label: str
    meaning: str


WORDS = {
    "requests_per_day": Word("Traffic", "Calls to the model, mean over the week, in the first month."),
    "users": Word("Users", "Who make the requests of the first month; they grow as the requests do."),
    "success_fraction": Word(
        "Solved by itself", "Share of tasks that the option solves without help, one request each."
    ),
    "escalation_fraction": Word("Escalated", "Share of tasks that are seen to be unsolved and handed on."),
    "sensitive_fraction": Word("Sensitive", "Share of requests that may not leave the base."),
    "judge_usd_per_request": Word(
        "Judge", "What it costs to tell whether a small model's answer will do, for every request."
    ),
    "human_usd_per_task": Word("A person's task", "What it costs when a person solves one task."),
    "growth_per_month_fraction": Word("Growth", "How much the requests grow from month to month; 0.02 is 2%."),
    "input_tokens_per_request": Word("Prompt length", "Mean length of a prompt, with everything that is sent along."),
    "output_tokens_per_request": Word("Answer length", "Mean length of an answer, reasoning tokens included."),
    "share_fraction": Word("Share of requests", "Of all requests; the shares of all classes add up to 1."),
    "cacheable_input_fraction": Word(
        "Cacheable input", "Share of the prompt that repeats and that a vendor sells cheaper."
    ),
    "batchable_fraction": Word(
        "Can wait", "Share of requests that may be answered hours later: batch price, quiet hours."
    ),
    "peak_headroom_fraction": Word("Peak headroom", "Bursts inside the busiest hour, on top of its mean."),
    "discount_rate_per_year": Word(
        "Discount rate", "What money costs you: next year's dollar is worth less by this share."
    ),
    "input_usd_per_mtok": Word("Input price", "List price of a million input tokens."),
    "output_usd_per_mtok": Word("Output price", "List price of a million output tokens."),
    "cached_input_usd_per_mtok": Word("Cached input price", "Price of input that the vendor finds in its cache."),
    "batch_input_usd_per_mtok": Word("Batch input price", "Price of input of requests that can wait."),
    "batch_output_usd_per_mtok": Word("Batch output price", "Price of output of requests that can wait."),
    "price_change_per_year_fraction": Word("Price change", "How the price moves; -0.10 is a fall of 10% a year."),
    "tokenizer_factor": Word("Tokenizer factor", "Tokens of this vendor for one token of the workload's count."),
    "run_fte": Word("Staff", "Full-time people who keep it running; 0.25 is a quarter of one engineer."),
    "cost_per_fte_usd_per_year": Word("Cost of one full-time engineer", "Salary with on-costs."),
    "throughput_factor": Word("Throughput factor", "1 takes the run as measured; its range is the run's own interval."),
    "availability_target_fraction": Word(
        "Availability target", "Share of time the service must answer; spares follow."
    ),
    "replica_availability_fraction": Word(
        "Availability of one replica", "Share of time that one copy of the model answers."
    ),
    "start_up_minutes": Word("Start-up", "From the decision to start a replica until it answers."),
    "cool_down_minutes": Word("Cool-down", "How long fewer replicas must have been enough before one is stopped."),
    "gpu_availability_fraction": Word(
        "Availability of one GPU", "With its share of the machine; a replica answers only while all its GPUs work."
    ),
    "server_availability_fraction": Word(
        "Availability of one server", "Of your own; one that is down takes all its replicas with it."
    ),
    "interruptions_per_hour": Word("Interruptions", "How often the machine of one replica is taken back."),
    "restart_minutes": Word("Restart", "From an interruption until another replica answers in its place."),
    "upgrades_per_month": Word("Upgrades", "How often all replicas are replaced, one after the other."),
    "price_usd_per_hour": Word("Rent", "Of one GPU, or of one machine where the run has no GPU; busy or idle."),
    "machine_usd_per_hour": Word(
        "Rent of a machine without GPU", "Taken where the run has no GPU and no rent is given; busy or idle."
    ),
    "server_price_usd": Word("Server price", "One server with its GPUs, delivered."),
    "residual_fraction": Word("Residual value", "What a server still fetches at the end of its economic life."),
    "electricity_usd_per_kwh": Word("Electricity", "Price at the meter."),
    "server_watts": Word("Server power", "What one loaded server draws."),
    "pue": Word("PUE", "Power usage effectiveness: power of the site over power of the servers."),
    "maintenance_fraction_per_year": Word("Maintenance", "Support and spare parts, as a share of the servers' price."),
    "colocation_usd_per_kw_month": Word("Colocation", "Space, cooling and power feed in somebody's data centre."),
} | {name: Word(*pair) for name, pair in (TERM_WORDS | FINANCE_WORDS).items()}

_MEASURED, _LISTED, _PUBLISHED = {"measured"}, {"invoice", "contract", "listed"}, {"literature", "expert"}
_CODE = re.compile(r"(`[^`]+`)")
_MARKDOWN = re.compile(r"([\\`*_{}\[\]#+\-.!$~:<>|&^=@])")
# What a browser page makes a link of by itself, however its characters are escaped: GitHub's Markdown looks at the text that is left.
_LINKED_BY_ITSELF = re.compile(r"(?i)(?=https?://|www\.)|(?=@)")
_NO_LINK = "\u2060"
"""A word joiner, which nobody sees: before an address, or within one for mail, no link is made of it. What people copy is shown as code instead."""
_ADDRESS = re.compile(r"(https?://[^\s<>\[\]\\`|]*[^\s<>\[\]\\`|.,;:)'\"])")


def plain(text: str) -> str:
    r"""Data as Markdown that shows it letter by letter: no LaTeX from `$`, no strikethrough from `~`, no link, no icon.

    Only `code` between backticks stays code; nothing is special inside it.

    >>> plain("saves $5, see `a_b` and *c*")
    'saves \\$5, see `a_b` and \\*c\\*'
    >>> ascii(plain("www.x"))
    "'\\u2060www\\\\.x'"
    """
    parts = _CODE.split(one_line(text))
    return "".join(part if number % 2 else _escaped(part) for number, part in enumerate(parts))


def _escaped(text: str) -> str:
    return _MARKDOWN.sub(r"\\\1", _LINKED_BY_ITSELF.sub(_NO_LINK, text))


def linked(text: str) -> str:
    r"""A source as Markdown: an address in it is a link that shows where it leads, all else is `plain`.

    >>> linked("https://example.org/a_b via *lists*")
    '<https://example.org/a_b> via \\*lists\\*'
    """
    parts = _ADDRESS.split(one_line(text))
    return "".join(f"<{part}>" if number % 2 else _around(part) for number, part in enumerate(parts))


def _around(text: str) -> str:
    """What stands beside a link, its blanks at both ends kept."""
    inner = text.strip()
    return text if not inner else text.replace(inner, plain(inner))


def label(path: str) -> str:
    """What an input is called, with its option where it belongs to one, with its unit.

    >>> label("options.rented.price_usd_per_hour"), label("options.own.one_off_usd.set_up")
    ('Rent of rented (USD/hour)', 'Set up of own (USD)')
    """
    parts = path.split(".")
    of = f" of {parts[1]}" if parts[0] == "options" else ""
    return f"{name(path)}{of} ({unit_of(path)})"


def name(path: str) -> str:
    """What an input is called, without option and unit."""
    last = path.rpartition(".")[2]
    return WORDS[last].label if last in WORDS else last.replace("_", " ").capitalize()


def item_words(name: str) -> str:
    """A line item's name for people.

    >>> item_words("gpu_rent"), item_words("on_call")
    ('GPU rent', 'On call')
    """
    words = name.replace("_", " ").strip()
    return words.replace("gpu ", "GPU ", 1) if words.startswith("gpu ") else words[:1].upper() + words[1:] or name


def meaning(path: str) -> str | None:
    """What an input means; None where its name says it all."""
    word = WORDS.get(path.rpartition(".")[2])
    return prose(word.meaning) if word else None


def driver_title(driver: Driver) -> str:
    """The input that moves the answer, with its option."""
    return label(driver.path).rpartition(" (")[0]


def driver_sentence(driver: Driver) -> str:
    """How far that input may go, and what it does to the saving."""
    unit = unit_of(driver.path)
    ends = f"{_figure(driver.low, unit)} to {amount(driver.high, unit)}"
    at_low, at_high = driver.npv_at_low_usd, driver.npv_at_high_usd
    if at_low is None or at_high is None:
        return f"{ends}: at {amount(driver.low if at_low is None else driver.high, unit)} it cannot be served."
    return f"{ends}: {outcomes(at_low, at_high)}.{' This flips the answer.' if driver.flips else ''}"


def amount(value: float, unit: str) -> str:
    """A number with its unit; fractions as per cent.

    >>> amount(-0.45, "fraction/year"), amount(0.12, "USD/hour"), amount(0.5, "factor")
    ('-45%/year', '0.12 USD/hour', '0.5')
    """
    per = unit.removeprefix("fraction") if unit.startswith("fraction") else f" {unit}".removesuffix(" factor")
    return _figure(value, unit) + per


def _figure(value: float, unit: str) -> str:
    return f"{local(100 * value):.3g}%" if unit.startswith("fraction") else number(value)


def outcomes(low_usd: float, high_usd: float) -> str:
    """Two savings against the baseline in words.

    >>> outcomes(100.0, 200.0), outcomes(-100.0, -200.0), outcomes(-100.0, 200.0)
    ('saves $100 to $200', 'costs $100 to $200 more', 'from $100 more to $200 less')
    """
    low, high = usd(abs(low_usd)), usd(abs(high_usd))
    if low_usd >= 0 and high_usd >= 0:
        return f"saves {low} to {high}"
    if low_usd <= 0 and high_usd <= 0:
        return f"costs {low} to {high} more"
    return f"from {low} {_more(low_usd)} to {high} {_more(high_usd)}"


def _more(saved_usd: float) -> str:
    return "less" if saved_usd > 0 else "more"


def number(value: float) -> str:
    """A number to four digits, thousands separated.

    >>> number(20000.0), number(0.0521), number(1e-7)
    ('20,000', '0.0521', '1e-07')
    """
    return f"{local(value):,.4g}" if abs(value) < 10_000 else f"{local(float(f'{value:.4g}')):,.0f}"  # noqa: PLR2004


def basis(option: OptionResult) -> str:
    """How good the number is that carries an option: `measured`, `interpolated`, `modelled`, `literature`, ...

    A measured run says how its capacity was read from it; everything else says its evidence class.
    """
    if option.evidence == "measured" and option.capacity is not None:
        return option.capacity.basis
    return "assumed" if option.evidence == "assumption" else option.evidence


def model_error(option: OptionResult) -> str | None:
    """How far models like the one behind a modelled capacity missed what was measured; None where nothing was modelled, or no such miss is known.

    Args:
        option: one answer.
    """
    capacity = option.capacity
    if capacity is None or capacity.model_error_fraction is None or capacity.model_error_nine_of_ten_fraction is None:
        return None
    typical, most = share(capacity.model_error_fraction), share(capacity.model_error_nine_of_ten_fraction)
    return f"such a model missed measured loads by {typical} typically, {most} nine times in ten at most"


def evidence_counts(result: Result) -> dict[str, int]:
    """How many inputs are measured, listed, published, assumed."""
    classes = Counter(_evidence_group(row.evidence) for row in result.assumptions)
    return {group: classes[group] for group in ("measured", "listed", "published", "assumed") if classes[group]}


def _evidence_group(evidence: str) -> str:
    if evidence in _MEASURED:
        return "measured"
    if evidence in _LISTED:
        return "listed"
    return "published" if evidence in _PUBLISHED else "assumed"
