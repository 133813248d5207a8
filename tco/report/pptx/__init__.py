"""The report as slides with native charts."""

from tco.report.pptx.write import write_pptx

__all__ = ["write_pptx"]
