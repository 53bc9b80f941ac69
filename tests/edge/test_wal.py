"""A WAL that the process before left is written again, whole, before anything is added to it."""

import errno
import sqlite3

import pytest

from edge import wal as module
from edge.migrations import migrate
from edge.wal import write_wal_again


@pytest.fixture
def left_behind(tmp_path):
    """A database whose last commits are in the WAL only, as a killed process leaves it."""
    db = sqlite3.connect(tmp_path / "writing.db", isolation_level=None)
    for sql in ("PRAGMA journal_mode=WAL", "CREATE TABLE notes (text)"):
        db.execute(sql)
    db.execute("INSERT INTO notes VALUES ('satu')")
    for end in ("", "-wal"):
        content = (tmp_path / f"writing.db{end}").read_bytes()
        (tmp_path / f"box.db{end}").write_bytes(content)
    db.close()
    return tmp_path / "box.db"


def test_the_copy_is_a_new_file_of_the_same_bytes_and_sqlite_reads_it(left_behind):
    wal = left_behind.with_name("box.db-wal")
    held, before = wal.open("rb"), wal.stat().st_ino  # held open, so that no inode is used again
    content = wal.read_bytes()
    write_wal_again(left_behind)
    assert wal.read_bytes() == content
    assert wal.stat().st_ino != before
    held.close()
    db = sqlite3.connect(left_behind)
    assert db.execute("SELECT text FROM notes").fetchall() == [("satu",)]
    db.close()
    assert {p.name for p in left_behind.parent.glob("box.db*")} <= {"box.db", "box.db-wal"}


def test_a_disk_that_still_fails_leaves_the_wal_as_it_is_and_the_box_does_not_start(
    left_behind, monkeypatch
):
    wal = left_behind.with_name("box.db-wal")
    content = wal.read_bytes()

    def fails(_):
        raise OSError("the disk failed")

    monkeypatch.setattr(module.os, "fsync", fails)
    with pytest.raises(OSError, match="the disk failed"):
        migrate(left_behind)
    assert wal.read_bytes() == content
    assert not wal.with_name("box.db-wal-again").exists()


def test_a_full_disk_keeps_the_wal_and_the_box_starts(left_behind, monkeypatch, caplog):
    content = left_behind.with_name("box.db-wal").read_bytes()

    def full(_):
        raise OSError(errno.ENOSPC, "no space left")

    monkeypatch.setattr(module.os, "fsync", full)
    write_wal_again(left_behind)
    assert left_behind.with_name("box.db-wal").read_bytes() == content
    assert not left_behind.with_name("box.db-wal-again").exists()
    assert "no room" in caplog.text


def test_a_file_without_wal_is_opened_as_it_is(tmp_path):
    write_wal_again(tmp_path / "box.db")
    (tmp_path / "box.db-wal").touch()
    write_wal_again(tmp_path / "box.db")
    assert [p.name for p in tmp_path.iterdir()] == ["box.db-wal"]
