from .architectures import ModelSource, resolve_model, shipped_models
from .cell import Cell
from .endpoint import Endpoint, is_loopback
from .energy.choose import open_meter
from .engines import FoundEngine, find_engines, stop_leftover
from .environment import Finding, check_machine, describe_environment, engine_packages
from .errors import ProbeError
from .job import Job, JobState, cancel, events_path, poll, start_job
from .progress import Progress
from .record import Interval, Percentiles, Warn
from .run import Plan, Run, WorkloadShape
from .run_file import RunError, load_run, run_from_json, save_run
from .servers.models_page import check_endpoint
from .setting import Engine, Environment, Gpu, Model
from .stages.ledger import RunHeader
from .stages.sweep import run_sweep

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
