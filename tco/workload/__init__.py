"""Demand: traffic shape by hour of week and month."""
