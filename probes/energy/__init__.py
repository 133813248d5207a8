"""Power and energy of the machine that is probed."""
