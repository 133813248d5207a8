"""What a report hides: secrets always; machines, people and paths from clients; negotiated prices and internal documents from the public.

Texts are changed in the records that a report is made of, before any form of it is written, so that no form can forget one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import fields, is_dataclass, replace
from math import floor, log10, sqrt
from typing import Any, TypeVar

from pydantic import BaseModel

from tco.quantity import Quantity
from tco.register import quantities, unit_of, with_value
from tco.report.pack import Redaction, ReportPack
from tco.scenario import Scenario

NEGOTIATED = frozenset({"contract", "invoice"})
"""Evidence of prices that two parties agreed on."""

_PRICES_AS_SHARES = (
    "payment_per_month_fraction", "buy_out_fraction", "interest_rate_per_year", "maintenance_fraction_per_year",
)  # fmt: skip
"""What is paid for, told as a share of a price or of a debt."""

_SECRETS = (
    re.compile(r"-----BEGIN [A-Z ]+-----.*?(?:-----END [A-Z ]+-----|$)", re.DOTALL),
    re.compile(r"\b(?:sk|pk|rk)[-_][A-Za-z0-9_-]{8,}"),
    re.compile(r"\b(?:hf|gh[pousr]|github_pat|glpat|xox[abeprs]|npm|pypi|nvapi|gsk|r8|dop_v1)[-_][A-Za-z0-9_-]{8,}"),
    re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{12,}\b"),
    re.compile(r"\bAIza[A-Za-z0-9_-]{20,}"),
    re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*)?"),
    re.compile(r"(?i)\b(?:bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}"),
    re.compile(r"(?i)\b[\w-]*(?:api[_-]?key|secret|passw(?:or)?d|access[_-]?token|auth[_-]?token)[\w-]*\s*[=:]\s*\S+"),
    re.compile(r"(?<=://)[^/\s@]+:[^/\s@]+@"),
    # Long and of mixed signs: what a random key looks like. Hashes are of lower-case digits and stay.
    re.compile(r"(?<![\w/+-])(?=[\w+]*[a-z])(?=[\w+]*[A-Z])(?=[\w+]*\d)[A-Za-z0-9_+]{40,}={0,2}(?![\w/-])"),
)
_IDS = (
    re.compile(r"\b(?:GPU|MIG|VGPU)-[0-9a-fA-F]{8}(?:-?[0-9a-fA-F]{4,12})*\b"),
    re.compile(r"\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b"),
    re.compile(r"\barn:aws[\w-]*:[^\s,;)\]]+"),
    re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)*"),
    re.compile(r"(?i)\b(?:user|username|uid|user[_-]?id|account[_-]?id|login|org[_-]?id)\s*[=:]\s*[\w.@+-]+"),
    re.compile(r"\b(?:user|acct|org|usr|proj)[-_](?=\w*\d)\w{6,}\b"),
)
_SUFFIXES = (
    r"local|localdomain|internal|intranet|corp|lan|home|private|svc|cluster|invalid|"
    r"com|net|org|io|ai|dev|cloud|eu|de|uk|fr|ch|at|nl|us|co|in|jp|cn|it|es|se|pl|ca|au"
)
_INTERNAL = r"(?:[\w-]+\.)*[\w-]+\.(?:local|localdomain|internal|intranet|corp|lan|home|private|svc|cluster)"
_ADDRESS = r"(?:\d{1,3}\.){3}\d{1,3}"
_HOSTS = (
    re.compile(
        rf"(?i)\b\w+://(?:localhost|{_ADDRESS}|\[[0-9a-f:]+\]|{_INTERNAL}|[\w-]+)(?::\d+)?(?:/[^\s,;)\]]*)?(?![\w.])"
    ),
    re.compile(rf"(?i)(?<![\w.-]){_INTERNAL}(?::\d+)?(?![\w.]\w)"),
    re.compile(rf"(?<![\w.]){_ADDRESS}(?::\d+)?(?![\w.]\w)"),
    re.compile(r"(?<![\w:])(?:[0-9a-fA-F]{1,4}:){4,7}[0-9a-fA-F]{1,4}\b"),
    re.compile(r"(?i)\blocalhost(?::\d+)?\b"),
    # A name of three parts outside of a link: a machine, not a publisher.
    re.compile(
        rf"(?i)(?<![\w./@:-])(?!www\.|options\.|workload\.|finance\.)[\w-]+(?:\.[\w-]+)+\.(?:{_SUFFIXES})(?::\d+)?(?![\w.]\w)"
    ),
)
_PATHS = (
    re.compile(r"\bfile:[^\s,;)\]]+"),
    re.compile(r"(?i)(?<!\w)[a-z]:\\[^\s\"'<>|,;)\]]+"),
    re.compile(r"\\\\[\w.$-]+\\[^\s\"'<>|,;)\]]+"),
    re.compile(r"(?<![\w.])(?:\.{1,2}|~\w*)(?:/[\w.@+-]+)+/?"),
    re.compile(r"(?<![\w/.:~)\]])/(?:[\w.@+-]+/)+[\w.@+-]*"),
    re.compile(r"(?<![\w/.:~)\]])/[\w@+-]+\.\w+"),
)
_KINDS = r"ya?ml|json|csv|tsv|xlsx?|xlsm|docx?|pptx?|pdf|txt|log|eml|msg|md|py|sh|env|db|parquet"
# The price book's own tables are published with the tool.
_RELATIVE = re.compile(rf"(?<![\w/:.-])(?!pricing/data/)[\w.-]+(?:/[\w.-]+)+\.(?:{_KINDS})\b")
_FILES = re.compile(rf"(?<![\w/:])[\w.-]+\.(?:{_KINDS})\b")
# Beside a link data and code are the publisher's, such as a table of a repository; a letter or an offer is somebody's own even there.
_OFFICE = r"xlsx?|xlsm|docx?|pptx?|pdf|eml|msg"
_DOCUMENTS_IN_FOLDERS = re.compile(rf"(?<![\w/:.-])[\w.-]+(?:/[\w.-]+)+\.(?:{_OFFICE})\b")
_DOCUMENTS = re.compile(rf"(?<![\w/:])[\w.-]+\.(?:{_OFFICE})\b")
_LINK = re.compile(r"https?://[^\s,;)\]]+")

_Node = TypeVar("_Node")


def hidden(text: str, level: Redaction, words: Iterable[str] = ()) -> str:
    """A text without what a level hides; what was there is told by its kind.

    Args:
        text: any text.
        level: who may read it.
        words: names that are hidden too, at `client` and `public`.

    >>> hidden("read by bob@acme.com on gpu7.acme.internal from /srv/acme/run.json", "client")
    'read by [id] on [host] from [path]'
    >>> hidden("key sk-abcdefgh12345678, https://example.com/prices", "internal")
    'key [key], https://example.com/prices'
    """
    for pattern in _SECRETS:
        text = pattern.sub("[key]", text)
    if level == "internal":
        return text
    for word in sorted(words, key=len, reverse=True):
        text = re.sub(re.escape(word), "[name]", text, flags=re.IGNORECASE)
    for pattern in _HOSTS[:1]:
        text = pattern.sub("[host]", text)
    public = _LINK.search(text) is not None
    # Links to publishers are sources; between them nothing stays that names a machine, a person or a path.
    parts, start = [], 0
    for link in _LINK.finditer(text):
        parts += [_plain(text[start : link.start()], level, published=public), _link(link.group())]
        start = link.end()
    return "".join([*parts, _plain(text[start:], level, published=public)])


def _plain(text: str, level: Redaction, *, published: bool) -> str:
    for name, patterns in (("id", _IDS), ("host", _HOSTS), ("path", _PATHS)):
        for pattern in patterns:
            text = pattern.sub(f"[{name}]", text)
    text = (_DOCUMENTS_IN_FOLDERS if published else _RELATIVE).sub("[path]", text)
    if level == "public":
        text = (_DOCUMENTS if published else _FILES).sub("[internal document]", text)
    return text


def _link(link: str) -> str:
    """A link without what may be a ticket in it: its query."""
    for pattern in _IDS[:2]:
        link = pattern.sub("[id]", link)
    return link.partition("?")[0]


def redacted(pack: ReportPack) -> ReportPack:
    """A pack whose texts tell no more than its level allows.

    Args:
        pack: all that a report is made of.
    """
    words = pack.brand.terms.redact_words

    def clean(text: str) -> str:
        return hidden(text, pack.redaction, words)

    prepared = replace(
        pack.prepared,
        scenario=mapped(pack.prepared.scenario, clean),
        runs={clean(name): mapped(run, clean) for name, run in pack.prepared.runs.items()},
        replicas={
            clean(name): replace(each, run=mapped(each.run, clean), notes=mapped(each.notes, clean))
            for name, each in pack.prepared.replicas.items()
        },
        findings=mapped(pack.prepared.findings, clean),
        forbidden=mapped(pack.prepared.forbidden, clean),
        licences={clean(name): answer for name, answer in pack.prepared.licences.items()},
    )
    result = mapped(pack.result, clean)
    if pack.redaction == "public":
        # What the firm's own price list holds, and what is odd about it, is the firm's.
        told = [caution for caution in result.warnings if caution.code != "own_prices"]
        book = result.price_book.model_copy(update={"own_prices": None})
        result = result.model_copy(update={"price_book": book, "warnings": told})
    return replace(
        pack,
        scenario=mapped(pack.scenario, clean),
        prepared=prepared,
        result=result,
        risk=mapped(pack.risk, clean),
        flips=mapped(pack.flips, clean),
        # Of the public, nothing of the version before: its negotiated prices were not banded.
        previous=None if pack.banded else mapped(pack.previous, clean),
        banded=tuple(clean(path) for path in pack.banded),
    )


def mapped(node: _Node, change: Callable[[str], str]) -> _Node:
    """A record with all its texts changed, those of keys too; all else is as it was.

    Args:
        node: a record, a list, a dict, a text, or anything else.
        change: of one text.
    """
    found: Any = node
    if isinstance(node, str):
        found = change(node)
    elif isinstance(node, BaseModel):
        found = node.model_copy(update={name: mapped(getattr(node, name), change) for name in type(node).model_fields})
    elif isinstance(node, dict):
        found = _keyed(node, change)
    elif isinstance(node, tuple) and hasattr(node, "_fields"):
        found = type(node)(*(mapped(each, change) for each in node))
    elif isinstance(node, list | tuple):
        found = type(node)(mapped(each, change) for each in node)
    elif is_dataclass(node) and not isinstance(node, type):
        found = replace(
            node, **{each.name: mapped(getattr(node, each.name), change) for each in fields(node) if each.init}
        )
    return found  # type: ignore[no-any-return]


def _keyed(node: dict[Any, Any], change: Callable[[str], str]) -> dict[Any, Any]:
    """Two keys that become one text are told apart by a number."""
    found: dict[Any, Any] = {}
    for key, value in node.items():
        new, count = mapped(key, change), 1
        while new in found:
            count += 1
            new = f"{mapped(key, change)} {count}"
        found[new] = mapped(value, change)
    return found


def negotiated(scenario: Scenario, own_prices: str | None = None) -> dict[str, Quantity]:
    """Prices of a filled scenario that were agreed on, by their path: contracts, invoices, and whatever the firm's own price list has changed.

    A payment, an interest or an upkeep that is written as a share is a price too.

    A discounted list price is `listed` by its evidence; what was agreed is the discount, and its note begins with the list.

    Args:
        scenario: filled.
        own_prices: name of the firm's own price list; None: there is none.
    """
    return {
        path: quantity
        for path, quantity in quantities(scenario)
        if quantity.value
        and (unit_of(path).startswith("USD") or path.endswith(_PRICES_AS_SHARES))
        and (
            quantity.evidence in NEGOTIATED
            or (own_prices is not None and (quantity.note or "").startswith(f"{own_prices}:"))
        )
    }


def banded(scenario: Scenario, own_prices: str | None = None) -> tuple[Scenario, tuple[str, ...]]:
    """A filled scenario in which negotiated prices are the middle of a band, and their paths.

    What is computed from it afterwards tells nothing closer of them: no total, no cost a token, no line item.

    Args:
        scenario: filled.
        own_prices: name of the firm's own price list; None: there is none.
    """
    found = negotiated(scenario, own_prices)
    for path, quantity in found.items():
        low, high = band(quantity.value)
        scenario = with_value(scenario, path, middle(low, high))
        scenario = _told(scenario, path, low, high)
    return scenario, tuple(found)


def band(value: float) -> tuple[float, float]:
    """The two of 1, 2, 5, 10, 20, 50 ... between which a value lies.

    >>> band(3.7), band(2.0), band(0.062)
    ((2.0, 5.0), (2.0, 5.0), (0.05, 0.1))
    """
    power = 10.0 ** floor(log10(value) + 1e-12)
    steps = [power, 2 * power, 5 * power, 10 * power]
    low = max(step for step in steps[:3] if step <= value * (1 + 1e-12))
    return round(low, 12), round(steps[steps.index(low) + 1], 12)


def middle(low: float, high: float) -> float:
    """The middle of a band by ratio, to two digits.

    >>> middle(2.0, 5.0)
    3.2
    """
    return float(f"{sqrt(low * high):.2g}")


def _told(scenario: Scenario, path: str, low: float, high: float) -> Scenario:
    def change(node: Any, parts: list[str]) -> Any:
        if not parts:
            return node.model_copy(
                update={"low": low, "high": high, "source": None, "note": "negotiated; the middle of a band is shown"}
            )
        head, rest = parts[0], parts[1:]
        if isinstance(node, dict):
            return node | {head: change(node[head], rest)}
        return node.model_copy(update={head: change(getattr(node, head), rest)})

    head, _, rest = path.partition(".")
    if head != "options":
        return change(scenario, path.split("."))  # type: ignore[no-any-return]
    name, _, field = rest.partition(".")
    options = [change(o, field.split(".")) if o.name == name else o for o in scenario.options]
    return scenario.model_copy(update={"options": options})
