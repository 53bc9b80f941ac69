"""Copies of a box: whole, made while it sells, put back with nothing thrown away."""

import shutil
import sqlite3
from pathlib import Path

import pytest

from edge.backup import BadCopy, back_up, next_series, read_manifest, restore
from edge.claim import InUse
from edge.order_state import load_order
from edge.printing.links import ReceiptLinks, secret_in

NOW_MS = 1_795_500_000_000


def copy_of(folder, file):
    return back_up(folder, file, now_ms=NOW_MS, product="kedai test", outlet="Kedai Dago")


@pytest.fixture
async def sold(box, guest):
    """A box that has sold something, and the order."""
    placed = guest.place("nasi-kecil")
    await box.taking.take(guest.asks(placed))
    return placed


async def test_a_copy_made_while_the_box_sells_holds_all_that_was_taken(box, sold, tmp_path):
    copy = tmp_path / "copies" / "monday.db"
    made = copy_of(box.data_dir, copy)
    assert made == read_manifest(copy)
    assert (made.orders, made.position) == (1, box.journal.position)
    with sqlite3.connect(copy) as db:
        assert load_order(db, sold.order_id).number == "A001"
    db.close()
    assert not list(copy.parent.glob("*.new"))


async def test_the_key_never_goes_into_a_copy(box, sold, tmp_path):
    box.node.public_key()
    key = (box.data_dir / "node.key").read_bytes()
    copy = tmp_path / "copy.db"
    copy_of(box.data_dir, copy)
    assert key not in copy.read_bytes()


async def test_printed_codes_are_read_by_the_machine_that_a_copy_is_put_on(box, sold, tmp_path):
    code = box.receipt_links.code(sold.order_id)
    copy = tmp_path / "copy.db"
    copy_of(box.data_dir, copy)
    other = tmp_path / "other machine"
    other.mkdir()
    restore(copy, other, aside="before")
    secret = secret_in(other, bytes(range(32)))
    assert ReceiptLinks(secret, "", other).find_order(code) == sold.order_id
    assert box.receipt_secret.hex().encode() not in (other / "box.db").read_bytes()
    assert (other / "receipts-known.keys").stat().st_mode & 0o777 == 0o600

    second = tmp_path / "second copy.db"
    copy_of(other, second)
    third = tmp_path / "third machine"
    third.mkdir()
    restore(second, third, aside="before")
    links = ReceiptLinks(bytes(32), "", third)
    assert links.find_order(code) == sold.order_id, "through any number of machines"


async def test_a_running_box_is_never_restored_under_its_feet(box, sold, tmp_path):
    copy = tmp_path / "copy.db"
    copy_of(box.data_dir, copy)
    with pytest.raises(InUse):
        restore(copy, box.data_dir, aside="before")
    assert await box.database.read(lambda db: load_order(db, sold.order_id))


async def test_after_a_restore_the_old_orders_are_there_and_new_ones_have_a_new_series(
    box, make_box, sold, guest, tmp_path
):
    copy = tmp_path / "copy.db"
    copy_of(box.data_dir, copy)
    later = guest.place("nasi-kecil")
    await box.taking.take(guest.asks(later))
    await box.stop()

    restore(copy, box.data_dir, aside="before-restore")
    again = await make_box(folder=box.data_dir)
    assert await again.database.read(lambda db: load_order(db, later.order_id)) is None
    third = guest.place("nasi-kecil")
    taken = await again.taking.take(guest.asks(third))
    assert taken.order.number == "B002"
    with sqlite3.connect(box.data_dir / "before-restore" / "box.db") as db:
        assert load_order(db, later.order_id).number == "A002", "nothing is thrown away"
    db.close()


async def test_a_damaged_copy_is_refused_and_changes_nothing(box, sold, tmp_path):
    copy = tmp_path / "copy.db"
    copy_of(box.data_dir, copy)
    await box.stop()
    with sqlite3.connect(copy) as db:
        db.execute("UPDATE journal SET body = x'7b7d' WHERE position = 2")
    db.close()
    before = (box.data_dir / "box.db").read_bytes()
    with pytest.raises(BadCopy, match="differs from its chain"):
        restore(copy, box.data_dir, aside="before")
    assert (box.data_dir / "box.db").read_bytes() == before
    assert not (box.data_dir / "before").exists()


@pytest.mark.parametrize("content", [b"", b"not a database at all", b"SQLite format 3\x00" * 99])
def test_a_file_that_is_no_copy_is_refused(tmp_path, content):
    file = tmp_path / "holiday.jpg"
    file.write_bytes(content)
    with pytest.raises(BadCopy):
        restore(file, tmp_path / "data", aside="before")
    assert not (tmp_path / "data" / "box.db").exists()


def test_there_is_no_copy_of_nothing(tmp_path):
    with pytest.raises(BadCopy, match=r"no box\.db"):
        copy_of(tmp_path, tmp_path / "copy.db")


@pytest.mark.parametrize(
    ("series", "after"), [("A", "B"), ("Y", "Z"), ("Z", "AA"), ("AZ", "BA"), ("ZZ", "AAA")]
)
def test_the_series_of_order_numbers_goes_on(series, after):
    assert next_series(series) == after


async def test_a_power_cut_in_the_middle_of_a_restore_leaves_all_that_was_acknowledged(
    make_heart, menu, guest, tmp_path, monkeypatch
):
    heart = await make_heart("running", menu=menu)
    copy_of(heart.folder, tmp_path / "copy.db")
    for _ in range(3):
        await heart.taking.take(guest.asks(guest.place()))
    cut_off = tmp_path / "cut-off"
    cut_off.mkdir()
    for name in ("box.db", "box.db-wal"):
        shutil.copy(heart.folder / name, cut_off / name)
    rename = Path.rename

    def rename_until_the_cut(file, to):
        if file.name == "box.db":
            raise InterruptedError
        return rename(file, to)

    monkeypatch.setattr(Path, "rename", rename_until_the_cut)
    with pytest.raises(InterruptedError):
        restore(tmp_path / "copy.db", cut_off, aside="before")
    with sqlite3.connect(cut_off / "box.db") as db:
        assert db.execute("SELECT count(*) FROM orders").fetchone() == (3,)
    db.close()
