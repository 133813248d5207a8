"""What one endpoint on this hardware really does: start or reach an engine, load it, measure, keep the run.

Start with `describe_environment` (what is here), `resolve_model` and `engines.start_vllm` (what is run), `run_sweep` (measure), `load_run` (read a run again).
The public names are in `__init__.pyi`; each is loaded when it is first used, so that a load worker starts in an instant.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
