"""Both engines keep one promise: what is learned in the simulation holds for the box's threads."""

import asyncio
import sqlite3
from enum import StrEnum

import pytest
from simulation.disk import Disk, PowerCut
from simulation.engine import SimEngine, first_file

from edge import database as product
from edge.database import Busy, Database, DatabaseBroken, Threads, insert_rows
from edge.migrations import migrate


@pytest.fixture(params=["threads", "simulated"])
def engine(request):
    """Each test runs on both."""
    if request.param == "threads":
        yield Threads()
        return
    disk = Disk(1)
    yield SimEngine(disk)
    disk.close()


@pytest.fixture
async def database(engine, tmp_path):
    found = Database(tmp_path / "box.db", engine)
    await found.start()
    await found.write(
        lambda db: db.execute(
            "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT UNIQUE, more ANY) STRICT"
        )
    )
    yield found
    await found.stop()


@pytest.fixture
async def asked(database):
    """The outcome of one piece of work on the writer, outside of any group."""
    return lambda work: database.engine.run(database._writer, work)


def note(text, more=None):
    return lambda db: db.execute("INSERT INTO notes (text, more) VALUES (?,?)", (text, more))


async def notes(database):
    rows = await database.read(lambda db: db.execute("SELECT text FROM notes ORDER BY id"))
    return [text for (text,) in await database.read(lambda db: list(rows))]


async def test_what_is_committed_is_seen_by_the_reader_and_nothing_else(database):
    seen = []

    def half_way(db):
        note("satu")(db)
        seen.append(db.in_transaction)

    await database.write(half_way)
    assert seen == [True]
    assert await notes(database) == ["satu"]


async def test_a_bad_neighbour_is_rolled_back_alone_and_the_group_shares_one_commit(database):
    groups = database.groups
    texts = ("satu", "dua", "satu", "tiga")
    answers = await asyncio.gather(
        *(database.write(note(t)) for t in texts), return_exceptions=True
    )
    assert [type(a) for a in answers if isinstance(a, Exception)] == [sqlite3.IntegrityError]
    assert answers[2].sqlite_errorcode == sqlite3.SQLITE_CONSTRAINT_UNIQUE
    assert answers[2].sqlite_errorname == "SQLITE_CONSTRAINT_UNIQUE"
    assert await notes(database) == ["satu", "dua", "tiga"]
    assert database.groups - groups <= 2


class Notebook:
    """Memory beside the table."""

    def __init__(self):
        self.kept, self.sure = [], []

    def mark(self):
        return len(self.kept)

    def rollback(self, mark):
        del self.kept[mark:]

    def committed(self):
        self.sure = list(self.kept)


async def test_memory_keeps_step_with_the_transaction(database):
    notebook = Notebook()
    database.participants.append(notebook)

    def both(text):
        def work(db):
            notebook.kept.append(text)
            note(text)(db)

        return work

    writes = (database.write(both(t)) for t in ("satu", "satu", "dua"))
    await asyncio.gather(*writes, return_exceptions=True)
    assert notebook.sure == await notes(database) == ["satu", "dua"]


@pytest.mark.parametrize(
    "value", [None, 0, -(2**63), 2**63 - 1, 1.5, "é\x00ä", "", b"\x00\xff", b""]
)
async def test_values_come_back_as_they_went(asked, value):
    await asked(note("n", value))
    row = await asked(lambda db: db.execute("SELECT more, typeof(more) FROM notes").fetchone())
    assert row[0] == value
    assert type(row[0]) is type(value)


class Tag(StrEnum):
    ONE = "satu"


async def test_enumerations_are_kept_as_text_and_other_things_are_not_kept(asked):
    await asked(note(Tag.ONE, True))
    row = await asked(lambda db: db.execute("SELECT text, more FROM notes").fetchone())
    assert row == ("satu", 1)
    with pytest.raises(sqlite3.ProgrammingError):
        await asked(note("dua", object()))


async def test_rows_are_tuples_and_come_one_by_one_or_all(asked):
    await asked(lambda db: insert_rows(db, "INSERT INTO notes (text)", [("a",), ("b",), ("c",)]))

    def work(db):
        rows = db.execute("SELECT id, text FROM notes WHERE id > ? ORDER BY id", (0,))
        return rows.fetchone(), next(iter(rows)), rows.fetchall(), rows.fetchone(), rows.fetchall()

    assert await asked(work) == ((1, "a"), (2, "b"), [(3, "c")], None, [])
    by_name = await asked(
        lambda db: db.execute("SELECT text FROM notes WHERE id = :id", {"id": 2}).fetchone()
    )
    assert by_name == ("b",)


async def test_it_says_which_row_was_made_and_how_many_were_changed(asked):
    def work(db):
        made = [note(t)(db).lastrowid for t in ("a", "b", "c")]
        many = db.executemany("UPDATE notes SET more = 1 WHERE text = ?", [("a",), ("b",), ("x",)])
        none = db.execute("DELETE FROM notes WHERE id > 99")
        asked = db.execute("SELECT 1")
        return made, many.rowcount, none.rowcount, asked.rowcount

    assert await asked(work) == ([1, 2, 3], 2, 0, -1)


async def test_scripts_run_to_the_end_and_commit_what_was_open(asked):
    def work(db):
        db.execute("BEGIN")
        db.executescript("PRAGMA user_version; CREATE TABLE x (a); CREATE TABLE y (a)")
        return db.in_transaction, db.execute("SELECT count(*) FROM x, y").fetchone()

    assert await asked(work) == (False, (0,))


@pytest.mark.parametrize(
    ("sql", "kind", "code"),
    [
        ("SELECT * FROM nowhere", sqlite3.OperationalError, sqlite3.SQLITE_ERROR),
        ("INSERT INTO notes (id) VALUES ('x')", sqlite3.IntegrityError, None),
        ("INSERT INTO notes (id) VALUES (1), (1)", sqlite3.IntegrityError, 1555),
        ("SELECT zeroblob(2000000000)", sqlite3.DataError, sqlite3.SQLITE_TOOBIG),
        ("ROLLBACK TO nothing", sqlite3.OperationalError, sqlite3.SQLITE_ERROR),
    ],
)
async def test_errors_are_of_the_same_kind_and_code(asked, sql, kind, code):
    with pytest.raises(kind) as said:
        await asked(lambda db: db.execute(sql).fetchall())
    assert code is None or said.value.sqlite_errorcode == code


async def test_values_that_do_not_fit_the_statement_are_a_bug(asked):
    with pytest.raises(sqlite3.ProgrammingError):
        await asked(lambda db: db.execute("SELECT ?", (1, 2)))


async def test_the_reader_cannot_write(database):
    with pytest.raises(sqlite3.OperationalError, match="readonly") as said:
        await database.read(note("diam-diam"))
    assert said.value.sqlite_errorcode & 0xFF == sqlite3.SQLITE_READONLY


async def test_a_second_writer_is_told_that_the_file_is_busy(database, engine):
    other = await engine.open(database.path, writes=True)
    await engine.run(other, lambda db: db.execute("PRAGMA busy_timeout=0").fetchall())
    await engine.run(other, lambda db: db.execute("BEGIN IMMEDIATE"))

    def begin(db):
        db.execute("PRAGMA busy_timeout=0").fetchall()
        db.execute("BEGIN IMMEDIATE")

    with pytest.raises(sqlite3.OperationalError) as said:
        await engine.run(database._writer, begin)
    assert said.value.sqlite_errorcode == sqlite3.SQLITE_BUSY
    await engine.run(other, lambda db: db.execute("ROLLBACK"))
    await engine.close(other)


async def test_a_full_disk_is_the_worlds_no_and_nothing_of_the_group_is_kept(database):
    def limit(db):
        return db.execute("PRAGMA max_page_count=1").fetchone()

    await database.engine.run(database._writer, limit)
    # SQLite takes back the whole group by itself.
    with pytest.raises((Busy, DatabaseBroken)) as said:
        await database.write(note("x" * 100_000))
    assert "full" in str(said.value)
    assert await notes(database) == []


async def test_the_first_file_of_a_simulated_box_is_the_real_one(tmp_path):
    migrate(tmp_path / "box.db")
    with sqlite3.connect(tmp_path / "box.db") as real:
        wanted = real.execute("SELECT sql FROM sqlite_schema ORDER BY name").fetchall()
    real.close()
    disk = Disk(1)
    disk.put("box.db", first_file())
    found = Database(tmp_path / "box.db", SimEngine(disk))
    await found.start()
    sql = "SELECT sql FROM sqlite_schema ORDER BY name"
    assert await found.read(lambda db: db.execute(sql).fetchall()) == wanted
    await found.stop()
    disk.close()


async def test_both_open_the_file_in_the_products_way(monkeypatch, tmp_path):
    monkeypatch.setattr(product, "WRITER_OPENS", "mode=ro")
    disk = Disk(1)
    disk.put("box.db", first_file())
    (tmp_path / "box.db").write_bytes(first_file())
    for engine in (Threads(), SimEngine(disk)):
        db = await engine.open(tmp_path / "box.db", writes=True)
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            await engine.run(db, lambda db: db.execute("CREATE TABLE x (a)"))
        await engine.close(db)
    disk.close()


async def test_a_dark_machine_answers_nobody(tmp_path):
    disk = Disk(1)
    engine = SimEngine(disk)
    db = await engine.open(tmp_path / "box.db", writes=True)
    disk.on_op = lambda op: disk.cut()
    for _ in range(2):
        with pytest.raises(PowerCut):
            await engine.run(db, lambda db: db.execute("CREATE TABLE x (a)"))
    disk.on_op = None
    disk.crash("strict")
    with pytest.raises(PowerCut):  # a handle of the life before
        await engine.run(db, lambda db: db.execute("SELECT 1"))
    disk.close()


async def test_the_simulation_decides_when_work_begins_and_when_its_answer_is_heard(tmp_path):
    told = []

    async def pause():
        told.append("pause")

    disk = Disk(1)
    engine = SimEngine(disk, pause)
    db = await engine.open(tmp_path / "box.db", writes=True)
    await engine.run(db, lambda db: told.append("work"))
    assert told == ["pause", "work", "pause"]
    await engine.close(db)
    disk.close()
