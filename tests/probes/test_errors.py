from probes.errors import ProbeError


def test_an_error_keeps_its_kind_and_the_engines_last_lines():
    error = ProbeError("out_of_memory", "lower it", log_tail="CUDA out of memory")
    assert (error.kind, str(error), error.log_tail) == ("out_of_memory", "lower it", "CUDA out of memory")


def test_without_an_engine_there_are_no_lines():
    assert ProbeError("bad_arguments", "x").log_tail == ""
