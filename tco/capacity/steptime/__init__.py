"""How long one step of an engine takes, by what is in it: fitted to a run, or from a data sheet."""
