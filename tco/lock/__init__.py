"""Lock files: what an answer rested on and what it was, so that it can be had again, or is refused with what has changed."""

from tco.lock.check import evaluate_locked, require_locked
from tco.lock.lock_file import default_path, read_lock, write_lock
from tco.lock.make import lock_of
from tco.lock.records import Lock

__all__ = ["Lock", "default_path", "evaluate_locked", "lock_of", "read_lock", "require_locked", "write_lock"]
