"""The disk model finds what it is there to find: each careless way of keeping a file loses here."""

import sqlite3
from random import Random

import apsw
import pytest
from simulation.disk import Disk, PowerCut
from simulation.images import Bench, dice, moments
from simulation.medium import Image, Medium, Op

TRANSACTIONS = 40


def run(disk, *pragmas, how="psow=0", transactions=TRANSACTIONS):
    """Commits rows one by one; when each was acknowledged, counted in operations of the disk."""
    disk.log = []
    db = disk.connect("box.db", writes=True, how=how)
    for pragma in pragmas:
        db.execute(f"PRAGMA {pragma}").fetchall()
    db.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT)")
    db.execute("CREATE INDEX by_text ON notes (text)")
    acks = []
    for number in range(1, transactions + 1):
        db.execute("BEGIN IMMEDIATE")
        text = f"{number * 7919 % 1000:03} {'x' * 300}"
        db.execute("INSERT INTO notes VALUES (?,?)", (number, text))
        db.execute("COMMIT")
        acks.append((len(disk.log), number))
    db.close()
    return acks


def notebook(disk, synchronous="FULL"):
    db = disk.connect("box.db", writes=True)
    for pragma in ("journal_mode=WAL", f"synchronous={synchronous}"):
        db.execute(f"PRAGMA {pragma}").fetchall()
    db.execute("CREATE TABLE notes (text)")
    return db


def look(db):
    if db.execute("PRAGMA integrity_check").fetchone() != ("ok",):
        return None
    if not db.execute("SELECT 1 FROM sqlite_schema WHERE name = 'by_text'").fetchone():
        return 0
    return db.execute("SELECT max(id) FROM notes").fetchone()[0] or 0


def damage(log, acks, policies, lie=0.0, seed=1):
    """(most acknowledged rows lost in one image, corrupt images, images)."""
    lost = corrupt = images = 0
    with Bench() as bench:
        for at, medium in moments(Image({}), log, lie=lie, rng=Random(seed)):
            acked = max((n for when, n in acks if when <= at), default=0)
            for policy in policies:
                images += 1
                try:
                    found = bench.open(medium.image(policy, dice(seed, at, policy)), look)
                except sqlite3.DatabaseError:
                    found = None
                corrupt += found is None
                lost = max(lost, acked - (found or 0))
    return lost, corrupt, images


@pytest.fixture
def disk():
    made = Disk(1)
    yield made
    made.close()


WAL = ("journal_mode=WAL", "wal_autocheckpoint=16")


def test_full_loses_nothing_whatever_the_disk_does_to_unflushed_writes(disk):
    acks = run(disk, *WAL, "synchronous=FULL")
    lost, corrupt, images = damage(disk.log, acks, ("kill9", "strict", "torn", "smash4k"))
    assert (lost, corrupt) == (0, 0)
    assert images > 1_500


def test_normal_loses_what_was_acknowledged(disk):
    acks = run(disk, *WAL, "synchronous=NORMAL")
    lost, corrupt, _ = damage(disk.log, acks, ("strict",))
    assert lost >= 3
    assert corrupt == 0


def test_off_destroys_the_file(disk):
    acks = run(disk, *WAL, "synchronous=OFF")
    lost, corrupt, _ = damage(disk.log, acks, ("strict", "torn"))
    assert lost > 0
    assert corrupt > 10


def test_a_dead_process_loses_nothing_even_without_flushes(disk):
    acks = run(disk, *WAL, "synchronous=OFF")
    assert damage(disk.log, acks, ("kill9",))[:2] == (0, 0)


def test_a_rollback_journal_loses_the_last_commit_when_its_deletion_is_not_flushed(disk):
    acks = run(disk, "journal_mode=DELETE", "synchronous=FULL")
    lost, corrupt, _ = damage(disk.log, acks, ("strict", "torn"))
    assert (lost, corrupt) == (1, 0)


def test_a_rollback_journal_with_its_folder_flushed_loses_nothing(disk):
    acks = run(disk, "journal_mode=DELETE", "synchronous=EXTRA")
    assert damage(disk.log, acks, ("strict", "torn"))[:2] == (0, 0)


def test_flushes_that_lie_lose_what_was_acknowledged(disk):
    acks = run(disk, *WAL, "synchronous=FULL")
    assert damage(disk.log, acks, ("strict",), lie=0.2)[0] > 0


def test_a_destroyed_flash_page_takes_the_commit_before_unless_psow_is_off(disk):
    acks = run(disk, *WAL, "synchronous=FULL", how="psow=1")
    assert damage(disk.log, acks, ("smash4k",))[0] > 0
    # With psow=0 each commit is padded to the end of its flash page: see the first test.


def test_what_is_not_flushed_is_gone_and_what_is_flushed_stays():
    medium = Medium()
    medium.apply(Op("open", "a", 1))
    medium.apply(Op("write", "a", 1, 0, b"x" * 600))
    assert medium.image("strict", Random(1)).files == {}
    assert medium.image("kill9", Random(1)).files == {"a": b"x" * 600}
    medium.apply(Op("sync", "a", 1))
    medium.apply(Op("write", "a", 1, 0, b"y" * 600))
    assert medium.image("strict", Random(1)).files == {"a": b"x" * 600}
    found = {medium.image("torn", Random(i)).files["a"] for i in range(50)}
    assert {b"x" * 600, b"y" * 600, b"y" * 512 + b"x" * 88, b"x" * 512 + b"y" * 88} == found


def test_any_flush_keeps_names_that_were_made_or_deleted_before_it():
    medium = Medium(Image({"old": b"1"}))
    medium.apply(Op("open", "new", 2))
    medium.apply(Op("delete", "old", 1))
    assert set(medium.image("strict", Random(1)).files) == {"old"}
    medium.apply(Op("sync", "new", 2))
    assert set(medium.image("strict", Random(1)).files) == {"new"}


def test_a_failed_flush_drops_the_pages_and_a_second_one_does_not_bring_them_back(disk):
    db = notebook(disk)
    disk.fail_fsync_at(1)
    with pytest.raises(apsw.IOError) as failed:
        db.execute("INSERT INTO notes VALUES ('satu')")
    assert failed.value.extendedresult == apsw.SQLITE_IOERR_FSYNC
    before = disk.medium.image("strict", Random(1))
    inode = disk.medium.names["box.db-wal"]
    disk.medium.apply(Op("sync", "box.db-wal", inode.number))
    assert disk.medium.image("strict", Random(1)) == before


def test_the_power_goes_at_the_operation_one_chose_and_the_handle_stays_dead(disk):
    db = notebook(disk)
    disk.on_op = lambda op: disk.cut() if op.kind == "sync" else None
    with pytest.raises(PowerCut):
        db.execute("INSERT INTO notes VALUES ('satu')")
    with pytest.raises(PowerCut):
        disk.connect("box.db", writes=True)
    disk.on_op = None
    disk.crash("strict")
    with pytest.raises(apsw.ConnectionClosedError):
        db.execute("SELECT * FROM notes")
    again = disk.connect("box.db", writes=True)
    assert again.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert again.execute("SELECT text FROM notes").fetchall() == [("satu",)]


def test_what_a_killed_process_left_in_the_page_cache_can_still_be_lost(disk):
    db = notebook(disk, "NORMAL")
    disk.crash("kill9")
    with pytest.raises(apsw.ConnectionClosedError):
        db.execute("SELECT count(*) FROM notes")
    again = disk.connect("box.db", writes=True)
    assert again.execute("SELECT count(*) FROM notes").fetchall() == [(0,)]
    disk.crash("strict")
    third = disk.connect("box.db", writes=True)
    assert third.execute("SELECT count(*) FROM sqlite_schema").fetchall() == [(0,)]


def test_a_full_disk_refuses_to_grow_and_takes_again_once_there_is_room(disk):
    db = notebook(disk)
    disk.full(after=10_000)
    many = [("x" * 3_000,)] * 10
    with pytest.raises(apsw.FullError):
        db.executemany("INSERT INTO notes VALUES (?)", many)
    disk.heal()
    db.execute("INSERT INTO notes VALUES ('lagi')")
    assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_two_connections_see_each_others_commits_and_wait_for_no_one(disk):
    db = notebook(disk)
    reader = disk.connect("box.db", writes=False)
    count = "SELECT count(*) FROM notes"
    db.execute("BEGIN IMMEDIATE; INSERT INTO notes VALUES ('satu')")
    assert reader.execute(count).fetchall() == [(0,)]
    other = disk.connect("box.db", writes=True)
    with pytest.raises(apsw.BusyError):
        other.execute("BEGIN IMMEDIATE")
    db.execute("COMMIT")
    assert reader.execute(count).fetchall() == [(1,)]
