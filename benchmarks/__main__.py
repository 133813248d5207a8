"""`make bench`: the benchmarks that take minutes, one after the other. Figures are ratios between two ways in one run, never bare seconds.

Some are run by themselves: `python -m benchmarks.client_beside_peers` (installs GuideLLM and AIPerf, half an hour),
`python -m benchmarks.layer_slicing` (an engine for each depth, half an hour), `python -m benchmarks.simulator_speed` (needs a trace and two peers),
and `python -m benchmarks.app_speed` (needs Chromium).
"""

from __future__ import annotations

from benchmarks import appraisal_beside_pyxirr, price_book, price_paths, probe_beside_vllm_bench, week_by_strata

if __name__ == "__main__":
    appraisal_beside_pyxirr.main()
    price_book.main()
    price_paths.main()
    probe_beside_vllm_bench.main()
    week_by_strata.main()
