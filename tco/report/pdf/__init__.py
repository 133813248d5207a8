"""The report as PDF, set by typst."""

from tco.report.pdf.write import write_pdf

__all__ = ["write_pdf"]
