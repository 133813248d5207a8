"""A stand-in for an engine: a process tree that does not want to end.

`python stubborn_tree.py DEPTH` ignores SIGTERM and SIGINT, starts a child of DEPTH - 1 in a session of its own, writes `ready N` and sleeps. The child's parent may end: an
engine's workers survive theirs in the same way.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import time

signal.signal(signal.SIGTERM, signal.SIG_IGN)
signal.signal(signal.SIGINT, signal.SIG_IGN)
depth = int(sys.argv[1])
if depth > 1:
    subprocess.Popen([sys.executable, __file__, str(depth - 1)], start_new_session=True)
sys.stdout.write(f"ready {depth}\n")
sys.stdout.flush()
time.sleep(600)
