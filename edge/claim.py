"""One process per data folder: a second box on the same journal would be a clone by mistake."""

import fcntl
import os
from pathlib import Path


class InUse(Exception):
    """Another process works on this data folder."""


class Claim:
    """Holds a data folder for as long as the process lives; the kernel lets go when it dies."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._file = -1

    def take(self) -> None:
        """Claim the folder. Raises InUse when a running box, or a restore, has it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        file = os.open(self.folder / "box.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(file)
            raise InUse(f"another process already works on {self.folder}") from None
        self._file = file

    def release(self) -> None:
        """Let go. Safe to call twice."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
