"""Probes that wait for each other beside a long-lived app: a queue, and the thread that keeps it going."""
