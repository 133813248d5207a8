"""How far predicted latency and throughput miss a real vLLM, on loads that were not used for fitting."""
