"""The schema: applied once, whole or not at all, and strict about what it is given."""

import sqlite3

import pytest
import sqlite_utils
from sqlite_utils.migrations import Migrations

from edge import migrations as module
from edge.migrations import TABLES, migrate


@pytest.fixture
def path(tmp_path):
    return tmp_path / "new" / "box.db"


def schema(path):
    with sqlite3.connect(path) as db:
        found = db.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall()
    db.close()
    return dict(found)


def test_a_new_box_gets_every_table(path):
    migrate(path)
    wanted = {line.split()[2] for line in TABLES.splitlines() if line.startswith("CREATE TABLE")}
    assert wanted <= set(schema(path))
    assert len(wanted) == 13


def test_a_second_start_changes_nothing(path):
    migrate(path)
    before = schema(path)
    migrate(path)
    assert schema(path) == before


def test_a_step_that_fails_leaves_the_schema_as_it_was(path, monkeypatch):
    migrate(path)
    before = schema(path)
    broken = Migrations("box")

    @broken(name="m001_first_tables")
    def first(db):
        raise AssertionError("was applied already")

    @broken(name="m002_breaks")
    def second(db: sqlite_utils.Database):
        db.execute("ALTER TABLE orders ADD COLUMN colour TEXT")
        db.execute("CREATE TABLE half (id INTEGER)")
        db.execute("INSERT INTO nowhere VALUES (1)")

    monkeypatch.setattr(module, "box", broken)
    with pytest.raises(sqlite3.OperationalError, match="nowhere"):
        migrate(path)
    assert schema(path) == before


def test_papers_of_an_older_box_wait_on_and_say_nothing_of_what_it_did_not_know(path, monkeypatch):
    older = Migrations("box")
    steps = [step.name for step in module.box.pending(sqlite_utils.Database(memory=True))]
    for step in steps[: steps.index("m005_kitchen_and_paper")]:
        older(name=step)(getattr(module, step))
    with monkeypatch.context() as patch:
        patch.setattr(module, "box", older)
        migrate(path)
    with sqlite3.connect(path) as db:
        db.execute(
            "INSERT INTO print_jobs (job_id, printer, kind, paper, state, created_ms)"
            " VALUES ('j1', 'bar', 'kitchen_ticket', x'41', 'queued', 1)"
        )
    db.close()
    migrate(path)
    with sqlite3.connect(path) as db:
        row = db.execute(
            "SELECT paper, state, station_id, line_ids, moved_to, copy_of, history FROM print_jobs"
        ).fetchone()
        assert row == (b"A", "queued", None, None, None, None, None)
        assert db.execute("SELECT count(*) FROM deliveries, devices").fetchone() == (0,)
    db.close()


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO streams (stream) VALUES ('a'), ('a')",
        "INSERT INTO orders VALUES ('o', 'A001', '2026-11-22', 'open', 'noon', 1, x'', NULL, 0)",
        "INSERT INTO commands VALUES ('c', 'text, not bytes', 1, NULL, NULL, 1, 0)",
        "INSERT INTO payments (payment_id, order_id) VALUES ('p', 'o'), ('p', 'o2')",
        "INSERT INTO menus VALUES (1, 'p', x'', 1), (1, 'p', x'', 1)",
        "INSERT INTO deliveries VALUES ('o', 'grill', 'l', 'sent', '', '', 'noon', NULL, NULL, 0)",
        "INSERT INTO devices VALUES ('d', 'kitchen', 'Grill 1', 'plain', 1, NULL, NULL, '')",
    ],
)
def test_tables_refuse_what_does_not_belong(path, sql):
    migrate(path)
    with sqlite3.connect(path) as db, pytest.raises(sqlite3.IntegrityError):
        db.execute(sql)
    db.close()


def test_the_questions_asked_all_day_are_answered_from_an_index(path):
    migrate(path)
    questions = {
        "SELECT body FROM orders WHERE status NOT IN ('closed', 'cancelled')": "orders_alive",
        "SELECT body FROM orders WHERE business_date BETWEEN ? AND ?": "orders_by_day",
        "SELECT position FROM journal WHERE stream_id = ? AND seq = ?": "journal_by_stream",
        "SELECT * FROM print_jobs WHERE printer = ? AND state IN ('queued', 'printing')": (
            "print_jobs_waiting"
        ),
        "SELECT * FROM deliveries WHERE state IN ('queued', 'sent', 'rerouted', 'escalated')": (
            "deliveries_unseen"
        ),
    }
    with sqlite3.connect(path) as db:
        for sql, index in questions.items():
            plan = db.execute(f"EXPLAIN QUERY PLAN {sql}", ("",) * sql.count("?")).fetchall()
            assert any(index in step[3] for step in plan), (sql, plan)
    db.close()
