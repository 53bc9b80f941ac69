"""Copies of a box's journal: made while it runs, put back with nothing thrown away.

A copy holds everything but the box's key, also what the codes on printed receipts are read with. What a restored box lacks comes back from HQ at its first
hello, and from the screens, which keep every command until HQ has it.
"""

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import msgspec

from edge.claim import Claim
from edge.printing import links
from protocol.ids import EventId
from protocol.journal import CHAIN_START, link

MANIFEST = "backup"
"""Name of the fact that says what a copy is."""
RECEIPT_KEYS = "receipt_keys"
"""Name of the fact that holds what printed receipts are found by; it is in copies only."""


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a copy holds: made when (Unix milliseconds), by which product, up to where."""

    made_ms: int
    product: str
    outlet: str
    position: int
    orders: int
    streams: int


class BadCopy(Exception):
    """The file cannot be put back; the sentence says why. Nothing was changed."""


def back_up(data_dir: Path, file: Path, *, now_ms: int, product: str, outlet: str) -> Manifest:
    """Write a consistent copy of a box's database to `file`; the box may go on selling.

    The copy is complete on disk, and checked, before it gets its name: a power cut leaves the old
    file or the new one. Raises BadCopy when the source cannot be read or the copy is not whole.
    """
    source_path = data_dir / "box.db"
    if not source_path.exists():
        raise BadCopy(f"there is no box.db in {data_dir}")
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f"{file.name}.new")
    draft.unlink(missing_ok=True)
    try:
        with _open(source_path) as source, _open(draft, writes=True) as copy:
            source.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")
            manifest = _describe(copy, now_ms, product, outlet)
            copy.execute("DELETE FROM telemetry")
            copy.execute(
                "INSERT INTO facts VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET"
                " value = excluded.value",
                (MANIFEST, msgspec.json.encode(manifest).decode()),
            )
            # Who has the copy has the receipts anyway; without this, printed codes would end with it.
            keys = " ".join(key.hex() for key in _receipt_keys(data_dir))
            copy.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (RECEIPT_KEYS, keys))
            copy.commit()
        _ensure_whole(draft)
    except sqlite3.Error as fault:
        draft.unlink(missing_ok=True)
        raise BadCopy(f"the copy could not be made: {fault}") from fault
    except BadCopy:
        draft.unlink(missing_ok=True)
        raise
    flush(draft)
    draft.replace(file)
    flush(file.parent)
    return manifest


def restore(file: Path, data_dir: Path, *, aside: str) -> Manifest:
    """Put a copy in the place of a box's database; what was there is kept beside it as `aside`.

    Order numbers go on in the next series, so that no guest is called by a number that was given
    out after the copy was made. Raises BadCopy, and edge.claim.InUse while the box runs.
    """
    manifest = read_manifest(file)
    _ensure_whole(file)
    claim = Claim(data_dir)
    claim.take()
    try:
        draft = data_dir / "box.db.new"
        with _open(file) as source, _open(draft, writes=True) as copy:
            source.backup(copy)
            series = next_series(_fact(copy, "series") or "A")
            copy.execute(
                "INSERT INTO facts VALUES ('series', ?) ON CONFLICT (name) DO UPDATE SET"
                " value = excluded.value",
                (series,),
            )
            keys = (_fact(copy, RECEIPT_KEYS) or "").split()
            # They have files of their own: nothing secret stays in the database of a box.
            copy.execute("DELETE FROM facts WHERE name = ?", (RECEIPT_KEYS,))
            copy.commit()
        flush(draft)
        _keep_receipt_keys(data_dir, [bytes.fromhex(key) for key in keys])
        _take_in_log(data_dir / "box.db")
        kept = data_dir / aside
        kept.mkdir()
        # The write-ahead log belongs to the old file: left behind, it would be played into the new.
        for name in ("box.db-wal", "box.db-shm", "box.db"):
            with contextlib.suppress(FileNotFoundError):
                (data_dir / name).rename(kept / name)
        draft.rename(data_dir / "box.db")
        flush(kept)
        flush(data_dir)
    finally:
        claim.release()
    return manifest


def _receipt_keys(data_dir: Path) -> list[bytes]:
    """What makes and reads the codes on printed receipts: this box's secret, and those it knows."""
    own = data_dir / links.OWN
    return [*([own.read_bytes()] if own.exists() else []), *links.known_in(data_dir)]


def _keep_receipt_keys(data_dir: Path, keys: list[bytes]) -> None:
    """Codes of the box that was copied are read here as well."""
    here = _receipt_keys(data_dir)
    own = here[:1] if (data_dir / links.OWN).exists() else []
    known = dict.fromkeys(key for key in (*links.known_in(data_dir), *keys) if key not in own)
    if known:
        links.keep_known(data_dir, list(known)[-links.KNOWN_MAX :])


def _take_in_log(database: Path) -> None:
    """Bring what the write-ahead log holds into the database, where that can still be read.

    The two are moved away one after the other: a power cut in between leaves the database without
    its log, and a box that starts then must not have lost what it acknowledged.
    """
    if database.exists():
        with contextlib.suppress(sqlite3.Error), _open(database, writes=True) as old:
            old.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def read_manifest(file: Path) -> Manifest:
    """What a copy says it is. Raises BadCopy for a file that is none."""
    try:
        with _open(file) as copy:
            text = _fact(copy, MANIFEST)
    except sqlite3.Error as fault:
        raise BadCopy(f"{file} is no copy of a box ({fault})") from fault
    if text is None:
        raise BadCopy(f"{file} is a database, but `kedai edge backup` did not write it")
    return msgspec.json.decode(text, type=Manifest)


def next_series(series: str) -> str:
    """The series of order numbers after this one: A, B … Z, AA, AB …"""
    number = 0
    for letter in series:
        number = number * 26 + ord(letter) - ord("A") + 1
    number += 1
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def find_chain_break(db: sqlite3.Connection) -> str | None:
    """The first place where a stream's kept chain does not follow from its entries, in words."""
    streams = db.execute(
        "SELECT id, stream, pruned_seq, coalesce(pruned_chain, x'') FROM streams"
    ).fetchall()
    for stream_id, stream, pruned_seq, pruned_chain in streams:
        expected, previous = pruned_seq + 1, pruned_chain if pruned_seq else CHAIN_START
        rows = db.execute(
            "SELECT seq, event_id, body, chain FROM journal WHERE stream_id = ? ORDER BY seq",
            (stream_id,),
        )
        for seq, event_id, body, chain in rows:
            if seq != expected:
                return f"stream {stream[:8]} has a gap before {seq}"
            previous = link(previous, EventId(event_id), body)
            if previous != chain:
                return f"stream {stream[:8]} differs from its chain at {seq}"
            expected += 1
    return None


def flush(path: Path) -> None:
    """Make a file, or the names in a folder, safe from a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _describe(db: sqlite3.Connection, now_ms: int, product: str, outlet: str) -> Manifest:
    position, orders, streams = db.execute(
        "SELECT (SELECT coalesce(max(position), 0) FROM journal),"
        " (SELECT count(*) FROM orders), (SELECT count(*) FROM streams)"
    ).fetchone()
    return Manifest(
        made_ms=now_ms,
        product=product,
        outlet=outlet,
        position=position,
        orders=orders,
        streams=streams,
    )


def _ensure_whole(file: Path) -> None:
    try:
        with _open(file) as db:
            found = db.execute("PRAGMA integrity_check").fetchone()[0]
            broken = found if found != "ok" else find_chain_break(db)
    except sqlite3.Error as fault:
        raise BadCopy(f"{file} cannot be read: {fault}") from fault
    if broken:
        raise BadCopy(f"{file} is damaged: {broken}")


def _fact(db: sqlite3.Connection, name: str) -> str | None:
    row = db.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
    return None if row is None else str(row[0])


@contextlib.contextmanager
def _open(path: Path, *, writes: bool = False) -> Iterator[sqlite3.Connection]:
    how = "rwc" if writes else "ro"
    db = sqlite3.connect(f"{path.absolute().as_uri()}?mode={how}", uri=True, timeout=30)
    try:
        yield db
    finally:
        db.close()
