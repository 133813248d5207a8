"""Which inputs the formulas know. An option that uses another one, such as one that came after this page, keeps the engine's numbers."""

from __future__ import annotations

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from tco.quantity import Quantity
from tco.scenario import AnyOption, Scenario

_NOT_COSTS = frozenset({
    "name", "kind", "model", "run", "paid_licence", "gpu", "precision", "kv_cache_dtype", "success", "terms", "price", "server", "tier",
    "starts_after_months", "then", "base", "overflow", "small", "large", "replicas", "spares", "sensitive_fraction",
})  # fmt: skip
"""What changes no cost by itself, or chose a number that stands among the inputs, or says who serves when."""

_KNOWN = frozenset({
    "one_off_usd", "extra_usd_per_month", "pipeline", "evaluation", "evaluation.runs_per_month", "evaluation.run_usd", "tuning", "tuning.method",
    "tuning.training_tokens", "tuning.retrainings_per_year", "tuning.data_person_days", "tuning.training_usd_per_mtok", "tuning.training_usd_per_hour", "tuning.gpu",
    "tuning.parameters_count", "tuning.peak_tflops", "tuning.mfu_fraction", "tuning.recompute", "migrations", "migrations.every_months", "migrations.migration_usd",
    "migrations.parallel_months", "migrations.parallel_traffic_fraction", "obligations", "obligations.support_usd_per_year", "obligations.audits_per_year",
    "obligations.audit_usd", "obligations.exit_usd", "people", "people.run_fte", "people.setup_person_days", "people.oncall_fte", "people.cost_per_fte_usd_per_year",
    "retry_fraction", "reasoning_factor", "tokenizer_factor", "input_usd_per_mtok", "output_usd_per_mtok", "cached_input_usd_per_mtok", "cache_write_usd_per_mtok",
    "batch_input_usd_per_mtok", "batch_output_usd_per_mtok", "price_change_per_year_fraction", "gpus_per_replica", "tensor_parallel_size", "pipeline_parallel_size",
    "throughput_factor", "availability_target_fraction", "replica_availability_fraction", "scaling", "failures", "upgrades", "around",
    "around.storage_usd_per_gib_month", "around.weights_gib", "around.other_storage_gib", "around.egress_usd_per_gb", "around.egress_bytes_per_token",
    "around.load_balancer_usd_per_hour", "around.load_balancer_usd_per_gb", "around.logging_usd_per_gb", "around.log_bytes_per_request",
    "around.log_retention_months", "around.monitoring_usd_per_month", "price_usd_per_hour", "machine_usd_per_hour", "gpus_per_server", "server_price_usd", "purchase",
    "purchase.kind", "purchase.interest_rate_per_year", "purchase.term_months", "purchase.financed_fraction", "purchase.payment_per_month_fraction",
    "purchase.buy_out_fraction", "purchase.at_end", "purchase.at_horizon", "economic_life_months", "residual_fraction", "electricity_usd_per_kwh", "server_watts", "pue",
    "maintenance_fraction_per_year", "colocation_usd_per_kw_month", "hardware", "hardware.network_usd_per_gpu", "hardware.frontend_network_usd_per_server",
    "hardware.installation_usd_per_server", "hardware.spares_fraction", "hardware.hosting_usd_per_server_per_year", "hardware.software_usd_per_gpu_per_year",
    "hardware.failures_per_gpu_per_year", "hardware.repair_usd_per_gpu", "hardware.resale_fraction", "escalation_fraction", "judge_usd_per_request", "commitments",
})  # fmt: skip

_KNOWN_OF_ALL = frozenset({
    "tax_fraction", "tax_paid", "depreciation", "depreciation.schedule", "depreciation.book_life_months", "depreciation.table_fraction", "purchase",
    "cost_escalation_per_year_fraction", "salary_escalation_per_year_fraction", "electricity_escalation_per_year_fraction", "inflation_per_year_fraction",
    "reporting_currency",
    *(name for name in _KNOWN if name.startswith("purchase.")),
})  # fmt: skip

_KNOWN_WORKLOAD = frozenset({
    "requests_per_day", "users", "growth_per_month_fraction", "input_tokens_per_request", "output_tokens_per_request", "reasoning_tokens_per_request",
    "input_growth_per_month_fraction", "agent", "agent.steps", "agent.growth_tokens_per_step", "agent.compaction_tokens", "agent.history_cacheable_fraction",
    "lengths", "classes", "cacheable_input_fraction", "cache_write_input_fraction", "batchable_fraction", "batch_deadline_hours", "peak_headroom_fraction", "profile",
    "slo",
})  # fmt: skip

_WHOLE = frozenset({"scaling", "failures", "upgrades", "lengths", "slo", "reporting_currency"})
"""Records that reach the costs through the fleet's table or the engine's capacity only, so that a new field in them changes no formula."""


def unknown_fields(option: AnyOption, scenario: Scenario) -> list[str]:
    """Inputs of an option, or of all options, that no formula knows and that are not left at their default.

    Args:
        option: filled.
        scenario: filled.
    """
    return [
        *_unknown(option, _KNOWN | _NOT_COSTS),
        *_unknown(scenario.finance, _KNOWN_OF_ALL),
        *_unknown(scenario.workload, _KNOWN_WORKLOAD),
    ]


def _unknown(record: BaseModel, known: frozenset[str], prefix: str = "") -> list[str]:
    found = []
    for name, field in type(record).model_fields.items():
        path, value = f"{prefix}{name}", getattr(record, name)
        if path not in known:
            default = field.get_default(call_default_factory=True, validated_data={})
            if default is PydanticUndefined or value != default:
                found.append(path)
        elif isinstance(value, BaseModel) and not isinstance(value, Quantity) and path not in _WHOLE | _NOT_COSTS:
            found.extend(_unknown(value, known, f"{path}."))
    return found
