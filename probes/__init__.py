"""What one endpoint on this hardware really does: start or reach an engine, load it, measure, keep the run.

Start with `describe_environment` (what is here), `resolve_model` and `engines.start_vllm` (what is run), `run_sweep` (measure), `load_run` (read a run again).
"""

from __future__ import annotations

from probes.architectures import ModelSource, resolve_model, shipped_models
from probes.cell import Cell
from probes.endpoint import Endpoint, is_loopback
from probes.energy.choose import open_meter
from probes.engines import FoundEngine, find_engines, stop_leftover
from probes.environment import Finding, check_machine, describe_environment, engine_packages
from probes.errors import ProbeError
from probes.job import Job, JobState, cancel, events_path, poll, start_job
from probes.progress import Progress
from probes.record import Interval, Percentiles, Warn
from probes.run import Plan, Run, WorkloadShape
from probes.run_file import RunError, load_run, run_from_json, save_run
from probes.servers.models_page import check_endpoint
from probes.setting import Engine, Environment, Gpu, Model
from probes.stages.ledger import RunHeader
from probes.stages.sweep import run_sweep

__all__ = [
    "Cell",
    "Endpoint",
    "Engine",
    "Environment",
    "Finding",
    "FoundEngine",
    "Gpu",
    "Interval",
    "Job",
    "JobState",
    "Model",
    "ModelSource",
    "Percentiles",
    "Plan",
    "ProbeError",
    "Progress",
    "Run",
    "RunError",
    "RunHeader",
    "Warn",
    "WorkloadShape",
    "cancel",
    "check_endpoint",
    "check_machine",
    "describe_environment",
    "engine_packages",
    "events_path",
    "find_engines",
    "is_loopback",
    "load_run",
    "open_meter",
    "poll",
    "resolve_model",
    "run_from_json",
    "run_sweep",
    "save_run",
    "shipped_models",
    "start_job",
    "stop_leftover",
]
