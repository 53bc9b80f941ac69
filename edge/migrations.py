"""The box's schema, step by step; applied at start-up under the database's own lock."""

import sqlite3
from pathlib import Path

import sqlite_utils
from sqlite_utils.migrations import Migrations

box = Migrations("box")

TABLES = """
CREATE TABLE streams (
    id INTEGER PRIMARY KEY,
    stream TEXT NOT NULL UNIQUE,
    acked_seq INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE journal (
    position INTEGER PRIMARY KEY,
    stream_id INTEGER NOT NULL REFERENCES streams (id),
    seq INTEGER NOT NULL,
    chain BLOB NOT NULL,
    event_id TEXT NOT NULL,
    type TEXT NOT NULL,
    version INTEGER NOT NULL,
    aggregate_kind TEXT NOT NULL,
    aggregate_id TEXT NOT NULL,
    stamp INTEGER NOT NULL,
    wall_ms INTEGER NOT NULL,
    mono_ms INTEGER NOT NULL,
    boot TEXT NOT NULL,
    confidence TEXT NOT NULL,
    command_id TEXT NOT NULL,
    actor TEXT NOT NULL,
    body BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX journal_by_stream ON journal (stream_id, seq);
CREATE TABLE commands (
    command_id TEXT PRIMARY KEY,
    digest BLOB NOT NULL,
    position INTEGER NOT NULL,
    order_id TEXT,
    refusal BLOB,
    at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE orders (
    order_id TEXT PRIMARY KEY,
    number TEXT NOT NULL,
    business_date TEXT NOT NULL,
    status TEXT NOT NULL,
    placed_ms INTEGER NOT NULL,
    position INTEGER NOT NULL,
    body BLOB NOT NULL
) STRICT;
CREATE INDEX orders_by_day ON orders (business_date, placed_ms);
CREATE INDEX orders_alive ON orders (status) WHERE status NOT IN ('closed', 'cancelled');
CREATE TABLE payments (
    payment_id TEXT PRIMARY KEY,
    order_id TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE order_numbers (
    business_date TEXT PRIMARY KEY,
    last INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE eighty_six (
    item_id TEXT PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    reason TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE menus (
    version INTEGER PRIMARY KEY,
    publish_id TEXT NOT NULL,
    body BLOB NOT NULL,
    applied_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE unknown_rows (
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    pos INTEGER NOT NULL,
    body BLOB,
    PRIMARY KEY (kind, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE cursors (
    name TEXT PRIMARY KEY,
    position INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE parked (
    follower TEXT NOT NULL,
    position INTEGER NOT NULL,
    aggregate_id TEXT NOT NULL,
    reason TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (follower, position)
) STRICT, WITHOUT ROWID;
CREATE TABLE print_jobs (
    job_id TEXT PRIMARY KEY,
    printer TEXT NOT NULL,
    kind TEXT NOT NULL,
    order_id TEXT,
    paper BLOB NOT NULL,
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    copies INTEGER NOT NULL DEFAULT 0,
    created_ms INTEGER NOT NULL,
    printed_ms INTEGER,
    fault TEXT
) STRICT;
CREATE INDEX print_jobs_waiting ON print_jobs (printer, created_ms)
    WHERE state IN ('queued', 'printing');
CREATE TABLE facts (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
"""


@box()
def m001_first_tables(db: sqlite_utils.Database) -> None:
    """Journal, state of orders, menu, cursors, spool."""
    db.executescript(TABLES)


def migrate(path: Path) -> None:
    """Bring the file at `path` to this version's schema; a failed step changes nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path, timeout=30)
    try:
        # Two SQLite copies in one process cancel each other's locks (sqlite-utils may prefer one).
        utils_sqlite = vars(sqlite_utils.utils)["sqlite3"]
        assert utils_sqlite.sqlite_version == sqlite3.sqlite_version
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        box.apply(sqlite_utils.Database(connection))
    finally:
        connection.close()
