"""The workbook: an answer whose results are live formulas down to its inputs."""

from tco.report.xlsx.write import write_xlsx

__all__ = ["write_xlsx"]
