"""The whole report as a document, the same for every form of text."""

from __future__ import annotations

from tco.report.blocks import Document, Section
from tco.report.capacity import capacity_section
from tco.report.doubt import risk_section, sensitivity_section
from tco.report.evidence import register_table, source_table
from tco.report.inert import inert, inert_record, short
from tco.report.method import change_section, glossary_section, limits_section, method_section
from tco.report.options import cash_section, line_item_section, options_section
from tco.report.pack import ReportPack
from tco.report.summary import summary

_MOST_OF_A_LINE, _MOST_OF_A_QUESTION = 160, 700


def document(pack: ReportPack) -> Document:
    """A report in its order: summary, method, options, line items, capacity, cash, sensitivity, risk, register, sources, limits, glossary.

    Args:
        pack: all that it is made of.

    Returns:
        Its texts, tables and the names of its pictures; every text is inert.
    """
    changed = change_section(pack)
    sections = (
        summary(pack),
        method_section(pack),
        options_section(pack),
        line_item_section(pack),
        capacity_section(pack),
        cash_section(pack),
        sensitivity_section(pack),
        risk_section(pack),
        *(() if changed is None else (changed,)),
        Section("Assumptions register", (register_table(pack),), wide=True, new_page=True),
        Section("Sources", (source_table(pack),)),
        limits_section(pack),
        glossary_section(),
    )
    return inert_record(
        Document(
            title=title(pack),
            subtitle=short(pack.scenario.question or "", _MOST_OF_A_QUESTION),
            date=pack.result.as_of.isoformat(),
            header=header(pack),
            footer=footer(pack),
            ids=inert(pack.ids, 400),
            sections=sections,
        )
    )


def title(pack: ReportPack) -> str:
    """Of a report: the scenario's name, on one line."""
    return inert(short(pack.result.scenario, _MOST_OF_A_LINE))


def header(pack: ReportPack) -> str:
    """The line above every page: the brand's own, else the firm's name."""
    terms = pack.brand.terms
    return inert(terms.header or terms.name or "")


def footer(pack: ReportPack) -> str:
    """The line below every page: the brand's own, and how confidential it is."""
    terms = pack.brand.terms
    return inert(" · ".join(part for part in (terms.footer, terms.confidentiality) if part))
