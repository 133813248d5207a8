from __future__ import annotations

import os
import subprocess
import sys

import pytest

from probes.energy.owners import owners_count


def test_nobody_is_no_owner():
    assert owners_count([]) == 0


def test_a_process_that_cannot_be_looked_up_is_an_owner_of_its_own():
    assert owners_count([2**22 + 1, 2**22 + 2, 2**70, os.getpid()]) == 4


@pytest.mark.slow
@pytest.mark.parametrize(("own_group", "expected"), [(False, 1), (True, 2)])
def test_workers_in_the_engines_group_are_its_own_and_another_job_is_not(own_group, expected):
    wait = [sys.executable, "-c", "input()"]
    with subprocess.Popen(wait, stdin=subprocess.PIPE, process_group=0 if own_group else None) as worker:
        assert expected == owners_count([os.getpid(), worker.pid])
