"""The report as a Word document."""

from tco.report.docx.write import write_docx

__all__ = ["write_docx"]
