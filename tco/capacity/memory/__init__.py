"""What fits into a GPU's memory: weights, overheads, the KV cache, and how many sequences run at once."""
