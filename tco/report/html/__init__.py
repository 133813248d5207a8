"""The report as one HTML file that loads nothing and runs nothing."""

from tco.report.html.write import write_html

__all__ = ["write_html"]
