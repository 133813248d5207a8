"""A server that dies, hangs, refuses or lies while the real command measures it: exit code, sentence, and what is in the file."""

from __future__ import annotations

import socket
import ssl
import threading
import time

import pytest

from tests.probes.faults.command import Command, Proxy, serving
from tests.probes.loadgen.scripted import self_signed

pytestmark = pytest.mark.slow


def test_a_server_that_is_killed_in_a_load_point_leaves_a_run_that_says_so(tmp_path):
    with serving(prefill_ms=150, tpot_ms=1) as server:
        # So many that the load point is not over before its server is.
        command = Command.run(tmp_path, server.url, "--concurrency", "8", "--repeats", "40")
        command.wait_for("warmup")
        time.sleep(1.0)
        server.kill()
        ended = command.end()
    run = command.saved()
    (cell,) = run.cells
    assert (5, False, False, []) == (ended.code, run.complete, cell.complete, run.usable_cells)
    # What ran was cut off; what came after found nobody there.
    assert "connection_refused" in cell.failures
    assert set(cell.failures) <= {"connection_refused", "connection_failed", "dropped_mid_stream"}
    assert cell.requests_failed == sum(cell.failures.values())
    assert cell.requests_ok * 8 == cell.output_tokens
    assert "requests failed (" in run.incomplete_reason
    assert "incomplete (concurrency 8: " in ended.stderr
    command.no_process_left()


def test_a_server_that_stops_answering_is_cut_off_by_the_budget(tmp_path):
    with serving(prefill_ms=5, tpot_ms=1, fail="stall", fail_after=60) as server:
        command = Command.run(tmp_path, server.url, "--concurrency", "2", "--repeats", "40", "--budget", "3s")
        ended = command.end()
    run = command.saved()
    (cell,) = run.cells
    assert (5, "budget", "budget", False) == (ended.code, run.incomplete_reason, cell.reason, cell.complete)
    assert 0 < cell.requests_ok <= 60
    assert "go on with `tco probe resume run.json`" in " ".join(ended.stderr.split())
    command.no_process_left()


def test_a_connection_that_is_neither_read_nor_closed_is_cut_off_by_the_budget(tmp_path):
    with serving(prefill_ms=20, tpot_ms=1) as server, Proxy(server.url) as proxy:
        command = Command.run(tmp_path, proxy.url, "--concurrency", "2", "--repeats", "40", "--budget", "4s")
        command.wait_for("warmup")
        time.sleep(0.8)
        proxy.freeze()
        ended = command.end()
        command.no_process_left()
    run = command.saved()
    (cell,) = run.cells
    assert (5, "budget", "budget") == (ended.code, run.incomplete_reason, cell.reason)
    assert cell.requests_ok * 8 == cell.output_tokens > 0


def test_a_port_that_takes_connections_and_never_answers_is_exit_3(tmp_path):
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        command = Command.run(tmp_path, f"http://127.0.0.1:{listener.getsockname()[1]}", "--concurrency", "1")
        ended = command.end()
    assert 3 == ended.code
    assert "error: http://127.0.0.1:" in ended.stderr
    assert not (tmp_path / "run.json").exists()


def test_too_many_refusals_refuse_the_cell_and_waiting_is_told(tmp_path):
    with serving(prefill_ms=5, tpot_ms=1, fail="429", fail_after=30, fail_every=4, retry_after="0.1") as server:
        command = Command.run(tmp_path, server.url, "--concurrency", "4")
        ended = command.end()
    run = command.saved()
    (cell,) = run.cells
    assert (5, ["http_429"]) == (ended.code, list(cell.failures))
    assert f"(http_429 {cell.requests_failed}); at most 10% may" in run.incomplete_reason
    assert "retry_wait" in [warn.code for warn in cell.warnings]


def test_an_endpoint_that_refuses_from_the_first_request_says_how_long_to_wait(tmp_path):
    with serving(fail="429", retry_after="30") as server:
        ended = Command.run(tmp_path, server.url, "--concurrency", "1").end()
    assert 3 == ended.code
    assert "It asks to wait 30 s." in ended.stderr
    assert not (tmp_path / "run.json").exists()


def test_a_certificate_that_nobody_signed_is_refused_with_what_to_do(tmp_path):
    context = self_signed(tmp_path).server_side

    def greet(listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            try:
                context.wrap_socket(client, server_side=True).close()
            except (ssl.SSLError, OSError):
                client.close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=greet, args=(listener,), daemon=True).start()
        url = f"https://127.0.0.1:{listener.getsockname()[1]}"
        ended = Command.run(tmp_path, url, "--concurrency", "1").end()
        listener.shutdown(socket.SHUT_RDWR)
    words = " ".join(ended.stderr.split())
    assert 3 == ended.code
    assert "Nobody that this machine trusts has signed the server's certificate" in words
    assert "SSL_CERT_FILE" in words


def test_a_model_that_is_not_served_is_named_beside_those_that_are(tmp_path):
    with serving() as server:
        ended = Command.run(tmp_path, server.url, "--served-model", "other").end()
    assert 3 == ended.code
    assert "does not serve 'other'; it serves fake-model. Set --served-model to one of them." in ended.stderr
    assert not (tmp_path / "run.json").exists()


def test_a_context_that_is_too_short_is_told_before_anything_is_measured(tmp_path):
    with serving(context_tokens=100) as server:
        ended = Command.run(tmp_path, server.url, "--input-tokens", "96").end()
    words = " ".join(ended.stderr.split())
    assert 2 == ended.code
    assert "This model's maximum context length is 100 tokens." in words
    assert "The probe asked for 8 tokens after a prompt of 96." in words
    assert "Lower --input-tokens or --output-tokens" in words
    assert not (tmp_path / "run.json").exists()


def test_a_server_that_counts_twice_what_it_streams_carries_no_decision(tmp_path):
    with serving(prefill_ms=5, tpot_ms=1, usage_factor=2.0) as server:
        command = Command.run(tmp_path, server.url, "--concurrency", "1")
        ended = command.end()
    run = command.saved()
    (cell,) = run.cells
    assert (5, False, []) == (ended.code, cell.complete, run.usable_cells)
    told, seen = 16 * cell.requests_ok, 8 * cell.requests_ok
    assert f"the server's usage says {told} output tokens where its chunks held {seen}" in cell.reason
    assert "usage_disagrees" in [warn.code for warn in run.warnings]
    assert run.engine.capabilities["usage_truthful"] is False
