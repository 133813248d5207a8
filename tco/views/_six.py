"""Six numbers that make a scenario of a template; everything else keeps the template's or the price book's default. No Streamlit."""

from __future__ import annotations

from typing import NamedTuple

from tco import dump, load
from tco.scenario import RentOption
from tco.shipped import shipped_templates
from tco.views import _edit

WAYS = {"hosted-open": "A seller hosts an open model", "rented": "Rent GPUs", "own-servers": "Own servers"}
"""Options of every template beside what is paid today."""

_BASELINE = "api-today"
_WITH_MACHINES = ("rented", "own-servers")


class Six(NamedTuple):
    """What decides most.

    Attributes:
        requests_per_day: mean over the week [requests/day].
        input_tokens: of a prompt [tokens].
        output_tokens: of an answer [tokens].
        paid_model: what is paid today, as the price book names it.
        ways: of `WAYS`, which to hold against it.
        gpu: that it would run on.
        run_fte: people who would keep it running, full-time [FTE].
    """

    requests_per_day: float
    input_tokens: float
    output_tokens: float
    paid_model: str
    ways: tuple[str, ...]
    gpu: str
    run_fte: float


def of_template(name: str) -> Six:
    """What a template says.

    Args:
        name: of `tco.shipped.shipped_templates`.
    """
    scenario = load(shipped_templates()[name])
    workload, rented = scenario.workload, scenario.option("rented")
    assert workload.input_tokens_per_request is not None  # templates have no classes
    assert workload.output_tokens_per_request is not None
    assert isinstance(rented, RentOption)
    return Six(
        requests_per_day=workload.requests_per_day.value,
        input_tokens=workload.input_tokens_per_request.value,
        output_tokens=workload.output_tokens_per_request.value,
        paid_model=scenario.single(_BASELINE).model,
        ways=tuple(WAYS),
        gpu=rented.gpu,
        run_fte=rented.people.run_fte.value,
    )


def scenario_text(name: str, six: Six) -> str:
    """The template with these numbers; one that is the template's own keeps its range.

    Args:
        name: of the template.
        six: the numbers.

    Returns:
        The scenario as YAML.

    Raises:
        InputError: they make no valid scenario.
    """
    scenario = load(shipped_templates()[name])
    numbers = {
        "workload.requests_per_day": six.requests_per_day,
        "workload.input_tokens_per_request": six.input_tokens,
        "workload.output_tokens_per_request": six.output_tokens,
    }
    numbers |= {f"options.{way}.people.run_fte": six.run_fte for way in _WITH_MACHINES}
    for path, value in numbers.items():
        scenario = _edit.set_value(scenario, path, value)
    scenario = _edit.set_field(scenario, f"options.{_BASELINE}.model", six.paid_model)
    for way in WAYS:
        if way not in six.ways:
            scenario = _edit.remove_option(scenario, way)
        elif way in _WITH_MACHINES:
            scenario = _edit.set_field(scenario, f"options.{way}.gpu", six.gpu)
    return dump(scenario)
