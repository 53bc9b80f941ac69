"""The ports of a demo: what another demo has chosen and not opened yet is taken as well."""

import contextlib
import fcntl
import os
import tempfile
from pathlib import Path

from edge.app import listen


class Ports:
    """Chooses ports and holds each for as long as the process lives, whether it is open or not.

    A demo opens its ports over several seconds. Two that begin together would find the same ones
    free, and one of them would take the other's HQ for its own. One byte of a file stands for each
    port: the kernel lets go of a lock on it when the process dies.
    """

    def __init__(self, folder: Path | None = None) -> None:
        name = (folder or Path(tempfile.gettempdir())) / f"kedai-demo-{os.getuid()}.ports"
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        self._file = os.open(name, flags, 0o600)

    def choose(self, wanted: int) -> int:
        """The port wanted where it is free, else one that is. Raises OSError when none is."""
        while not self._hold(wanted):
            with contextlib.closing(listen("127.0.0.1", 0)) as free:
                wanted = int(free.getsockname()[1])
        return wanted

    def release(self) -> None:
        """Let others have them. Call once."""
        os.close(self._file)

    def _hold(self, port: int) -> bool:
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
        except OSError:
            return False
        try:
            listen("127.0.0.1", port).close()
        except OSError:
            fcntl.lockf(self._file, fcntl.LOCK_UN, 1, port)
            return False
        return True
