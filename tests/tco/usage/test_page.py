"""docs/usage.md is of these sources, and its SQL is of what their reader asks for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tco.usage import SOURCES
from tests.tco.usage.samples import of_text

PAGE = (Path(__file__).parents[3] / "docs" / "usage.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", SOURCES)
def test_every_source_has_its_line(name):
    assert f"\n| `{name}` |" in PAGE


def test_the_sql_takes_what_is_read_and_nothing_that_anybody_wrote():
    sql = re.search(r"```sql\n(.*?)```", PAGE, re.DOTALL)[1]
    select = sql[sql.index("SELECT") : sql.index("FROM")]
    plain = [
        name.strip().strip('"')
        for name in select.partition("COALESCE")[0].removeprefix("SELECT").split(",")
        if name.strip()
    ]
    columns = [*plain, *re.findall(r" AS (\w+)", select)]
    values = dict.fromkeys(columns, "") | {
        "startTime": "2026-11-02 09:00:00", "model": "m", "prompt_tokens": "100", "completion_tokens": "10", "total_tokens": "110",
        "cache_read_input_tokens": "40", "cache_creation_input_tokens": "20", "reasoning_tokens": "4", "status": "success",
    }  # fmt: skip
    usage = of_text(",".join(columns) + "\n" + ",".join(values[name] for name in columns) + "\n")

    assert ("litellm", 40, 40, 20, 6, 4) == (
        usage.files[0].source,
        *(usage.totals[f"{name}_tokens"] for name in ("input_uncached", "cache_read", "cache_write", "output_visible", "output_reasoning")),
    )  # fmt: skip
    assert not {"messages", "response", "requester_ip_address", "api_key", "user", "end_user"} & set(columns)
