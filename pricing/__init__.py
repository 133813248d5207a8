"""What things cost, as listed, on a date, with a link: API tokens, GPU hours, servers, electricity, licences.

Knows nothing of probes or of the model that uses the prices. See docs/pricing.md. The public names are in `__init__.pyi`; each
is loaded when it is first used, so that a command that needs one price does not wait for the whole book.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
