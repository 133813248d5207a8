"""Probing where the hardware is: one file that holds the tool, a host that is reached by ssh, a Job of a cluster."""
