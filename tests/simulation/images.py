"""Every moment of a recorded run at which the power could have gone, and what is found then."""

import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Self, TypeVar

from simulation.medium import Image, Medium, Op

T = TypeVar("T")


def moments(
    start: Image, log: Sequence[Op], *, lie: float = 0.0, rng: Random | None = None
) -> Iterator[tuple[int, Medium]]:
    """The disk after each operation: (how many have happened, the disk). 0 is before the first.

    With `lie`, that share of the flushes was acknowledged but dropped.
    """
    medium = Medium(start)
    yield 0, medium
    for at, op in enumerate(log, 1):
        happened = op
        if lie and rng is not None and op.kind == "sync" and rng.random() < lie:
            happened = op._replace(done="lie")
        medium.apply(happened)
        yield at, medium


def dice(seed: object, at: int, policy: str) -> Random:
    """The chances of one image: the same for whoever looks at it again."""
    return Random(f"{seed}:{at}:{policy}")


class Bench:
    """Opens images with the SQLite that the box itself uses, one after another in one folder."""

    def __init__(self) -> None:
        memory = Path("/dev/shm")
        self._folder = tempfile.TemporaryDirectory(
            prefix="images-", dir=memory if memory.is_dir() else None
        )
        self.path = Path(self._folder.name) / "box.db"

    def open(self, image: Image, look: Callable[[sqlite3.Connection], T]) -> T:
        """What `look` sees after SQLite has recovered the image. Raises sqlite3.Error."""
        self._lay_out(image)
        db = sqlite3.connect(self.path, isolation_level=None)
        try:
            # Nobody else is there: no shared memory for the WAL index, which is half the time.
            db.execute("PRAGMA locking_mode=EXCLUSIVE")
            return look(db)
        finally:
            # The checkpoint of a last connection that closes would be thrown away: an image is
            # opened once, and another file takes its place.
            for name in ("box.db", "box.db-wal", "box.db-journal"):
                (self.path.parent / name).unlink(missing_ok=True)
            db.close()

    def close(self) -> None:
        """Give the folder back."""
        self._folder.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _lay_out(self, image: Image) -> None:
        for name, content in image.files.items():
            (self.path.parent / name).write_bytes(content)
