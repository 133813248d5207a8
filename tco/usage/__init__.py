"""What was really used: exports and logs of vendors, gateways and traces, as the `workload` of a scenario.

`read_usage` brings every source to one table without prompts, answers or identities; `workload_of` makes a workload of it, and says what the table cannot tell; `bills` holds what was paid
against the price book; `put_in` puts the workload into a scenario.
"""

from tco.usage.bill import ModelBill, bills, together
from tco.usage.derive import workload_of
from tco.usage.derived import Derived
from tco.usage.lines import UsageFile
from tco.usage.put_in import put_in, workload_text
from tco.usage.read import ReadOptions, read_usage
from tco.usage.row import Asked
from tco.usage.sources import SOURCES
from tco.usage.table import Usage
from tco.usage.times import zone_named

__all__ = [
    "SOURCES",
    "Asked",
    "Derived",
    "ModelBill",
    "ReadOptions",
    "Usage",
    "UsageFile",
    "bills",
    "put_in",
    "read_usage",
    "together",
    "workload_of",
    "workload_text",
    "zone_named",
]
