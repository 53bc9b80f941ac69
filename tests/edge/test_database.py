"""The one writer: a yes means on disk, a bad neighbour harms nobody, a failed disk ends all yeses."""

import asyncio
import contextlib
import sqlite3
import threading
from pathlib import Path

import pytest

from edge import database as module
from edge.database import Busy, Database, DatabaseBroken, DiskFull, describe_sqlite


@pytest.fixture
async def database(tmp_path):
    found = Database(tmp_path / "box.db")
    await found.start()
    await found.write(
        lambda db: db.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT UNIQUE)")
    )
    yield found
    await found.stop()


def note(text):
    return lambda db: db.execute("INSERT INTO notes (text) VALUES (?)", (text,)).lastrowid


async def notes(database):
    sql = "SELECT text FROM notes ORDER BY id"
    return [text for (text,) in await database.read(lambda db: db.execute(sql).fetchall())]


async def blocked(database, until):
    """A piece of work that holds the writer until the returned event is set."""
    go, held = threading.Event(), threading.Event()

    def work(db):
        held.set()
        assert go.wait(10)

    task = asyncio.create_task(database.write(work))
    await until(held.is_set)
    return go, task


async def test_a_write_is_on_disk_when_it_is_answered(database):
    await database.write(note("satu"))
    with sqlite3.connect(f"file:{database.path}?mode=ro", uri=True) as other:
        assert other.execute("SELECT text FROM notes").fetchall() == [("satu",)]
    other.close()


async def test_every_commit_is_flushed_in_wal_and_full(database):
    def asked(db):
        return [
            db.execute(f"PRAGMA {p}").fetchone()[0]
            for p in ("journal_mode", "synchronous", "foreign_keys")
        ]

    assert await database.write(asked) == ["wal", 2, 1]


async def test_the_reader_cannot_write(database):
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        await database.read(note("diam-diam"))


async def test_a_place_that_keeps_no_wal_is_refused_and_leaves_nothing_running(until):
    threads = set(threading.enumerate())
    # A database in memory is the one file system that always says no to WAL.
    with pytest.raises(DatabaseBroken, match="journal_mode is 'memory'"):
        await Database(Path(":memory:")).start()
    await until(lambda: set(threading.enumerate()) <= threads)


async def test_what_waits_together_shares_one_commit(database, until):
    go, task = await blocked(database, until)
    together = [asyncio.create_task(database.write(note(f"n{i}"))) for i in range(50)]
    await asyncio.sleep(0)
    before = database.groups
    go.set()
    await asyncio.gather(task, *together)
    assert database.groups - before == 2
    assert await notes(database) == [f"n{i}" for i in range(50)]


async def test_one_bad_piece_of_work_does_not_fail_its_neighbours(database, until):
    def bad(db):
        db.execute("INSERT INTO notes (text) VALUES ('half')")
        db.execute("INSERT INTO nowhere VALUES (1)")

    go, task = await blocked(database, until)
    works = [note("satu"), bad, note("satu"), note("dua")]
    together = [asyncio.create_task(database.write(w)) for w in works]
    go.set()
    await task
    outcomes = await asyncio.gather(*together, return_exceptions=True)
    assert [type(o) for o in outcomes] == [
        int, sqlite3.OperationalError, sqlite3.IntegrityError, int,
    ]  # fmt: skip
    assert await notes(database) == ["satu", "dua"]


async def test_a_full_queue_takes_nothing(tmp_path, monkeypatch, until):
    monkeypatch.setattr(module, "QUEUE_MAX", 3)
    database = Database(tmp_path / "box.db")
    await database.start()
    await database.write(lambda db: db.execute("CREATE TABLE notes (id INTEGER, text TEXT)"))
    go, task = await blocked(database, until)
    waiting = [asyncio.create_task(database.write(note(f"n{i}"))) for i in range(3)]
    await asyncio.sleep(0)
    with pytest.raises(Busy):
        await database.write(note("zu viel"))
    go.set()
    await asyncio.gather(task, *waiting)
    assert await notes(database) == ["n0", "n1", "n2"]
    await database.stop()


async def test_a_cancelled_caller_does_not_split_a_group(database, until):
    go, task = await blocked(database, until)
    gone = asyncio.create_task(database.write(note("pergi")))
    stays = asyncio.create_task(database.write(note("tinggal")))
    await asyncio.sleep(0)
    gone.cancel()
    go.set()
    await asyncio.gather(task, stays)
    assert gone.cancelled()
    assert await notes(database) == ["pergi", "tinggal"]


def unfinished(db):
    """A row that only COMMIT objects to: a reference to nothing, checked at the end."""
    db.execute("PRAGMA defer_foreign_keys=ON")
    db.execute("INSERT INTO child VALUES (99)")


async def test_nothing_is_acknowledged_after_a_commit_that_failed(database, until):
    await database.write(
        lambda db: db.execute("CREATE TABLE child (id INTEGER REFERENCES notes (id))")
    )
    await database.write(note("sebelum"))
    told = []
    database.on_broken = told.append
    go, task = await blocked(database, until)
    together = [asyncio.create_task(database.write(w)) for w in (note("sama"), unfinished)]
    await asyncio.sleep(0)
    go.set()
    await task
    later = asyncio.create_task(database.write(note("di belakang")))
    outcomes = await asyncio.gather(*together, later, return_exceptions=True)
    assert [type(o) for o in outcomes] == [DatabaseBroken] * 3
    with pytest.raises(DatabaseBroken):
        await database.write(note("sesudah"))
    assert len(told) == 1
    assert "FOREIGN KEY" in told[0]
    assert await notes(database) == ["sebelum"]


async def limit_room(database, more):
    """Let the file grow by so many pages only; None lets it grow for ever."""
    pages = await database.read(lambda db: db.execute("PRAGMA page_count").fetchone()[0])
    most = 1 << 30 if more is None else pages + more
    await database.write(lambda db: db.execute(f"PRAGMA max_page_count={most}").fetchone())


async def test_a_full_disk_refuses_loses_nothing_and_takes_again_once_there_is_room(database):
    await limit_room(database, 3)
    answered, told = [], []
    database.on_full = lambda: told.append(1)

    async def fill():
        while True:
            text = f"{len(answered)} " + "x" * 3000
            await database.write(note(text))
            answered.append(text)

    with pytest.raises(DiskFull, match="full"):
        await fill()
    assert (database.full, database.broken, len(told)) == (True, None, 1)
    with pytest.raises(DiskFull):
        await database.write(note("x" * 3000))
    assert await notes(database) == answered
    await limit_room(database, None)
    assert database.full, "what wrote nothing proves no room"
    await database.write(note("lagi"))
    assert not database.full
    assert await notes(database) == [*answered, "lagi"]


async def test_a_file_system_without_room_refuses_a_whole_group_and_recovers(small_disk, until):
    full = Database(small_disk / "box.db")
    await full.start()
    await full.write(
        lambda db: db.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT)")
    )
    await full.write(note("sebelum"))
    filler = small_disk / "filler"
    with contextlib.suppress(OSError), filler.open("wb") as file:
        while file.write(bytes(4096)):
            file.flush()
    go, task = await blocked(full, until)
    together = [asyncio.create_task(full.write(note(f"{i}" * 9000))) for i in range(5)]
    await asyncio.sleep(0)
    go.set()
    await task
    outcomes = await asyncio.gather(*together, return_exceptions=True)
    assert [type(o) for o in outcomes] == [DiskFull] * 5
    assert (full.broken, full.full, await notes(full)) == (None, True, ["sebelum"])
    filler.unlink()
    await full.write(note("sesudah"))
    assert not full.full
    await full.stop()
    again = Database(small_disk / "box.db")
    await again.start()
    assert await notes(again) == ["sebelum", "sesudah"]
    await again.stop()


async def test_a_bug_in_what_follows_a_commit_ends_the_box_instead_of_letting_screens_wait(
    database,
):
    def bug():
        raise ZeroDivisionError

    database.after_commit.append(bug)
    async with asyncio.timeout(5):
        await database.write(note("sudah di diska"))
        with pytest.raises(DatabaseBroken):
            await database.write(note("sesudah"))
    assert await notes(database) == ["sudah di diska"]


async def test_stopping_finishes_what_waits_and_takes_nothing_more(database, until):
    go, task = await blocked(database, until)
    waiting = asyncio.create_task(database.write(note("masih")))
    await asyncio.sleep(0)
    stopping = asyncio.create_task(database.stop())
    await asyncio.sleep(0.01)
    go.set()
    with pytest.raises(DatabaseBroken):
        await asyncio.wait_for(database.write(note("terlambat")), 2)
    await asyncio.gather(task, waiting, stopping)
    with sqlite3.connect(database.path) as other:
        assert other.execute("SELECT text FROM notes").fetchall() == [("masih",)]
    other.close()


async def test_the_wal_is_moved_over_in_quiet_moments(database, monkeypatch):
    monkeypatch.setattr(module, "CHECKPOINT_WRITES", 20)
    for number in range(200):
        await database.write(note("x" * 2000 + str(number)))
    wal = database.path.with_name("box.db-wal").stat().st_size
    assert wal < 1_000_000, "without it the WAL grows with every write"


def test_it_says_which_sqlite_this_is_and_why_the_wal_reset_bug_cannot_strike():
    assert sqlite3.sqlite_version in describe_sqlite()


@pytest.mark.parametrize("acks", [40, 700])
async def test_everything_answered_before_a_kill_is_there_afterwards(
    make_heart, menu, hammered, acks
):
    before = await make_heart(menu=menu)
    await before.stop()
    said = await hammered(before.folder, acks)
    assert len(said) >= acks

    after = await make_heart()
    kept = dict(await after.rows("SELECT command_id, position FROM commands"))
    head = after.journal.position
    for command_id, position, order_id in said:
        assert kept[command_id] == position <= head
        assert await after.rows("SELECT 1 FROM orders WHERE order_id = ?", order_id)
