"""Page one: the answer with its band and basis, four numbers, what drives it, what flips it, what constrains it, what it rests on."""

from __future__ import annotations

from collections.abc import Iterator

from tco.answer import explain, headline
from tco.constraint_words import constraint_sentences
from tco.format import month_count, months, usd
from tco.number_style import local
from tco.report.blocks import Block, Bullets, Fact, Facts, Picture, Section, Text
from tco.report.evidence import evidence_sentence
from tco.report.pack import ReportPack
from tco.result import OptionResult, Result
from tco.risk.records import Band, OptionRisk
from tco.risk_words import likely, npv_range, paid_back
from tco.what_if import Solved, solved_sentence
from tco.words import basis, driver_sentence, driver_title, model_error

_MOST_DRIVERS, _MOST_FLIPS = 3, 3
_BASES = {
    "measured": "the capacity was measured",
    "interpolated": "the capacity is interpolated within what was measured",
    "modelled": "the capacity is modelled",
    "listed": "prices are listed",
    "invoice": "prices are from invoices",
    "contract": "prices are from contracts",
    "literature": "the capacity is from a published run",
    "carried over": "the capacity is modelled from a published run",
    "expert": "it rests on expert judgement",
    "assumed": "it rests on assumptions",
}


def summary(pack: ReportPack) -> Section:
    """The executive summary.

    Args:
        pack: of the report.
    """
    result = pack.result
    blocks: list[Block] = [
        Text(headline(result), "lead"),
        Text(band_sentence(pack)),
        Facts(facts(pack)),
    ]
    if any(option.feasible for option in result.options):
        blocks.append(Picture("cumulative", cumulative_caption(result)))
    else:
        blocks.append(Bullets(tuple(explain(result, option) for option in result.options), "Why"))
    if result.drivers:
        blocks.append(Bullets(tuple(driver_words(result)), drivers_title(result)))
    blocks.append(Bullets(tuple(flip_sentences(pack, _MOST_FLIPS)), "What would flip the answer"))
    if result.constraints:
        binding = binding_sentences(result)
        blocks.append(Bullets(tuple(binding), "Constraints"))
    blocks.append(Text(evidence_sentence(result, pack.risk)))
    blocks += [Text(sentence, "note") for sentence in edition_sentences(pack)]
    return Section("Executive summary", tuple(blocks))


def subject(result: Result) -> OptionResult | None:
    """The option that the summary's numbers are about: the best alternative to what is paid today; None: there is none."""
    return None if result.contender is None else result.option(result.contender)


def band_sentence(pack: ReportPack) -> str:
    """How sure the answer is, and how its numbers were had.

    Args:
        pack: of the report.
    """
    option = subject(pack.result)
    if option is None:
        return "There is nothing to compare."
    told = [_simulated(pack, option), _basis(option)]
    return " ".join(part for part in told if part)


def _simulated(pack: ReportPack, option: OptionResult) -> str:
    found = _of(pack, option.name)
    if pack.risk is None or found is None or found.npv_usd is None or found.saves is None:
        return ""
    return (
        f"{option.name} saves money in {likely(found.saves)}; nine runs in ten end between "
        f"{npv_range(found.npv_usd).replace(' to ', ' and ')} of net present value."
    )


def _basis(option: OptionResult) -> str:
    missed = model_error(option)
    kind = "carried over" if missed and basis(option) == "literature" else basis(option)
    how = _BASES.get(kind, f"it rests on {kind}")
    return f"Basis: {how}{f'; {missed}' if missed else ''}."


def facts(pack: ReportPack) -> tuple[Fact, ...]:
    """The four numbers: what today costs, what is saved, what has to be laid out, when it is back.

    Args:
        pack: of the report.
    """
    result = pack.result
    today, option = result.option(result.baseline), subject(result)
    horizon = f"over {month_count(result.conventions.horizon_months)}"
    first = f"{usd(today.monthly_usd[0])} in the first month" if today.monthly_usd else "ruled out"
    found = [Fact("Cost of today's way", usd(today.total_usd), f"{horizon}; {first}")]
    if option is None:
        return (*found, *(Fact(name, "–", "no other option is left") for name in _OTHERS))
    band = _npv_band(pack, option)
    return (
        *found,
        Fact(_OTHERS[0], _saving(option, band), _saving_note(option, band)),
        Fact(_OTHERS[1], usd(option.capex_usd), f"{option.name} in all {usd(option.total_usd)} {horizon}"),
        Fact(_OTHERS[2], _payback(option), _payback_note(pack, option)),
    )


_OTHERS = ("Saving, present value", "Investment, all in", "Payback")


def _saving(option: OptionResult, band: Band | None) -> str:
    if option.npv_usd is None:
        return "–"
    return usd(option.npv_usd) if band is None else npv_range(band)


def _saving_note(option: OptionResult, band: Band | None) -> str:
    if option.npv_usd is None:
        return "today's way is ruled out: nothing to hold it against"
    return f"of {option.name}" if band is None else f"nine runs in ten; best estimate {usd(option.npv_usd)}"


def _payback(option: OptionResult) -> str:
    if option.npv_usd is None:
        return "–"
    if option.payback_months is None:
        return "never"
    return "at once" if option.payback_months == 0 else f"month {local(option.payback_months):.1f}"


def _payback_note(pack: ReportPack, option: OptionResult) -> str:
    found = _of(pack, option.name)
    if found is None or found.payback_months is None:
        return f"discounted: {months(option.discounted_payback_months)}" if option.npv_usd is not None else ""
    return paid_back(found, pack.result.conventions.horizon_months)


def _of(pack: ReportPack, name: str) -> OptionRisk | None:
    if pack.risk is None:
        return None
    return next((each for each in pack.risk.options if each.name == name), None)


def _npv_band(pack: ReportPack, option: OptionResult) -> Band | None:
    found = _of(pack, option.name)
    return None if found is None else found.npv_usd


def cumulative_caption(result: Result) -> str:
    """What the chart of cumulative costs shows."""
    option = subject(result)
    told = f"Cumulative cost of every option that can serve, over {month_count(result.conventions.horizon_months)}"
    if option is None or not option.payback_months:
        return f"{told}."
    return f"{told}; {option.name} has paid back in month {local(option.payback_months):.1f}."


def drivers_title(result: Result) -> str:
    """What stands above the inputs that move the answer most."""
    option = subject(result)
    if option is None or option.npv_usd is None:
        return "What moves the answer most"
    return f"What moves the NPV of {option.name} most"


def moves_anything(result: Result) -> bool:
    """Whether there is an NPV at the end of any input's range."""
    return any(end is not None for each in result.drivers for end in (each.npv_at_low_usd, each.npv_at_high_usd))


def no_drivers(pack: ReportPack) -> str:
    """Why there are no inputs that move the answer."""
    option = subject(pack.result)
    if option is None:
        return "No alternative is left, so there is no NPV that inputs could move."
    if option.npv_usd is None:
        return f"{pack.result.baseline} is ruled out, so there is no NPV against it that inputs could move."
    return "No input moves the answer over its own range." if pack.searched else "Not searched."


def driver_words(result: Result, most: int = _MOST_DRIVERS) -> Iterator[str]:
    """The inputs that move the answer most, in words.

    Args:
        result: the answer.
        most: how many.
    """
    for driver in result.drivers[:most]:
        yield f"{driver_title(driver)}, {driver_sentence(driver)}"


def flip_sentences(pack: ReportPack, most: int) -> Iterator[str]:
    """The nearest values at which another option would be recommended.

    Args:
        pack: of the report.
        most: how many.
    """
    if pack.result.recommended is None:
        yield "Nothing can be recommended, so there is nothing to flip."
        return
    near = [solved for solved in pack.flips if solved.nearest is not None][:most]
    for solved in near:
        yield _flip(solved)
    if not pack.flips:
        yield "Not searched."
    elif not near:
        yield "No single input, from a tenth to ten times its value, changes the recommendation."


def _flip(solved: Solved) -> str:
    return solved_sentence(solved, "The recommendation")


def binding_sentences(result: Result) -> Iterator[str]:
    """What constraints rule out, and what they cost.

    Args:
        result: the answer.
    """
    if result.constraints is None:
        return
    ruled = list(dict.fromkeys(each.option for each in result.constraints.findings if each.rules_out))
    if ruled:
        yield f"Ruled out: {', '.join(ruled)}."
    yield from constraint_sentences(result.constraints, result.conventions.horizon_months)


_LEFT_OUT = "what looks like a key, names and addresses of machines, e-mail addresses, ids of users"
_LEFT_IN = "A person, a firm or a machine that free text calls by a plain name is left out only where the brand's list of words has it."


def edition_sentences(pack: ReportPack) -> Iterator[str]:
    """What this edition hides or has changed.

    Args:
        pack: of the report.
    """
    if pack.redaction == "client":
        yield f"Client edition: {_LEFT_OUT} and paths of files are left out. {_LEFT_IN}"
    if pack.redaction == "public":
        yield f"Public edition: {_LEFT_OUT}, paths of files and names of internal documents are left out. {_LEFT_IN}"
    if pack.banded:
        yield (
            f"{len(pack.banded)} negotiated {'price was' if len(pack.banded) == 1 else 'prices were'} replaced by the middle of a band before anything "
            "was computed, so that no number here hangs on what was agreed; with the agreed prices the numbers differ."
        )
    failed = [each.name for each in pack.result.checks if not each.passed]
    if failed:
        yield f"Checks of the model that failed: {', '.join(failed)}. Do not use these numbers."
