from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from probes import JobState
from probes.jobs.records import EndedJob, JobRequest
from probes.jobs.time_left import TimeLeft
from tco.job_words import CANCELLED, CANCELLED_KEPT, counted, ended_text, in_words, log_of

REQUEST = JobRequest(title="m", where="here", load="1", limit_s=1, start_s=1, settle=lambda events: ([], events))
ENDED = {"kind": "ended", "message": "nothing usable was measured."}
FAILED = {"kind": "failed", "message": "no such server", "log_tail": "traceback"}


def ended(outcome, *events, log="", out=None):
    state = JobState(events=events, running=False, exit_code=None, log_tail=log)
    when = datetime(2026, 11, 30, tzinfo=UTC)
    return EndedJob(number=1, request=REQUEST, out=out, state=state, outcome=outcome, ended_at=when, took_s=1)


@pytest.mark.parametrize(
    ("job", "sentence"),
    [
        (ended("complete", {"kind": "ended", "message": "r.json: 2 cells, complete."}), "r.json: 2 cells, complete."),
        (ended("complete"), "The probe is done."),
        (ended("failed", FAILED, ENDED, log="x"), "no such server"),
        (ended("incomplete", ENDED, log="x"), "nothing usable was measured."),
        (ended("failed", log="first\nlast words\n"), "last words"),
        (ended("failed"), "The probe ended without a word."),
        (ended("cancelled", ENDED), CANCELLED),
        (ended("cancelled", ENDED, out=Path("r.json")), CANCELLED_KEPT),
    ],
)
def test_how_a_probe_ended_is_told_in_its_own_words_where_it_has_some(job, sentence):
    assert sentence == ended_text(job)


def test_the_log_is_the_engines_where_it_failed():
    assert "traceback" == log_of(ended("failed", FAILED, ENDED, log="x"))
    assert "x" == log_of(ended("failed", FAILED | {"log_tail": ""}, log="x"))
    assert "x" == log_of(ended("failed", ENDED, log="x"))
    assert "empty" == log_of(ended("failed"))


def test_load_points_are_counted_once_there_are_any():
    def at(*events):
        return counted(JobState(events=events, running=True, exit_code=None, log_tail=""))

    assert (0.0, "not measuring yet") == at()
    assert (0.0, "not measuring yet") == at({"kind": "engine_start"})
    assert (0.5, "2 of 4 load points") == at({"kind": "cell", "cells_done": 2, "cells_total": 4})


def test_a_time_that_nobody_knows_is_not_told():
    assert "a time that is not known" == in_words(TimeLeft(left_s=None, is_limit=True))
