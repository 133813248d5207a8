"""Fills what the costs around a model leave open: prices of further models, training, storage, figures of hardware, tokenizers.

What a scenario does not ask for is not filled: what does not count is no assumption.
"""

from __future__ import annotations

import re
from typing import Any

import pricing
from pricing import Architecture, ArchitectureNotFound, Book, Figure, PriceNotFound
from probes.run import Run
from tco.errors import InputError
from tco.handover.models import architecture_of, served_model
from tco.price_outlook import token_prices_of
from tco.quantity import Quantity, listed
from tco.replicas_of import gpu_of, model_of
from tco.scenario import MixedOption, OwnOption, RentOption, Scenario, TokenOption
from tco.terms.commitment import Commitment
from tco.terms.hardware import BOOK, Hardware
from tco.terms.pipeline import ModelCall
from tco.terms.tuning import FineTuning

AnyOption = TokenOption | RentOption | OwnOption
SelfHosted = RentOption | OwnOption

BYTES_PER_GIB = 2**30

TOKENIZER_RANGE = (0.8, 1.25)
"""Tokens that one tokenizer makes of the text of another's one token: low and high [factor].

Vendors lie 5 to 30 % apart, by the kind of text, either way; a new tokenizer of one vendor made 32 to 45 % more of some texts, so that the range holds what is
usual and not all that was seen.
"""

_RESALE_MONTHS = range(12, 61, 12)
"""Ages at which the book's resale curve has points."""

_TOKENIZER_SOURCE = (
    "https://devhubsolutions.net/blog/token-counting-2026-tokenizers-compared (5 to 30 %, by kind of text); "
    "https://ai.alexa.ir/announcements/opus-47-tokenizer-analysis (32 to 45 % more in one case)"
)

_FIGURES = {
    "frontend_network_usd_per_server": "frontend_network_usd_per_server",
    "installation_usd_per_server": "installation_usd_per_server",
    "spares_fraction": "spares_fraction_of_price",
    "failures_per_gpu_per_year": "gpu_failures_per_gpu_year",
}
"""Fields of the hardware that `book` fills, and the book's names of them."""


def with_terms(option: AnyOption, scenario: Scenario, run: Run | None, book: Book) -> AnyOption:
    """An option with nothing open in its `tokenizer_factor`, `pipeline`, `tuning`, `around`, `commitments` and `hardware`.

    Args:
        option: with its own prices filled: a training takes its rent.
        scenario: the question, the models of its options filled.
        run: of a self-hosted option.
        book: where prices are looked up.

    Raises:
        InputError: a further model, or what a training, the storage or a repair needs, is not in the book.
        PriceNotFound: the book has no such figure.
    """
    found: dict[str, Any] = {
        "tokenizer_factor": _tokenizer(option, scenario),
        **pipeline_of(option, scenario, book),
    }
    if option.tuning is not None:
        found["tuning"] = _training(option, option.tuning, scenario, run, book)
    if run is not None and not isinstance(option, TokenOption):
        found |= _around(option, run, book)
    if run is not None and isinstance(option, RentOption) and option.commitments:
        found["commitments"] = {
            name: _agreed(agreed, f"options.{option.name}.commitments.{name}", option, run, scenario, book)
            for name, agreed in option.commitments.items()
        }
    if run is not None and isinstance(option, OwnOption):
        found |= _hardware(option, gpu_of(option, run), scenario, book)
    return option.model_copy(update=found)


def pipeline_of(option: AnyOption | MixedOption, scenario: Scenario, book: Book) -> dict[str, Any]:
    """The option's `pipeline` with the prices of its models.

    Raises:
        InputError: the book has no such model.
    """
    calls = {
        name: _call(call, f"options.{option.name}.pipeline.{name}", scenario, book)
        for name, call in option.pipeline.items()
    }
    return {"pipeline": calls} if calls else {}


def _around(option: SelfHosted, run: Run, book: Book) -> dict[str, Any]:
    """The option's `around` with the size of the weights, where storage has a price.

    Raises:
        InputError: the book does not know how large the model's weights are.
    """
    around = option.around
    if around is None or around.storage_usd_per_gib_month is None or around.weights_gib is not None:
        return {}
    size = served_model(option, run, book).weights_bytes
    if size is None:
        raise InputError(
            f"option {option.name!r}: the book does not know how large the weights of {model_of(option, run)} are; give `around.weights_gib`",
            path=f"options.{option.name}.around.weights_gib",
        )
    weights = Quantity(value=size / BYTES_PER_GIB, evidence="literature", note="by its configuration")
    return {"around": around.model_copy(update={"weights_gib": weights})}


def _hardware(option: OwnOption, gpu: str | None, scenario: Scenario, book: Book) -> dict[str, Any]:
    """The option's `hardware` with the book's figures where it asks for them.

    Raises:
        InputError: nothing says what the repair of a GPU costs.
    """
    own = option.hardware
    update: dict[str, Any] = {}
    for field, name in _FIGURES.items():
        if getattr(own, field) == BOOK:
            update[field] = _quantity(pricing.figure(name, scenario.as_of, book=book))
    if isinstance(own.network_usd_per_gpu, str):
        name = f"networking_{own.network_usd_per_gpu}_usd_per_gpu"
        update["network_usd_per_gpu"] = _quantity(pricing.figure(name, scenario.as_of, book=book))
    if own.resale_fraction == BOOK:
        update["resale_fraction"] = {
            str(age): _quantity(pricing.residual_fraction(age, "server", book)) for age in _RESALE_MONTHS
        }
    if own.failures_per_gpu_per_year is not None and own.repair_usd_per_gpu is None:
        update["repair_usd_per_gpu"] = _repair(option, gpu, scenario, book)
    return {"hardware": Hardware.model_copy(own, update=update)} if update else {}


def tokenizer_family(option: AnyOption | MixedOption) -> str:
    """Whose tokenizer a model has, as far as its name tells: the seller of an API, else the first word of the model's name.

    >>> [_family(kind, model) for kind, model in (("api", "openai/gpt-5"), ("hosted", "groq/llama-3.3-70b"), ("rent", "Qwen3-0.6B"))]
    ['openai', 'llama', 'qwen']
    """
    return _family(option.kind, option.model)


def _family(kind: str, model: str) -> str:
    seller, _, rest = model.rpartition("/")
    if kind == "api" and seller:
        return seller.partition("/")[0].casefold()
    word = re.match(r"[^\W\d_]+", rest)
    return (word.group() if word else rest).casefold()


def _tokenizer(option: AnyOption, scenario: Scenario) -> Quantity | None:
    """1 for the model that the workload was counted with, the baseline's; a range around 1 for those of others."""
    if option.tokenizer_factor is not None:
        return option.tokenizer_factor
    own, counted = tokenizer_family(option), tokenizer_family(scenario.option(scenario.baseline))
    if own == counted:
        return Quantity(value=1.0) if isinstance(option, TokenOption) else None
    low, high = TOKENIZER_RANGE
    return Quantity(
        value=1.0,
        low=low,
        high=high,
        evidence="expert",
        source=f"{own} and {counted}: {_TOKENIZER_SOURCE}",
        note="another tokenizer than the one that the workload was counted with; count a sample of your text",
    )


def _call(call: ModelCall, path: str, scenario: Scenario, book: Book) -> ModelCall:
    if call.model is None or call.call_usd is not None:
        return call
    try:
        prices = token_prices_of(call.model, scenario, book)
    except PriceNotFound as error:
        raise InputError(f"`{path}.model`: {error.args[0]}", path=f"{path}.model") from None
    return call.model_copy(
        update={
            "input_usd_per_mtok": call.input_usd_per_mtok or listed(prices.input),
            "output_usd_per_mtok": call.output_usd_per_mtok or listed(prices.output),
        }
    )


def _agreed(agreed: Commitment, path: str, option: RentOption, run: Run, scenario: Scenario, book: Book) -> Commitment:
    """The rent of the option's GPU under that commitment, from the same kind of landlord as the rest."""
    if agreed.price_usd_per_hour is not None:
        return agreed
    wish = option.price
    try:
        quote = pricing.rental_price(
            gpu_of(option, run) or "",
            on=scenario.as_of,
            provider_class=wish.class_,
            tier=agreed.commitment,
            provider=wish.provider,
            region=wish.region,
            book=book,
        )
    except PriceNotFound as error:
        raise InputError(f"`{path}`: {error.args[0]} Or give its `price_usd_per_hour`.", path=path) from None
    price = listed(quote.price, quote.low_usd_per_hour, quote.high_usd_per_hour)
    return agreed.model_copy(update={"price_usd_per_hour": price})


def _training(option: AnyOption, tuning: FineTuning, scenario: Scenario, run: Run | None, book: Book) -> FineTuning:
    path = f"options.{option.name}.tuning"
    if tuning.training_usd_per_mtok is not None:
        return tuning
    if isinstance(option, TokenOption) or run is None:
        raise InputError(
            f"option {option.name!r}: its vendor trains the model; give `tuning.training_usd_per_mtok` from its price list",
            path=f"{path}.training_usd_per_mtok",
        )
    gpu = tuning.gpu or gpu_of(option, run)
    return tuning.model_copy(
        update={
            "gpu": gpu,
            "parameters_count": tuning.parameters_count or _parameters(option, run, path, book),
            "peak_tflops": tuning.peak_tflops or _peak(option, gpu, path, book),
            "training_usd_per_hour": tuning.training_usd_per_hour or _hour(option, tuning, gpu, scenario, book),
        }
    )


def _parameters(option: SelfHosted, run: Run, path: str, book: Book) -> Quantity:
    name = model_of(option, run)
    shape = architecture_of(name, book) or _by_name(name, book)
    if shape is None:
        raise InputError(
            f"option {option.name!r}: the book does not know the size of {name}; give `tuning.parameters_count`, the weights that one token uses",
            path=f"{path}.parameters_count",
        )
    return Quantity(value=shape.parameters_active, evidence="literature", note=f"{shape.name}, by its configuration")


def _by_name(name: str, book: Book) -> Architecture | None:
    try:
        return pricing.architecture(name, book)
    except ArchitectureNotFound:
        return None


def _peak(option: SelfHosted, gpu: str | None, path: str, book: Book) -> Quantity:
    if gpu is None:
        raise InputError(
            f"option {option.name!r}: the run has no GPU, so the book does not know how fast a training is; give `tuning.gpu`, or `tuning.peak_tflops` and "
            "`tuning.training_usd_per_hour`",
            path=f"{path}.peak_tflops",
        )
    # What a part can do does not age as prices do.
    return _quantity(pricing.gpu_figure(gpu, "bf16_dense_tflops", book)).model_copy(update={"as_of": None})


def _hour(option: SelfHosted, tuning: FineTuning, gpu: str | None, scenario: Scenario, book: Book) -> Quantity:
    """The option's own rent where it trains on the GPUs that it serves with, else the book's on-demand rent."""
    if isinstance(option, RentOption) and tuning.gpu is None and option.price_usd_per_hour is not None:
        return option.price_usd_per_hour
    try:
        quote = pricing.rental_price(gpu or "", on=scenario.as_of, book=book)
    except PriceNotFound as error:
        raise InputError(
            f"option {option.name!r}: {error.args[0]} Or give `tuning.training_usd_per_hour`.",
            path=f"options.{option.name}.tuning.training_usd_per_hour",
        ) from None
    return listed(quote.price, quote.low_usd_per_hour, quote.high_usd_per_hour, "on-demand rent of the GPU that trains")


def _repair(option: OwnOption, gpu: str | None, scenario: Scenario, book: Book) -> Quantity:
    price = None if gpu is None else pricing.gpu_price(gpu, scenario.as_of, book)
    if price is None:
        raise InputError(
            f"option {option.name!r}: the book has no price of {gpu or 'its GPU'}, so it does not know what a repair costs; give `hardware.repair_usd_per_gpu`",
            path=f"options.{option.name}.hardware.repair_usd_per_gpu",
        )
    return listed(price)


def _quantity(figure: Figure) -> Quantity:
    return Quantity(
        value=figure.value,
        low=figure.low,
        high=figure.high,
        evidence=figure.evidence,
        source=figure.source,
        as_of=figure.as_of,
        note=figure.note,
    )
