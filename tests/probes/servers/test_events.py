from probes.servers.events import events


def test_several_events_in_one_read_arrive_together():
    assert list(events([(5, b"data: 1\n\ndata: 2\n\n")])) == [(5, "", b"1"), (5, "", b"2")]


def test_an_event_cut_over_three_reads_arrives_with_its_last_data_byte():
    reads = [(1, b"da"), (2, b"ta: hel"), (3, b"lo\n"), (4, b"\n")]
    assert list(events(reads)) == [(3, "", b"hello")]


def test_carriage_returns_comments_and_a_missing_last_blank_line_are_accepted():
    reads = [(1, b": ping\r\n\r\ndata: a\r\n\r\nevent: x\r\ndata: b")]
    assert list(events(reads)) == [(1, "", b"a"), (1, "x", b"b")]


def test_data_lines_of_one_event_are_joined_as_the_standard_says():
    assert list(events([(1, b"data: a\ndata: b\n\n")])) == [(1, "", b"a\nb")]
