"""The form that starts a probe: six plain inputs, and the rest of the command's options under "More"."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from probes import engine_packages, shipped_models
from probes.servers.profiles import PROFILES
from tco.run_words import ROLE_TITLES
from tco.views import _job, _look
from tco.views._probe_command import ProbeRequest

if TYPE_CHECKING:
    from tco import Scenario

HERE, ENDPOINT = "A model here", "A running server"
FOUND_OUT = "found out"
SAME = "all the same"
_PARTS = {
    **{part: ROLE_TITLES[part] for part in ("curve", "lengths", "prefill", "context")},
    "idle": "Idle power",
}
_PERCENT = 100
_PRECISION_PERCENT = 5.0


def show(scenario: Scenario) -> None:
    """What to measure; lengths start as the scenario's own traffic."""
    st.markdown("**Measure**")
    kind = st.segmented_control(
        "What", [HERE, ENDPOINT], default=HERE if engine_packages() else ENDPOINT, required=True, key="probe_kind"
    )
    workload = scenario.workload
    with st.form("probe", border=False):
        target = _model_fields() if kind == HERE else _endpoint_fields()
        with st.grid(3, min_column_width=140):
            concurrency = st.text_input(
                "Concurrency",
                "1,2,4,8",
                help="Load points: how many requests are always in flight, separated by commas; or `auto`, which doubles them until more gives no more.",
            )
            repeats = st.number_input(
                "Repeats", 1, 20, 3, help="Of each load point; its confidence interval comes from them."
            )
            minutes = st.number_input(
                "At most (minutes)", 1, 600, 10, help="For measuring; starting an engine comes on top."
            )
            tokens_in = st.number_input("Input tokens", 1, 1_000_000, round(workload.mean_input_tokens) or 1)
            tokens_out = st.number_input("Output tokens", 1, 100_000, round(workload.mean_output_tokens) or 1)
        with st.expander("More", icon=":material/tune:"):
            more = (*_more(), *(_slices() if kind == HERE else _paid()))
        if _pressed():
            _start(
                ProbeRequest(
                    target=target,
                    concurrency=concurrency,
                    input_tokens=tokens_in,
                    output_tokens=tokens_out,
                    repeats=repeats,
                    budget_minutes=minutes,
                    more=more,
                )
            )


def _pressed() -> bool:
    busy = _job.is_busy()
    return st.form_submit_button(
        "Add to the queue" if busy else "Start the probe",
        type=_look.emphasis(),
        icon=":material/playlist_add:" if busy else ":material/play_arrow:",
        disabled=_job.is_full(),
        help="One probe runs at a time; this one starts by itself when those before it have ended." if busy else None,
        key="probe_submit",
    )


def _model_fields() -> tuple[str, ...]:
    models = shipped_models()
    first = models.index("SmolLM2-135M") if "SmolLM2-135M" in models else 0
    model = st.selectbox(
        "Model",
        models,
        first,
        accept_new_options=True,
        help="An architecture that ships with the product (random weights, real timings), a folder, or a Hugging Face id.",
    )
    return (f"--model={model}",)


def _endpoint_fields() -> tuple[str, ...]:
    url = st.text_input(
        "Address", placeholder="http://127.0.0.1:8000", help="Any OpenAI-compatible server, without /v1."
    )
    served = st.text_input("Model name that it serves", placeholder="meta-llama/Llama-3.1-8B-Instruct")
    key = st.text_input(
        "Variable that holds its key (optional)", help="The name of an environment variable, never the key."
    )
    if not url.strip() or not served.strip():
        return ()
    return (
        f"--endpoint={url.strip()}",
        f"--served-model={served.strip()}",
        *([f"--api-key-env={key.strip()}"] if key.strip() else []),
    )


def _more() -> tuple[str, ...]:
    parts = st.multiselect(
        "Parts",
        list(_PARTS),
        ["curve"],
        format_func=_PARTS.__getitem__,
        help="Length mixes split the cost between input and output tokens. A promise below adds the search for the random traffic that keeps it.",
    )
    with st.grid(2, min_column_width=140):
        ttft_ms = st.number_input(
            "Promise: first token p95 (ms)", 0.0, value=None, format="%g", placeholder="none", help=_PROMISE
        )
        tpot_ms = st.number_input(
            "Promise: per token p95 (ms)", 0.0, value=None, format="%g", placeholder="none", help=_PROMISE
        )
        traffic = (*_arrivals(), *_lengths())
        precision = st.number_input(
            "Precision (%)",
            0.1,
            100.0,
            _PRECISION_PERCENT,
            format="%g",
            help="A load point is repeated until its throughput is known to this.",
        )
    return (
        *parts_argument(parts, promised=bool(ttft_ms or tpot_ms)),
        *promise_argument(ttft_ms, tpot_ms),
        *traffic,
        *([] if precision == _PRECISION_PERCENT else [f"--precision={precision / _PERCENT:g}"]),
    )


def _arrivals() -> list[str]:
    """How requests arrive while a promise is tested."""
    arrivals = st.selectbox(
        "Arrivals",
        ["poisson", "constant", "gamma"],
        help="How requests arrive while the promise is tested: at random, at even gaps, or in bursts.",
    )
    burstiness = st.number_input(
        "Burstiness of gamma", 0.01, value=1.0, format="%g", help="1 is Poisson; less comes in bursts."
    )
    return [
        *([] if arrivals == "poisson" else [f"--arrivals={arrivals}"]),
        *([f"--burstiness={burstiness:g}"] if arrivals == "gamma" else []),
    ]


def _lengths() -> list[str]:
    """How long prompts and answers are, and what prompts share."""
    lengths = st.selectbox(
        "Lengths", [SAME, "uniform", "lognormal"], help="How prompts and answers vary around their means."
    )
    spread = st.number_input(
        "Length spread",
        0.0,
        value=0.5,
        format="%g",
        help="Uniform: each within this share of its mean. Lognormal: standard deviation over mean.",
    )
    prefix = st.number_input(
        "Shared prefix (%)", 0.0, value=0.0, format="%g", help="Share of each prompt that is a common beginning."
    )
    return [
        *([] if lengths == SAME else [f"--lengths={lengths}:{spread:g}"]),
        *([f"--shared-prefix={prefix / _PERCENT:g}"] if prefix else []),
    ]


_PROMISE = "What you promise users; the highest random load that keeps it is searched for."


def parts_argument(parts: list[str], *, promised: bool) -> list[str]:
    """What to measure, where it is not the load curve alone; a promise without other parts is measured by itself.

    >>> parts_argument(["curve"], promised=True), parts_argument([], promised=True)
    ([], ['--measure=goodput'])
    """
    named = parts or (["goodput"] if promised else [])
    return [] if named == ["curve"] else [f"--measure={','.join(named)}"]


def promise_argument(ttft_ms: float | None, tpot_ms: float | None) -> list[str]:
    """The promise, where there is one.

    >>> promise_argument(2000.0, None), promise_argument(None, None)
    (['--slo=ttft_p95_ms=2000'], [])
    """
    limits = {"ttft": ttft_ms, "tpot": tpot_ms}
    given = [f"{name}_p95_ms={limit:.10g}" for name, limit in limits.items() if limit]
    return [f"--slo={','.join(given)}"] if given else []


def _slices() -> list[str]:
    layers = st.text_input(
        "Layers, for a model that does not fit",
        placeholder="4,8",
        help="Runs only so many layers, one depth after the other, and carries the times to all of them; the result is marked as modelled.",
    )
    return [f"--layers={layers.strip()}"] if layers.strip() else []


def _paid() -> list[str]:
    with st.grid(2, min_column_width=140):
        profile = st.selectbox(
            "Kind of server",
            [FOUND_OUT, *(name for name in PROFILES if name != "unknown")],
            help="How it wants to be asked.",
        )
        max_usd = st.number_input(
            "Spend at most (USD)",
            0.0,
            value=None,
            format="%g",
            placeholder="5 where it bills by the token",
            help="The probe stops before it costs more; prices come from the price book.",
        )
    return [
        *([] if profile == FOUND_OUT else [f"--profile={profile}"]),
        *([] if max_usd is None else [f"--max-usd={max_usd:g}"]),
    ]


def _start(request: ProbeRequest) -> None:
    if not request.target:
        st.error("Give the server's address and the name of the model that it serves.", icon=":material/error:")
        return
    problem = _job.start(request)
    if problem:
        st.error(problem, icon=":material/error:")
    else:
        st.rerun()
