"""The parts of a probe: load curve, goodput, length mixes, prefill, context, trace; which points each takes and what it may spend."""
