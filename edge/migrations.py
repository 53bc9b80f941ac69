"""The box's schema, step by step; applied at start-up under the database's own lock."""

import sqlite3
from pathlib import Path

import sqlite_utils
from sqlite_utils.migrations import Migrations

from edge.wal import write_wal_again

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


REPLICATION = """
ALTER TABLE streams ADD COLUMN safe_seq INTEGER NOT NULL DEFAULT 0;
ALTER TABLE streams ADD COLUMN pruned_seq INTEGER NOT NULL DEFAULT 0;
ALTER TABLE streams ADD COLUMN pruned_chain BLOB;
ALTER TABLE streams ADD COLUMN forked_from TEXT;
-- 0: written here. 1: came back from HQ. 2: written here again after a loss, while HQ had the first.
ALTER TABLE journal ADD COLUMN standing INTEGER NOT NULL DEFAULT 0;
CREATE TABLE alarms (
    code TEXT PRIMARY KEY,
    params TEXT NOT NULL,
    since_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE telemetry (
    id INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    name TEXT NOT NULL,
    value REAL NOT NULL
) STRICT;
"""

FEED_ROWS = """
CREATE TABLE feed_rows (
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    pos INTEGER NOT NULL,
    version INTEGER NOT NULL,
    body BLOB NOT NULL,
    publish_id TEXT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT,
    PRIMARY KEY (kind, key)
) STRICT, WITHOUT ROWID;
-- What an older build could not use gets its place in one table, and may be of use to this one.
INSERT INTO feed_rows (kind, key, pos, version, body, publish_id, state)
    SELECT kind, key, pos, 0, body, '', 'unknown' FROM unknown_rows WHERE body IS NOT NULL;
DELETE FROM unknown_rows;
-- The rest it did not keep: without a cursor HQ sends all there is.
DELETE FROM facts WHERE name IN ('feed_incarnation', 'feed_pos');
"""

OWNED_BY_HQ = """
CREATE TABLE price_books (
    version INTEGER PRIMARY KEY,
    publish_id TEXT NOT NULL,
    body BLOB NOT NULL,
    applied_ms INTEGER NOT NULL
) STRICT;
-- What HQ says was last written about products, and what was written here since.
CREATE TABLE product_fields (
    item_id TEXT NOT NULL,
    field TEXT NOT NULL,
    value TEXT NOT NULL,
    stamp INTEGER NOT NULL,
    origin TEXT NOT NULL,
    PRIMARY KEY (item_id, field)
) STRICT, WITHOUT ROWID;
CREATE TABLE product_edits (
    item_id TEXT NOT NULL,
    field TEXT NOT NULL,
    value TEXT NOT NULL,
    stamp INTEGER NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (item_id, field)
) STRICT, WITHOUT ROWID;
-- HQ's level with how far it has counted, and what this box did to it; HQ drops what it holds.
CREATE TABLE stock_levels (
    item_id TEXT PRIMARY KEY,
    body BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE stock_moves (
    item_id TEXT NOT NULL,
    stream TEXT NOT NULL,
    seq INTEGER NOT NULL,
    delta INTEGER NOT NULL,
    PRIMARY KEY (item_id, stream, seq)
) STRICT, WITHOUT ROWID;
CREATE TABLE stock_counts (
    item_id TEXT PRIMARY KEY,
    position INTEGER NOT NULL,
    quantity INTEGER NOT NULL,
    as_of TEXT NOT NULL
) STRICT, WITHOUT ROWID;
"""

KITCHEN_AND_PAPER = """
-- Where each line that the kitchen has is; can be dropped and made again from the journal.
CREATE TABLE deliveries (
    order_id TEXT NOT NULL,
    station_id TEXT NOT NULL,
    line_id TEXT NOT NULL,
    state TEXT NOT NULL,
    by_name TEXT NOT NULL DEFAULT '',
    device TEXT NOT NULL DEFAULT '',
    at_ms INTEGER NOT NULL,
    due_ms INTEGER,
    -- The station that was sent it as well, when its own had not confirmed it; 1: and that has it.
    routed_to TEXT,
    elsewhere INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (order_id, station_id, line_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX deliveries_unseen ON deliveries (order_id)
    WHERE state IN ('queued', 'sent', 'rerouted', 'escalated');
-- Whose and what is on the paper; where it went when its printer could not; what was done with it.
ALTER TABLE print_jobs ADD COLUMN station_id TEXT;
ALTER TABLE print_jobs ADD COLUMN line_ids TEXT;
ALTER TABLE print_jobs ADD COLUMN moved_to TEXT;
ALTER TABLE print_jobs ADD COLUMN copy_of TEXT;
ALTER TABLE print_jobs ADD COLUMN history TEXT;
CREATE INDEX print_jobs_of_order ON print_jobs (order_id);
CREATE INDEX print_jobs_aside ON print_jobs (created_ms) WHERE state IN ('held', 'failed');
CREATE TABLE devices (
    device TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    token_hash BLOB NOT NULL,
    paired_ms INTEGER NOT NULL,
    revoked_ms INTEGER,
    last_seen_ms INTEGER,
    approved_by TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;
"""

FLOOR = """
ALTER TABLE payments ADD COLUMN shift_id TEXT;
ALTER TABLE payments ADD COLUMN tender TEXT NOT NULL DEFAULT '';
ALTER TABLE payments ADD COLUMN amount INTEGER NOT NULL DEFAULT 0;
ALTER TABLE payments ADD COLUMN tip INTEGER NOT NULL DEFAULT 0;
ALTER TABLE payments ADD COLUMN rounding INTEGER NOT NULL DEFAULT 0;
ALTER TABLE payments ADD COLUMN business_date TEXT NOT NULL DEFAULT '';
ALTER TABLE payments ADD COLUMN z INTEGER DEFAULT 0;
CREATE INDEX payments_by_shift ON payments (shift_id) WHERE shift_id IS NOT NULL;
CREATE INDEX payments_uncounted ON payments (business_date) WHERE z IS NULL;
ALTER TABLE orders ADD COLUMN z INTEGER DEFAULT 0;
CREATE INDEX orders_uncounted ON orders (business_date) WHERE z IS NULL;
-- Those with a coupon on the bill (`edge/coupons.py`): some may be used so many times only.
CREATE INDEX orders_with_coupons ON orders (status)
    WHERE instr(body, CAST('"kind":"coupon"' AS BLOB)) > 0;
-- The few that were refused: counts that did not fit are looked for among them.
CREATE INDEX commands_refused ON commands (command_id, refusal) WHERE refusal IS NOT NULL;
-- Whether what was asked was done, and not only written down: a repeat is told so with proof.
ALTER TABLE commands ADD COLUMN done INTEGER NOT NULL DEFAULT 0;
CREATE TABLE refunds (
    refund_id TEXT PRIMARY KEY,
    order_id TEXT NOT NULL,
    shift_id TEXT,
    tender TEXT NOT NULL,
    amount INTEGER NOT NULL,
    tip INTEGER NOT NULL,
    rounding INTEGER NOT NULL,
    credit INTEGER NOT NULL,
    business_date TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    z INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX refunds_by_shift ON refunds (shift_id) WHERE shift_id IS NOT NULL;
CREATE INDEX refunds_uncounted ON refunds (business_date) WHERE z IS NULL;
CREATE TABLE shifts (
    shift_id TEXT PRIMARY KEY,
    till_id TEXT NOT NULL,
    closed_ms INTEGER,
    body BLOB NOT NULL,
    z INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX shifts_open ON shifts (till_id) WHERE closed_ms IS NULL;
CREATE TABLE cash_moves (
    move_id TEXT PRIMARY KEY,
    shift_id TEXT NOT NULL
) STRICT, WITHOUT ROWID;
-- Each Z report: two boxes of one outlet that could not hear each other may both have made one.
CREATE TABLE days (
    digest TEXT PRIMARY KEY,
    number_z INTEGER NOT NULL,
    business_date TEXT NOT NULL,
    until TEXT NOT NULL,
    as_of TEXT NOT NULL,
    previous TEXT NOT NULL,
    joins TEXT NOT NULL,
    closed BLOB NOT NULL,
    certified BLOB
) STRICT, WITHOUT ROWID;
CREATE INDEX days_by_number ON days (number_z);
CREATE TABLE house (
    digest TEXT PRIMARY KEY,
    body BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE staff (
    staff_id TEXT PRIMARY KEY,
    body BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE sessions (
    token_hash BLOB PRIMARY KEY,
    staff_id TEXT NOT NULL,
    device TEXT NOT NULL,
    screen TEXT NOT NULL,
    begun_ms INTEGER NOT NULL,
    ended_ms INTEGER,
    waiting TEXT
) STRICT, WITHOUT ROWID;
CREATE TABLE approvals (
    approval_id TEXT PRIMARY KEY,
    body BLOB NOT NULL,
    used_by TEXT,
    at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
-- The few entries that people ask about later: who took something off, opened a drawer, approved.
CREATE INDEX journal_of_audit ON journal (stamp) WHERE type IN (
    'line.voided', 'line.reduced', 'order.cancelled', 'bill.adjusted', 'bill.unadjusted',
    'payment.refunded', 'order.reopened', 'cash.moved', 'drawer.opened', 'shift.opened',
    'shift.closed', 'approval.given', 'staff.signed_in', 'staff.signed_out', 'staff.refused',
    'staff.pin_changed', 'day.closed', 'device.paired', 'device.revoked', 'paper.reprinted',
    'paper.requested', 'paper.discarded', 'coupon.given');
CREATE TABLE clockings (
    staff_id TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    business_date TEXT NOT NULL,
    kind TEXT NOT NULL,
    PRIMARY KEY (staff_id, at_ms, kind)
) STRICT, WITHOUT ROWID;
"""

PARTLY_GONE = """
-- The journal has let go of an entry of it: what is left there is not all that happened to it.
ALTER TABLE orders ADD COLUMN partly_gone INTEGER NOT NULL DEFAULT 0;
ALTER TABLE shifts ADD COLUMN partly_gone INTEGER NOT NULL DEFAULT 0;
"""


@box()
def m002_replication(db: sqlite_utils.Database) -> None:
    """What HQ's backups hold, entries that came back, alarms, telemetry."""
    db.executescript(REPLICATION)


@box()
def m003_feed_rows(db: sqlite_utils.Database) -> None:
    """Every row that HQ sent down, as it came."""
    db.executescript(FEED_ROWS)


@box()
def m004_owned_by_hq(db: sqlite_utils.Database) -> None:
    """What is kept of price books, product fields and stock."""
    db.executescript(OWNED_BY_HQ)


@box()
def m005_kitchen_and_paper(db: sqlite_utils.Database) -> None:
    """Where each line is, papers that say whose they are, and the devices that were paired."""
    db.executescript(KITCHEN_AND_PAPER)


@box()
def m006_floor(db: sqlite_utils.Database) -> None:
    """Tills, days, house rules, people. What was there before belongs to no Z report any more."""
    db.executescript(FLOOR)


@box()
def m007_partly_gone(db: sqlite_utils.Database) -> None:
    """Which orders and shifts the journal has let go of in part."""
    db.executescript(PARTLY_GONE)


def migrate(path: Path) -> None:
    """Bring the file at `path` to this version's schema; a failed step changes nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_wal_again(path)
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
