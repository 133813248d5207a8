"""Options made of others: base load on one's own replicas with overflow to an API, and a small model with a large one behind it."""
