from __future__ import annotations

import json
import os
import shutil
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from pricing.book import SHIPPED_ON, shipped_book
from pricing.offers import rental_offers
from pricing.price import PriceNotFound
from pricing.upkeep.snapshot_record import SnapshotDamaged
from pricing.upkeep.snapshots import damaged, open_book, snapshots, snapshots_folder, write_snapshot

DAY = date(2026, 12, 1)
NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
RENTAL = "gpu_rental.csv"


def rental_with(usd_per_hour):
    """The shipped rents and one more."""
    row = f"L4,a-seller,neocloud,one-l4,1,,{usd_per_hour},,2026-01-01,https://example.org/prices,\n"
    return (shipped_book().text(RENTAL).rstrip("\n") + "\n" + row).encode()


def write(folder, usd_per_hour=0.5, *, as_of=DAY, at=NOON, parent=None, **more):
    return write_snapshot(
        {RENTAL: rental_with(usd_per_hour)},
        as_of=as_of,
        created_at=at,
        tool="tco-llm 0.1.0",
        parent=parent or shipped_book(),
        folder=folder,
        **more,
    )


def of_seller(book):
    return [offer.on_demand_usd_per_hour for offer in rental_offers(book) if offer.provider == "a-seller"]


def test_a_snapshot_is_read_in_place_of_the_shipped_table(tmp_path):
    info = write(tmp_path)
    book = open_book(folder=tmp_path)
    assert book.id == info.id
    assert book.as_of == DAY
    assert of_seller(book) == [0.5]
    assert of_seller(shipped_book()) == []


def test_a_snapshot_is_named_by_its_day_and_twelve_digits_of_its_hash(tmp_path):
    info = write(tmp_path)
    assert info.id.startswith("2026-12-01-")
    assert len(info.id) == len("2026-12-01-") + 12
    assert [path.name for path in tmp_path.iterdir()] == [info.id]


def test_a_snapshot_holds_only_its_record_and_the_tables_that_differ(tmp_path):
    content = {RENTAL: rental_with(0.5), "electricity.csv": shipped_book().file("electricity.csv").read_bytes()}
    info = write_snapshot(
        content, as_of=DAY, created_at=NOON, tool="tco-llm 0.1.0", parent=shipped_book(), folder=tmp_path
    )
    assert sorted(path.name for path in (tmp_path / info.id).iterdir()) == [RENTAL, "snapshot.json"]
    assert [file.name for file in info.files] == [RENTAL]


def test_tables_that_equal_the_shipped_ones_make_no_snapshot(tmp_path):
    same = {RENTAL: shipped_book().file(RENTAL).read_bytes()}
    with pytest.raises(ValueError, match="nothing differs from the shipped tables"):
        write_snapshot(same, as_of=DAY, created_at=NOON, tool="t", parent=shipped_book(), folder=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_without_snapshots_the_shipped_book_is_opened(tmp_path):
    assert open_book(folder=tmp_path / "none") is shipped_book()
    assert snapshots(tmp_path / "none") == []


def test_a_snapshot_older_than_the_shipped_book_is_opened_only_by_name(tmp_path):
    info = write(tmp_path, as_of=date(2026, 1, 1))
    assert open_book(folder=tmp_path) is shipped_book()
    assert of_seller(open_book(info.id, folder=tmp_path)) == [0.5]


def test_a_snapshot_of_the_shipped_books_own_day_is_newer_than_it(tmp_path):
    info = write(tmp_path, as_of=SHIPPED_ON)
    assert open_book(folder=tmp_path).id == info.id
    assert open_book(SHIPPED_ON.isoformat(), folder=tmp_path).id == info.id


def test_of_two_snapshots_of_a_day_the_later_written_counts(tmp_path):
    write(tmp_path, 0.5, at=NOON)
    second = write(tmp_path, 0.6, at=NOON.replace(hour=13))
    write(tmp_path, 0.7, at=NOON.replace(hour=11))
    assert open_book(folder=tmp_path).id == second.id
    assert open_book("2026-12-01", folder=tmp_path).id == second.id


def test_a_pin_is_an_id_its_beginning_a_date_or_shipped(tmp_path):
    first = write(tmp_path, 0.5)
    second = write(tmp_path, 0.6, as_of=date(2026, 12, 9))
    pins = [second.id, first.id[:14], "2026-12-0", "2026-12-08", "2026-12-09", "2027-01-01", "2026-11-30", "shipped"]
    shipped = shipped_book().id
    opened = []
    for pin in pins:
        try:
            opened.append(open_book(pin, folder=tmp_path).id)
        except PriceNotFound as error:
            opened.append(str(error).partition(":")[0])
    fits_two = "'2026-12-0' fits several price books"
    assert opened == [second.id, first.id, fits_two, first.id, second.id, second.id, shipped, shipped]


def test_the_id_of_the_shipped_book_opens_it(tmp_path):
    write(tmp_path)
    assert open_book(shipped_book().id, folder=tmp_path) is shipped_book()


@pytest.mark.parametrize("pin", ["2020-01-01", "nonsense", "", "2026-13-40", "../../etc"])
def test_an_unknown_pin_lists_what_there_is(pin, tmp_path):
    info = write(tmp_path)
    with pytest.raises(PriceNotFound, match="no price book") as caught:
        open_book(pin, folder=tmp_path)
    assert info.id in str(caught.value)
    assert shipped_book().id in str(caught.value)


def test_a_snapshot_without_its_table_is_refused_and_no_other_book_is_taken(tmp_path):
    info = write(tmp_path)
    (tmp_path / info.id / RENTAL).unlink()
    for pin in (None, info.id):
        with pytest.raises(SnapshotDamaged, match=r"is not used: it lacks its file gpu_rental\.csv\. Delete "):
            open_book(pin, folder=tmp_path)
    assert open_book("shipped", folder=tmp_path) is shipped_book()
    assert list(damaged(tmp_path)) == [info.id]


def test_a_snapshot_with_a_changed_byte_is_refused(tmp_path):
    info = write(tmp_path)
    table = tmp_path / info.id / RENTAL
    table.write_bytes(table.read_bytes().replace(b",0.5,", b",0.1,"))
    with pytest.raises(SnapshotDamaged, match=r"has another gpu_rental\.csv than its record says"):
        open_book(folder=tmp_path)


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (b"{", "has a snapshot.json that is not a record"),
        (b'{"id": 3}', "has a snapshot.json that is not a record"),
        (None, "has no readable snapshot.json"),
    ],
)
def test_a_snapshot_without_a_good_record_is_refused(record, reason, tmp_path):
    info = write(tmp_path)
    path = tmp_path / info.id / "snapshot.json"
    path.unlink()
    if record is not None:
        path.write_bytes(record)
    with pytest.raises(SnapshotDamaged, match=reason):
        open_book(folder=tmp_path)
    assert snapshots(tmp_path) == []


def test_a_record_that_points_out_of_its_folder_is_refused(tmp_path):
    info = write(tmp_path)
    path = tmp_path / info.id / "snapshot.json"
    for name in ("../secret.csv", "/etc/passwd", "a/../../b", ".hidden"):
        record = json.loads(path.read_text())
        record["files"][0]["name"] = name
        path.write_text(json.dumps(record))
        with pytest.raises(SnapshotDamaged, match="not a record"):
            open_book(folder=tmp_path)


def test_a_renamed_snapshot_is_refused(tmp_path):
    info = write(tmp_path)
    (tmp_path / info.id).rename(tmp_path / "2026-12-24-0123456789ab")
    with pytest.raises(SnapshotDamaged, match=f"says in snapshot.json that it is {info.id}"):
        open_book(folder=tmp_path)


def test_a_record_of_a_newer_version_asks_for_an_upgrade(tmp_path):
    info = write(tmp_path)
    path = tmp_path / info.id / "snapshot.json"
    record = json.loads(path.read_text()) | {"schema_number": 2, "tool": "tco-llm 9.0"}
    path.write_text(json.dumps(record))
    with pytest.raises(SnapshotDamaged, match=r"was written by a newer version \(tco-llm 9\.0\); upgrade"):
        open_book(folder=tmp_path)


def test_a_pinned_snapshot_over_other_shipped_tables_is_not_passed_off_as_the_same(tmp_path, monkeypatch):
    info = write(tmp_path)
    old = tmp_path / "2026-12-01-0123456789ab"  # as if another version's shipped tables had been under it
    (tmp_path / info.id).rename(old)
    record = json.loads((old / "snapshot.json").read_text()) | {"id": old.name, "base": "2026-10-01-aaaaaaaaaaaa"}
    (old / "snapshot.json").write_text(json.dumps(record))
    with pytest.raises(PriceNotFound, match=r"made by tco-llm 0\.1\.0 over the tables of 2026-10-01-aaaaaaaaaaaa"):
        open_book(old.name, folder=tmp_path)
    assert (
        open_book(folder=tmp_path).id == info.id
    )  # as the newest prices it is used, under the id of what it makes now


def test_what_ends_the_writing_leaves_the_folder_as_it_was(tmp_path, monkeypatch):
    info = write(tmp_path)
    before = sorted(path.name for path in tmp_path.rglob("*"))

    def interrupted(descriptor):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write(tmp_path, 0.6)
    assert sorted(path.name for path in tmp_path.rglob("*")) == before
    assert open_book(folder=tmp_path).id == info.id


def test_what_a_killed_writing_left_is_no_snapshot(tmp_path):
    info = write(tmp_path)
    shutil.copytree(tmp_path / info.id, tmp_path / ".new-abc")
    (tmp_path / "notes.txt").write_text("mine")
    assert [known.id for known in snapshots(tmp_path)] == [info.id]


def test_a_snapshot_is_never_written_over(tmp_path):
    first = write(tmp_path)
    again = write(tmp_path, at=NOON.replace(hour=18))
    assert again == first
    assert len(list(tmp_path.iterdir())) == 1


def test_a_snapshot_that_another_refresh_writes_in_the_same_moment_is_kept(tmp_path, monkeypatch):
    first = write(tmp_path)
    seen = []

    def not_yet(path, **options):
        seen.append(path)
        return len(seen) > 1  # the first look finds nothing, as before the other one was there

    monkeypatch.setattr(Path, "exists", not_yet)
    assert write(tmp_path, at=NOON.replace(hour=18)) == first
    monkeypatch.undo()
    assert [path.name for path in tmp_path.iterdir()] == [first.id]


def test_a_second_snapshot_carries_on_what_the_first_had(tmp_path):
    write(tmp_path)
    first = open_book(folder=tmp_path)
    figures = shipped_book().text("electricity.csv").replace(",industrial,0.", ",industrial,1.").encode()
    info = write_snapshot(
        {"electricity.csv": figures},
        as_of=date(2026, 12, 2),
        created_at=NOON,
        tool="t",
        parent=first,
        folder=tmp_path,
    )
    assert (info.parent, info.base) == (first.id, shipped_book().id)
    assert [file.name for file in info.files] == ["electricity.csv", RENTAL]
    assert of_seller(open_book(folder=tmp_path)) == [0.5]


@pytest.mark.parametrize("name", ["../x.csv", "/x.csv", "a//b", "", "snapshot.json"])
def test_a_name_outside_the_tables_is_not_written(name, tmp_path):
    with pytest.raises(ValueError, match="not paths under pricing/data/"):
        write_snapshot({name: b"x"}, as_of=DAY, created_at=NOON, tool="t", parent=shipped_book(), folder=tmp_path)


def test_the_environment_names_the_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("TCO_PRICES_FOLDER", str(tmp_path))
    assert snapshots_folder() == tmp_path
    info = write(None)
    assert [path.name for path in tmp_path.iterdir()] == [info.id]


def test_the_usual_folder_is_in_the_users_data(monkeypatch, tmp_path):
    monkeypatch.delenv("TCO_PRICES_FOLDER", raising=False)
    monkeypatch.setattr("platformdirs.user_data_dir", lambda name, appauthor: str(tmp_path / name))
    assert snapshots_folder() == Path(tmp_path, "tco-llm", "prices")
