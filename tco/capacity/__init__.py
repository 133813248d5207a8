"""From a run to replicas: the load at which the latency promise holds, whole replicas, spares."""
