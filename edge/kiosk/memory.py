"""What the agent remembers over a restart: its box, its place there, and where it was last."""

import os
from pathlib import Path

import msgspec

from protocol.devices import Paired

FILE = "agent.json"


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """The place this machine has at a box. `fingerprint` is who the box is; all else may change."""

    paired: Paired
    fingerprint: str
    url: str
    """Where the box was last."""


class Memory:
    """A folder that only this user can read: the device's token is in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.kept: Kept | None = None

    def load(self) -> None:
        """Read what is kept. Raises OSError when the folder cannot be used.

        A damaged file counts as none: the machine pairs anew, and nothing of the box is in it.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        try:
            self.kept = msgspec.json.decode((self.folder / FILE).read_bytes(), type=Kept)
        except (FileNotFoundError, msgspec.DecodeError, UnicodeDecodeError):
            self.kept = None

    def keep(self, kept: Kept) -> None:
        """Remember; a power cut leaves the old or the new.

        Raises OSError when the disk does not take it: then it is known until the next start.
        """
        self.kept = kept
        draft = self.folder / f"{FILE}.new"
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        with os.fdopen(os.open(draft, flags, 0o600), "wb") as file:
            file.write(msgspec.json.encode(kept))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.folder / FILE)

    def forget(self) -> None:
        """Give up the place: the next start, or this one, pairs anew."""
        (self.folder / FILE).unlink(missing_ok=True)
        self.kept = None
