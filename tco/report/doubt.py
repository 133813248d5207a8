"""How sure the answer is: sensitivity one input at a time, all ranges at once, and what would flip it."""

from __future__ import annotations

from collections.abc import Iterator

from tco.format import share
from tco.number_style import local
from tco.report.blocks import Block, Bullets, Picture, Section, Table, Text, columns
from tco.report.evidence import driver_rows
from tco.report.pack import ReportPack
from tco.report.summary import flip_sentences, moves_anything, no_drivers
from tco.risk.records import OptionRisk, Risk
from tco.risk_words import likely, measuring_sentence, no_saving, npv_range, paid_back, risk_headline
from tco.words import label

_MOST_DRIVERS, _MOST_FLIPS, _MOST_SHARES = 12, 8, 10


def sensitivity_section(pack: ReportPack) -> Section:
    """What moves the answer, one input at a time over its own range; what flips it.

    Args:
        pack: of the report.
    """
    if not moves_anything(pack.result):
        return Section("Sensitivity", (Text(no_drivers(pack)),))
    best, today = pack.result.contender, pack.result.baseline
    return Section(
        "Sensitivity",
        (
            Text(f"NPV of {best} against {today}, with one input at a time moved over its own range, all others kept."),
            Picture("tornado", f"The inputs that move the NPV of {best} most."),
            Table(
                columns=columns(
                    "#", "Input", "Low", "High", "NPV at low", "NPV at high", "Flips",
                    left=2, weights=(0.55, 3.3, 2.4, 2.5, 1.3, 1.3, 0.8),
                ),
                rows=tuple(driver_rows(pack, _MOST_DRIVERS)),
            ),
            Bullets(tuple(flip_sentences(pack, _MOST_FLIPS)), "What would flip the answer, nearest first"),
        ),
    )  # fmt: skip


def risk_section(pack: ReportPack) -> Section:
    """All ranges at once.

    Args:
        pack: of the report.
    """
    risk = pack.risk
    if risk is None:
        return Section("Risk", (Text("No simulation was made."),))
    blocks: list[Block] = [
        Text(risk_headline(risk)),
        Table(
            columns=columns(
                "Option", "Best of all in", "Saves in", "Payback", "NPV, nine runs in ten",
                weights=(1.5, 1.6, 1.7, 2.5, 1.7),
            ),
            rows=tuple(risk_rows(risk)),
        ),
    ]  # fmt: skip
    if any(option.paid_back_by_month for option in risk.options):
        blocks.append(Picture("paid_back", "Share of the runs that have paid back by each month.", share=0.9))
    if risk.shares:
        blocks.append(Bullets(tuple(share_sentences(risk)), f"Where the spread of {risk.option}'s NPV comes from"))
    if risk.measuring is not None:
        blocks.append(Text(measuring_sentence(risk.measuring)))
    blocks += [Text(warning.message, "note") for warning in risk.warnings]
    blocks.append(
        Text(
            f"{local(risk.draws):,} runs, seed {risk.seed}; {len(risk.inputs)} inputs with a range were drawn at once, each from its own distribution. "
            "Payback without what servers still fetch, NPV with it.",
            "note",
        )
    )
    return Section("Risk", tuple(blocks))


def risk_rows(risk: Risk) -> Iterator[tuple[str, ...]]:
    """Options over all runs.

    Args:
        risk: the simulation.
    """
    for option in risk.options:
        yield _row(option, risk)


def _row(option: OptionRisk, risk: Risk) -> tuple[str, ...]:
    best = likely(option.best).removesuffix(" of the runs")
    if option.npv_usd is None or option.saves is None:
        why = no_saving(option, risk)
        return f"{option.name}{' (today)' if option.name == risk.baseline else ''}", best, why, why, why
    saves = likely(option.saves).removesuffix(" of the runs")
    return option.name, best, saves, paid_back(option, risk.horizon_months), npv_range(option.npv_usd)


def share_sentences(risk: Risk, most: int = _MOST_SHARES) -> Iterator[str]:
    """Shares of the variance by input.

    Args:
        risk: the simulation.
        most: how many.
    """
    for each in risk.shares[:most]:
        yield f"{share(each.share_fraction)}: {label(each.path)}"
    if rest := risk.shares[most:]:
        inputs = "one other input" if len(rest) == 1 else f"{len(rest)} other inputs"
        yield f"{share(sum(each.share_fraction for each in rest))}: {inputs}"
    if risk.unexplained_fraction:
        yield f"{share(risk.unexplained_fraction)}: inputs acting together, and noise"
