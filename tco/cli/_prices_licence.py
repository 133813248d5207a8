"""`tco prices licence`: whether a company may use an open model, by which clause, and what it has to do then."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from pydantic import ValidationError
from rich.table import Table

from pricing.licensing.allowed import Answer, Duty, Reason, allowed
from pricing.licensing.rules import Company
from tco.cli._prices_book import AsJson, chosen_book, day_of
from tco.cli._shared import console, fail, print_json
from tco.cli._tables import cell, print_table


def licence_command(
    model: Annotated[str, typer.Argument(help="A model version (Llama-3.1-8B, Qwen/Qwen2.5-72B) or a licence (MIT).")],
    *,
    country: Annotated[
        str | None, typer.Option(metavar="CODE", help="Principal place of business, two letters: DE, US ...")
    ] = None,
    monthly_active_users: Annotated[
        float | None, typer.Option(min=0, help="Of all products of the company and its affiliates [users].")
    ] = None,
    users_on: Annotated[
        str | None, typer.Option(metavar="DATE", help="A day of the month that the users were counted for, YYYY-MM-DD.")
    ] = None,
    revenue_usd_per_year: Annotated[
        float | None, typer.Option(min=0, help="Of the company and its affiliates [USD/year].")
    ] = None,
    revenue_usd_per_month: Annotated[
        float | None, typer.Option(min=0, help="Of the month before [USD/month]. [default: a twelfth of the year's]")
    ] = None,
    non_commercial: Annotated[bool, typer.Option("--non-commercial", help="Research or private use only.")] = False,
    paid_licence: Annotated[
        bool, typer.Option("--paid-licence", help="You hold a licence for this model from its maker.")
    ] = False,
    redistributes: Annotated[
        bool, typer.Option("--redistributes", help="You pass the weights on, or host the model for others.")
    ] = False,
    changes_model: Annotated[bool, typer.Option("--changes-model", help="You fine-tune or merge it.")] = False,
    trains_other_models: Annotated[
        bool, typer.Option("--trains-other-models", help="Its outputs train another model.")
    ] = False,
    sells_model_access: Annotated[
        bool, typer.Option("--sells-model-access", help="You sell others the model itself, by API or fine-tuning.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """May a company use this open model? Yes, no, or ask a lawyer, each with the clause. Not legal advice."""
    company = _company(
        country=country,
        monthly_active_users=monthly_active_users,
        users_on=None if users_on is None else day_of(users_on, "--users-on"),
        revenue_usd_per_year=revenue_usd_per_year,
        revenue_usd_per_month=revenue_usd_per_month,
        commercial=not non_commercial,
        redistributes=redistributes,
        changes_model=changes_model,
        trains_other_models=trains_other_models,
        sells_model_access=sells_model_access,
        has_paid_licence=paid_licence,
    )
    answer = allowed(model, company, book=chosen_book())
    if as_json:
        print_json({"company": company.model_dump(mode="json"), **answer.model_dump(mode="json")})
    else:
        _print(answer)


def _company(**facts: Any) -> Company:
    try:
        return Company(**facts)
    except ValidationError as error:
        [first, *_] = error.errors()
        option = str(first["loc"][0]).replace("_", "-")
        fail(f"--{option}: {first['msg'].removeprefix('Value error, ')}")


def _print(answer: Answer) -> None:
    """The verdict and the tables on stdout; the notice with them, so that nobody cuts it off by a pipe."""
    name = answer.model.model if answer.model else answer.asked
    under = "; ".join(text.title for text in answer.licences) or "not known"
    typer.echo(f"{name}: {answer.verdict.upper()}  (licence: {under})")
    for reason in answer.reasons:
        typer.echo(_sentence(reason))
    for label, lines in (
        ("Supply", answer.facts_to_supply),
        ("Assumed", answer.assumptions),
        ("Caution", answer.cautions),
        ("Near name", answer.near),
    ):
        for line in lines:
            typer.echo(f"{label}: {line}")
    if answer.duties:
        table = Table("duty", "what to do", "when", "now", "section", "words of the licence")
        for duty in answer.duties:
            table.add_row(*(cell(text) for text in _row(duty)))
        print_table(table)
    typer.echo(answer.notice)
    if answer.verdict == "ask a lawyer" and answer.facts_to_supply:
        console().print("Say more about the company: see `tco prices licence --help`.", markup=False)


def _sentence(reason: Reason) -> str:
    if reason.rule is None:
        return f"- {reason.says}"
    words = f' "{reason.rule.quote}"' if reason.rule.quote else ""
    section = f" section {reason.rule.section}" if reason.rule.section else ""
    return f"- {reason.says}{words} ({reason.licence}{section}, {reason.url})"


def _row(duty: Duty) -> tuple[str, ...]:
    now = {True: "yes", False: "no", None: "depends"}[duty.applies]
    rule = duty.rule
    return rule.topic, rule.says, duty.when, now, rule.section or "", rule.quote or ""
