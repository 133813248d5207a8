"""What a batching engine does with given traffic: continuous batching step by step, at the step times of a machine."""
