"""What machines and what stands around them cost, as formulas (`tco.costs.machines`, `.owned`, `.around`)."""

from __future__ import annotations

from tco.costs.around import BYTES_PER_GB, BYTES_PER_GIB
from tco.costs.owned import WATTS_PER_KW
from tco.report.xlsx.demand_rows import Asked
from tco.report.xlsx.desk import NOTHING, Desk
from tco.report.xlsx.expressions import Expr
from tco.report.xlsx.fleet_rows import FleetRows, SelfHosted
from tco.report.xlsx.functions import MONTHS_PER_YEAR, window_sum
from tco.scenario import OwnOption, RentOption


def rent(desk: Desk, option: RentOption, fleet: FleetRows, label: str) -> Expr:
    """Rented GPUs or machines while they stand."""
    sheet = desk.prices
    sheet.heading(label)
    change = desk.needed(option, "price_change_per_year_fraction")
    path = sheet.line("Price over that of month 1", "factor", (1 + change) ** ((desk.month - 1) / MONTHS_PER_YEAR))
    price = sheet.line(
        f"Rent of one unit: {label}", "USD/hour", desk.needed(option, "price_usd_per_hour") * path, "small_usd"
    )
    standing = fleet.paid * desk.hours if fleet.surge_hours is NOTHING else fleet.paid * desk.hours + fleet.surge_hours
    return standing * fleet.units * price


def site_items(desk: Desk, option: OwnOption, fleet: FleetRows) -> dict[str, Expr]:
    """What servers of one's own cost while they stand, before it rises."""
    kw = desk.capacity.value(
        f"{option.name}: power of a server", "kW", desk.needed(option, "server_watts") / WATTS_PER_KW
    )
    price = desk.needed(option, "server_price_usd")
    gpus = _gpus(desk, option)
    failures, repair = (
        desk.given(option, "hardware.failures_per_gpu_per_year"),
        desk.given(option, "hardware.repair_usd_per_gpu"),
    )
    hosting, software = (
        desk.given(option, f"hardware.{name}")
        for name in ("hosting_usd_per_server_per_year", "software_usd_per_gpu_per_year")
    )
    return {
        "electricity": fleet.servers * kw * desk.needed(option, "pue") * desk.hours * desk.needed(option, "electricity_usd_per_kwh"),
        "colocation": fleet.servers * kw * desk.needed(option, "colocation_usd_per_kw_month"),
        "hosting": fleet.servers * hosting / MONTHS_PER_YEAR if hosting is not None else NOTHING,
        "maintenance": fleet.servers * price * desk.needed(option, "maintenance_fraction_per_year") / MONTHS_PER_YEAR,
        "repairs": fleet.servers * gpus * failures * repair / MONTHS_PER_YEAR if failures is not None and repair is not None else NOTHING,
        "software": fleet.servers * gpus * software / MONTHS_PER_YEAR if software is not None else NOTHING,
    }  # fmt: skip


def _gpus(desk: Desk, option: OwnOption) -> Expr:
    path = f"options.{option.name}.gpus_per_server"
    return desk.inputs.setting(path, option.gpus_per_server, "GPUs", "GPUs of a server")


def around_items(desk: Desk, option: SelfHosted, asked: Asked, fleet: FleetRows) -> dict[str, Expr]:
    """Storage, traffic out, load balancing and logs, before they rise."""
    if option.around is None:
        return dict.fromkeys(("storage", "egress", "load_balancing", "logging"), NOTHING)
    balanced, balanced_gb = (desk.given(option, f"around.load_balancer_usd_per_{name}") for name in ("hour", "gb"))
    out_gb = asked.requests * asked.output_tokens * desk.needed(option, "around.egress_bytes_per_token") / BYTES_PER_GB
    logged = asked.requests * desk.needed(option, "around.log_bytes_per_request") / BYTES_PER_GB
    egress, by_log, fixed = (
        desk.given(option, f"around.{name}")
        for name in ("egress_usd_per_gb", "logging_usd_per_gb", "monitoring_usd_per_month")
    )
    return {
        "storage": _storage(desk, option, asked, fleet),
        "egress": out_gb * egress if egress is not None else NOTHING,
        "load_balancing": _sum(balanced * desk.hours if balanced is not None else None, out_gb * balanced_gb if balanced_gb is not None else None),
        "logging": _sum(fixed, logged * by_log if by_log is not None else None),
    }  # fmt: skip


def _storage(desk: Desk, option: SelfHosted, asked: Asked, fleet: FleetRows) -> Expr:
    price, around = desk.given(option, "around.storage_usd_per_gib_month"), option.around
    if price is None or around is None:
        return NOTHING
    path = f"options.{option.name}.around.log_retention_months"
    kept_months = desk.inputs.setting(path, around.log_retention_months, "months", "How long logs are kept")
    requests = desk.workload.line(f"{option.name}: requests that are logged", "requests/month", asked.requests)
    kept = desk.workload.line(
        f"{option.name}: requests whose logs are kept", "requests", window_sum(requests, desk.month, kept_months)
    )
    logs = kept * desk.needed(option, "around.log_bytes_per_request") / BYTES_PER_GIB
    weights, other = (desk.needed(option, f"around.{name}") for name in ("weights_gib", "other_storage_gib"))
    return (fleet.replicas * weights + other + logs) * price


def _sum(first: Expr | None, second: Expr | None) -> Expr:
    if first is None or second is None:
        return first or second or NOTHING
    return first + second
