"""Finding an API model by the name that a person gives it: `seller/model`, an alias, or a bare name.

A bare name (`mistral-large-4`) is looked up in this order:

1. one seller lists it: that one;
2. several list it: the maker, which is the seller that claims such names for its own models;
3. nobody lists it, but the maker knows it as an alias (`gpt-5-2025-08-07`): the maker;
4. otherwise it is ambiguous or unknown, and the error says who sells it or what is spelt alike.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from pricing.book import Book, once_per_book, shipped_book
from pricing.price import PriceNotFound
from pricing.tables import did_you_mean, name_key
from pricing.tokens.cards import TOKENS, Reading, decode, model_of, readings_of, seller_of
from pricing.tokens.notes import token_notes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pricing.tokens.records import Seller, SoldModel

ALIASES = {
    "amazon": "aws",
    "bedrock": "aws",
    "dashscope": "alibaba",
    "fireworks-ai": "fireworks",
    "gemini": "google",
    "moonshot": "moonshotai",
    "together-ai": "together",
    "vertex": "google",
    "vertex-ai": "google",
}
"""Other names of sellers, beside case, blanks, hyphens and underscores (`xAI` and `x_ai` are `x-ai`)."""

MAX_NAME_LENGTH = 200
"""Longer names are not looked at: the aliases are regular expressions that somebody else wrote."""

OWN_PRICE = (
    "Give `input_usd_per_mtok` and `output_usd_per_mtok` in the scenario, or add the model to your prices.yaml (two rows, "
    "`per: mtok_input` and `per: mtok_output`)."
)
"""What to do about a model that the book does not have."""

_NAMED = 8


class NoSuchModel(PriceNotFound):
    """The book has no model of this name."""


class SoldBySeveral(PriceNotFound):
    """A bare name that several sellers have, and none of them made: the caller must choose."""


class Found(NamedTuple):
    """A model as it was found.

    Attributes:
        seller: who sells it.
        owner: whose list its row is in: the seller's own, or that of the seller that it falls back on.
        model: its identifier there.
        asked: the name that it was asked for by, without the seller.
        record: the owner's record.
        sold: the model's record.
        reading: the newest reading of the owner's feed.
    """

    seller: str
    owner: str
    model: str
    asked: str
    record: Seller
    sold: SoldModel
    reading: Reading


def api_models(provider: str | None = None, book: Book | None = None) -> list[str]:
    """Names that `token_prices` knows, `seller/model`, sorted; models not sold by token, or no longer listed, are left out.

    Args:
        provider: one seller, for example `openai`; null for all (some 2,700 names).
        book: the book to read; null: the shipped one.

    Raises:
        PriceNotFound: no such seller.
    """
    data = _data(book or shipped_book())
    names = data.sellers if provider is None else [_seller(data, provider)]
    return sorted(
        f"{seller}/{model}"
        for seller in names
        for model, sold in data.models(seller).items()
        if "gone" not in sold and _is_sold(sold)
    )


def api_sellers(book: Book | None = None) -> list[str]:
    """The sellers of tokens that the book knows, sorted.

    Args:
        book: the book to read; null: the shipped one.
    """
    return sorted(_data(book or shipped_book()).sellers)


def exact_names(name: str, book: Book | None = None) -> list[str]:
    """A model's identifier, and the other names that its seller's list has for it in so many words.

    Args:
        name: `seller/model`, from `api_models`.
        book: the book to read; null: the shipped one.

    >>> exact_names("mistral/mistral-large-4")
    ['mistral-large-4', 'mistral-large-4-0']
    """
    seller, _, model = name.partition("/")
    clauses = _data(book or shipped_book()).models(seller)[model].get("match", [])
    names = [clause[1:] for clause in clauses if isinstance(clause, str) and clause.startswith("=")]
    return list(dict.fromkeys([model, *names]))


def find_model(name: str, book: Book | None = None) -> Found:
    """A model and who sells it.

    Args:
        name: `seller/model`, an alias of the model there (`openai/gpt-5-2025-08-07`), or a bare name; see the module.
        book: the book to read; null: the shipped one.

    Raises:
        PriceNotFound: no such seller, no such model there, or a bare name that several sell and none of them made; the
            message lists near names and says what to do.

    Example:
        >>> find_model("mistral-large-4").seller
        'mistral'
    """
    asked = name.strip()
    if len(asked) > MAX_NAME_LENGTH:
        raise PriceNotFound(f"{asked[:40]!r}... is too long for a model's name ({len(asked)} characters)")
    return _find(asked, book or shipped_book())


@lru_cache(maxsize=4096)
def _find(asked: str, book: Book) -> Found:
    data = _data(book)
    head, slash, rest = asked.partition("/")
    seller = data.seller(head) if slash else None
    if seller is not None and rest:
        return _of_seller(data, seller, rest)
    return _bare(data, asked)


def _is_sold(sold: dict[str, Any]) -> bool:
    """Whether the newest card of the standard tier has rates."""
    cards = sold.get("tiers", {}).get("standard", [])
    return bool(cards) and "rates" in cards[-1]


class _Data:
    """`tokens.json` as one book has it, with the names that look-ups need."""

    def __init__(self, book: Book) -> None:
        raw = decode(book.file(TOKENS).read_bytes(), TOKENS)
        self.sellers: dict[str, Any] = raw["sellers"]
        self.readings = readings_of(raw)
        # A list may show an open model under its maker, who does not sell it.
        self.not_sold = {model for model, remark in token_notes(book).models.items() if remark.not_sold}
        self._names = {name_key(name): name for name in self.sellers}
        self._names |= {name_key(alias): name for alias, name in ALIASES.items() if name in self.sellers}
        self._folded: dict[str, dict[str, str]] = {}
        self._records: dict[str, Seller] = {}
        self._sold: dict[tuple[str, str], SoldModel] = {}

    def seller(self, name: str) -> str | None:
        """The identifier of a seller."""
        return self._names.get(name_key(name))

    def record(self, seller: str) -> Seller:
        """A seller's record without its models."""
        if seller not in self._records:
            self._records[seller] = seller_of(self.sellers[seller], seller)
        return self._records[seller]

    def sold(self, seller: str, model: str) -> SoldModel:
        """A model's record, checked once."""
        if (seller, model) not in self._sold:
            self._sold[seller, model] = model_of(self.models(seller)[model], f"{seller}/{model}")
        return self._sold[seller, model]

    def models(self, seller: str) -> dict[str, Any]:
        """The raw entries of a seller's models."""
        models: dict[str, Any] = self.sellers[seller].get("models", {})
        return models

    def exact(self, seller: str, model: str) -> str | None:
        """The identifier that is spelt like this, case apart."""
        if seller not in self._folded:
            self._folded[seller] = {name.casefold(): name for name in reversed(self.models(seller))}
        return self._folded[seller].get(model.casefold())

    def is_listed(self, seller: str, model: str) -> bool:
        """Whether the seller's newest list has it."""
        return "gone" not in self.models(seller)[model]

    def alias(self, seller: str, name: str) -> str | None:
        """The first listed model of a seller whose clauses know the name."""
        return next(
            (
                model
                for model, sold in self.models(seller).items()
                if "gone" not in sold and _matches(sold.get("match") or [f"={model}"], name.lower())
            ),
            None,
        )


@once_per_book
def _data(book: Book) -> _Data:
    return _Data(book)


def _matches(clauses: Iterable[str | Iterable[str]], name: str) -> bool:
    return any(
        all(_holds(part, name) for part in ([clause] if isinstance(clause, str) else clause)) for clause in clauses
    )


def _holds(clause: str, name: str) -> bool:
    mark, text = clause[0], clause[1:]
    if mark == "/":
        return re.search(text, name) is not None
    text = text.lower()
    match mark:
        case "=":
            return name == text
        case "^":
            return name.startswith(text)
        case "$":
            return name.endswith(text)
        case _:
            return text in name


def _seller(data: _Data, name: str) -> str:
    seller = data.seller(name)
    if seller is None:
        raise PriceNotFound(f"no seller of tokens {name!r} in the book.{did_you_mean(name, data.sellers)} {OWN_PRICE}")
    return seller


def _of_seller(data: _Data, seller: str, model: str) -> Found:
    """The identifier itself, then aliases, then those of the sellers that it falls back on, then what it no longer lists."""
    exact = data.exact(seller, model)
    if exact is not None and data.is_listed(seller, exact):
        return _found(data, seller, seller, exact, model)
    owners = [seller, *(owner for owner in data.record(seller).fallback if owner in data.sellers)]
    for name in dict.fromkeys([model, _dashed(model)]):
        for owner in owners:
            alias = data.alias(owner, name)
            if alias is not None:
                return _found(data, seller, owner, alias, model)
    if exact is not None:
        return _found(data, seller, seller, exact, model)
    raise NoSuchModel(
        f"{seller} sells no model {model!r} in the book.{did_you_mean(model, data.models(seller))} {OWN_PRICE} "
        f"See `tco prices list --provider {seller}`."
    )


def _found(data: _Data, seller: str, owner: str, model: str, asked: str) -> Found:
    record = data.record(owner)
    return Found(seller, owner, model, asked, record, data.sold(owner, model), data.readings[record.feed])


def _bare(data: _Data, name: str) -> Found:
    sellers = [
        seller
        for seller in sorted(data.sellers)
        if (model := data.exact(seller, name)) is not None
        and data.is_listed(seller, model)
        and f"{seller}/{model}" not in data.not_sold
    ]
    makers = [seller for seller in sorted(data.sellers) if _matches(data.record(seller).makes, name.lower())]
    if len(sellers) == 1:
        return _of_seller(data, sellers[0], name)
    for maker in makers:
        if maker in sellers or (not sellers and data.alias(maker, name)):
            return _of_seller(data, maker, name)
    if sellers:
        sold = [f"{seller}/{data.exact(seller, name)}" for seller in sellers]
        more = f" and {len(sold) - _NAMED} more" if len(sold) > _NAMED else ""
        raise SoldBySeveral(f"{name!r} is sold by several: {', '.join(sold[:_NAMED])}{more}. Write one of these.")
    raise _unknown(data, name)


def _unknown(data: _Data, name: str) -> NoSuchModel:
    head, slash, rest = name.partition("/")
    if slash and rest:
        return NoSuchModel(f"no seller of tokens {head!r} in the book.{did_you_mean(head, data.sellers)} {OWN_PRICE}")
    known = (f"{seller}/{model}" for seller in sorted(data.sellers) for model in data.models(seller))
    near = did_you_mean(name.rstrip("/"), known) if name else ""
    return NoSuchModel(f"no model {name!r}: write it as `seller/model`, for example `openai/gpt-5`.{near} {OWN_PRICE}")


_COMPACT_DAY = re.compile(r"-(20\d{2})(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?=-|:|$)")


def _dashed(model: str) -> str:
    """`gpt-5.2-20251211` is `gpt-5.2-2025-12-11` elsewhere."""
    return _COMPACT_DAY.sub(r"-\1-\2-\3", model)
