"""Grids of scenarios: every combination of models, GPUs, workloads, policies, answered over processes or a cluster."""

from tco.grid.axes import Axis, Choice
from tco.grid.backends import BACKENDS, Backend
from tco.grid.grid_file import Grid, load_grid, parse_grid
from tco.grid.job import Job, make_job
from tco.grid.point import GridPoint, OptionAnswer
from tco.grid.results_file import ResultsFile, open_results
from tco.grid.run_grid import Ended, run_grid
from tco.grid.summary import MEASURES, AxisSummary, Flip, Measure, Summary, summarise
from tco.grid.table_file import write_table
from tco.grid.worker import WorkerError

__all__ = [
    "BACKENDS",
    "MEASURES",
    "Axis",
    "AxisSummary",
    "Backend",
    "Choice",
    "Ended",
    "Flip",
    "Grid",
    "GridPoint",
    "Job",
    "Measure",
    "OptionAnswer",
    "ResultsFile",
    "Summary",
    "WorkerError",
    "load_grid",
    "make_job",
    "open_results",
    "parse_grid",
    "run_grid",
    "summarise",
    "write_table",
]
