"""What the process before may have left half on disk: its WAL, written again before it is believed.

When a flush fails, the kernel keeps the pages as if they were clean: a new process reads commits
that the disk does not have, goes on behind them, and flushes only its own. At the next power cut
SQLite finds a hole and stops there, and what was acknowledged after it is gone (in the crash
images of this code: up to 45 orders after one failed flush). A copy under the same name has
nothing but fresh pages, and its flush is honest.
"""

import errno
import logging
import os
import shutil
from pathlib import Path

log = logging.getLogger("edge.wal")

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})


def write_wal_again(database: Path) -> None:
    """Replace the database's WAL by a flushed copy of itself; nothing else may have it open.

    Call before SQLite opens the file after a start. A disk without room for the copy keeps the WAL
    as it is. Raises OSError when the disk still fails: nothing is changed, and nothing may be
    acknowledged.
    """
    wal = database.with_name(f"{database.name}-wal")
    copy = wal.with_name(f"{wal.name}-again")
    if not wal.exists():
        return
    if not wal.stat().st_size:
        return
    try:
        with wal.open("rb") as left, copy.open("wb") as kept:
            shutil.copyfileobj(left, kept, 1 << 20)
            kept.flush()
            os.fsync(kept.fileno())
        copy.replace(wal)
    except OSError as fault:
        copy.unlink(missing_ok=True)
        if fault.errno not in _NO_ROOM:
            raise
        # A box that starts and says that its disk is full helps more than one that is away.
        log.warning("no room to write %s again: it stays as the last process left it", wal.name)
        return
    _flush_folder(wal.parent)


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
