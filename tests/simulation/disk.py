"""A disk that loses power: SQLite writes to it as to any other, and then the light goes out.

The files live in memory under a VFS of our own; locks and the shared memory of the WAL index are
SQLite's, on an empty file beside. Every operation is told to `on_op`, which may cut the power.
"""

import contextlib
import itertools
import shutil
import tempfile
import weakref
from collections.abc import Callable
from pathlib import Path
from random import Random

import apsw
from simulation.medium import FLASH_PAGE, Image, Inode, Medium, Op

_BASE = "unix-excl"  # its WAL index is heap memory: nothing of it can survive a power cut
_MEMORY = Path("/dev/shm")
_numbers = itertools.count(1)


class PowerCut(BaseException):
    """The machine went dark. Not an Exception: no code of the box lives to handle it."""


def seed_sqlite(dice: Random) -> None:
    """From now on SQLite's own random numbers (the salts of a WAL) follow from these dice.

    They are one sequence for the whole process: call it where a run begins.
    """
    found = _Dice(dice)
    apsw.randomness(0)  # forget the seed of before; the next number asks the default VFS for one
    apsw.randomness(1)
    found.unregister()


class Disk:
    """One machine's disk, as a folder of files known by their last name.

    `lie` is the share of flushes that are acknowledged but dropped. `on_op` is called after each
    operation has reached the page cache, and may call `cut`. `log` keeps every operation.
    """

    def __init__(
        self, rng: Random | int = 0, *, lie: float = 0.0, image: Image | None = None
    ) -> None:
        self.rng = rng if isinstance(rng, Random) else Random(rng)
        self.lie = lie
        self.medium = Medium(image)
        self.on_op: Callable[[Op], None] | None = None
        self.log: list[Op] | None = None
        self.dark = False
        """The power is off: every operation raises PowerCut until `crash`."""
        self.lives = 1
        """How often the machine or the process has started; handles of an earlier life are dead."""
        self.room: int | None = None
        """Bytes by which files may still grow before the disk is full; None is without end."""
        self._fail_sync_in = 0
        self._fail_op_in = 0
        self._fail_for_good = False
        self._burying = False
        self._connections: list[weakref.ref[apsw.Connection]] = []
        folder = tempfile.mkdtemp(prefix="disk-", dir=_MEMORY if _MEMORY.is_dir() else None)
        self._folder = Path(folder)
        self._removed = weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        self._vfs = _Vfs(f"disk-{next(_numbers)}", self)

    @classmethod
    def from_image(cls, image: Image, rng: Random | int = 0, *, lie: float = 0.0) -> "Disk":
        """A disk with these files, all flushed."""
        return cls(rng, lie=lie, image=image)

    def connect(self, name: str | Path, *, writes: bool, how: str = "") -> apsw.Connection:
        """A connection to a file; `how` are SQLite's parameters of a URI, such as psow=0."""
        self._alive()
        flags = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE
        if not writes:
            flags = apsw.SQLITE_OPEN_READONLY
        uri = f"file:{Path(name).name}?{how}"
        found = apsw.Connection(uri, flags | apsw.SQLITE_OPEN_URI, vfs=self._vfs.known_as)
        found.set_busy_timeout(0)
        self._connections = [c for c in self._connections if c() is not None]
        self._connections.append(weakref.ref(found))
        return found

    def put(self, name: str | Path, content: bytes) -> None:
        """A file that is on the disk already; no connection may have it open."""
        self.medium.put(Path(name).name, content)

    def read(self, name: str | Path) -> bytes | None:
        """A file as a process sees it, None when there is none."""
        inode = self.medium.names.get(Path(name).name)
        return None if inode is None else bytes(inode.live)

    def remove(self, name: str | Path) -> None:
        """Delete a file, giving its room back."""
        name = Path(name).name
        if name in self.medium.names:
            self._make_room(len(self.medium.names[name].live))
            self._happen(Op("delete", name, self.medium.names[name].number))

    def write_again(self, name: str | Path) -> None:
        """What `edge.wal.write_wal_again` does at a start: a flushed copy takes the file's place."""
        name = Path(name).name
        left = self.medium.names.get(name)
        if left is None or not left.live:
            return
        copy = f"{name}-again"
        self.remove(copy)
        self._happen(Op("open", copy, self.medium.next_inode))
        inode = self.medium.names[copy]
        try:
            self._may_change(len(left.live))
        except apsw.FullError:
            self.remove(copy)
            return
        self._happen(Op("write", copy, inode.number, 0, bytes(left.live)))
        self._flush(inode, copy)
        self._make_room(len(left.live))
        self._happen(Op("rename", name, inode.number, data=copy.encode()))

    def snapshot(self) -> Image:
        """A copy as a backup would find it while nobody writes: all files as processes see them."""
        return self.medium.image("kill9", self.rng)

    def crash(self, policy: str, rng: Random | None = None) -> Image:
        """The power goes and comes back; open connections are dead. Returns what is found.

        After `kill9` only the process is gone: what it did not flush is still in the page cache,
        and a later power cut may still lose it.
        """
        image = self.medium.image(policy, rng or self.rng)
        if policy == "kill9":
            self._end_life()
            return image
        return self.become(image)

    def become(self, image: Image) -> Image:
        """Another content from now on: after a crash, a restored backup, a blank new disk."""
        self._end_life()
        self.medium = Medium(image)
        return image

    def cut(self) -> None:
        """The power goes in the middle of the operation that runs; always raises PowerCut."""
        self.dark = True
        raise PowerCut

    def full(self, after: int = 0) -> None:
        """No file grows any more, once all together have grown by `after` bytes."""
        self.room = after

    def fail_fsync_at(self, nth: int) -> None:
        """The n-th flush from now fails, and what it should have kept is not on the disk."""
        self._fail_sync_in = nth

    def fail_at(self, nth: int, *, for_good: bool = False) -> None:
        """The n-th change from now is an I/O error; `for_good`: all after it as well."""
        self._fail_op_in, self._fail_for_good = nth, for_good

    def heal(self) -> None:
        """No fault is waiting any more, and there is room again."""
        self.room, self._fail_sync_in, self._fail_op_in = None, 0, 0
        self._fail_for_good = False

    def close(self) -> None:
        """Give everything back."""
        self._bury()
        self._vfs.unregister()
        self._removed()

    def _end_life(self) -> None:
        self._bury()
        self.lives += 1
        self.dark = False

    def _bury(self) -> None:
        # What a dead process did not write stays unwritten: no checkpoint, no rollback.
        self._burying = True
        try:
            for reference in self._connections:
                if (connection := reference()) is not None:
                    with contextlib.suppress(apsw.ConnectionClosedError):
                        connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
                    connection.close(True)
        finally:
            self._burying = False
        self._connections.clear()

    def _alive(self) -> None:
        if self.dark:
            raise PowerCut

    def _happen(self, op: Op) -> None:
        self.medium.apply(op)
        if self.log is not None:
            self.log.append(op)
        if self.on_op is not None:
            self.on_op(op)

    def _may_change(self, growth: int) -> None:
        if self._fail_op_in:
            self._fail_op_in -= 1
            if self._fail_op_in == 0:
                self._fail_op_in = int(self._fail_for_good)
                raise _io_error(apsw.SQLITE_IOERR_WRITE)
        if self.room is not None and growth > 0:
            if growth > self.room:
                raise apsw.FullError("the disk is full")
            self.room -= growth

    def _make_room(self, freed: int) -> None:
        if self.room is not None:
            self.room += freed

    def _flush(self, inode: Inode, name: str) -> None:
        done = "yes"
        if self._fail_sync_in:
            self._fail_sync_in -= 1
            done = "yes" if self._fail_sync_in else "failed"
        elif self.lie and self.rng.random() < self.lie:
            done = "lie"
        self._happen(Op("sync", name, inode.number, done=done))
        if done == "failed":
            raise _io_error(apsw.SQLITE_IOERR_FSYNC)


class _Content:
    """What both kinds of files do: reads and changes of one inode, until the power goes."""

    disk: Disk
    life: int
    inode: Inode
    name: str
    psow: bool

    def xRead(self, amount: int, offset: int) -> bytes:  # noqa: N802
        if self._dead():
            return b""
        return bytes(self.inode.live[offset : offset + amount])

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        if self._dead():
            return
        self.disk._may_change(offset + len(data) - len(self.inode.live))
        self.disk._happen(Op("write", self.name, self.inode.number, offset, bytes(data)))

    def xTruncate(self, size: int) -> None:  # noqa: N802
        if self._dead():
            return
        self.disk._may_change(0)
        self.disk._make_room(len(self.inode.live) - size)
        self.disk._happen(Op("truncate", self.name, self.inode.number, size))

    def xSync(self, flags: int) -> None:  # noqa: N802
        if not self._dead():
            self.disk._flush(self.inode, self.name)

    def xFileSize(self) -> int:  # noqa: N802
        return len(self.inode.live)

    def xSectorSize(self) -> int:  # noqa: N802
        return FLASH_PAGE

    def xDeviceCharacteristics(self) -> int:  # noqa: N802
        return int(apsw.SQLITE_IOCAP_POWERSAFE_OVERWRITE) if self.psow else 0

    def _dead(self) -> bool:
        if self.disk._burying:
            return True
        if self.disk.dark or self.disk.lives != self.life:
            raise PowerCut
        return False


class _DatabaseFile(_Content, apsw.VFSFile):
    """The database: its locks and the WAL index are SQLite's own, on an empty file."""

    def __init__(self, disk: Disk, name: str, filename: apsw.URIFilename, flags: list[int]) -> None:
        Path(filename.filename()).touch()
        apsw.VFSFile.__init__(self, _BASE, filename, flags)
        self.disk, self.life, self.name = disk, disk.lives, name
        self.inode = disk.medium.names[name]
        self.psow = filename.uri_boolean("psow", True)


class _SideFile(_Content):
    """A WAL or a rollback journal: nobody locks it."""

    def __init__(self, disk: Disk, name: str) -> None:
        self.disk, self.life, self.name = disk, disk.lives, name
        self.inode = disk.medium.names[name]
        self.psow = False

    def xClose(self) -> None:  # noqa: N802
        """Nothing to give back."""

    def xFileControl(self, op: int, pointer: int) -> bool:  # noqa: N802
        return False

    def xLock(self, level: int) -> None:  # noqa: N802
        """Nobody locks it."""

    def xUnlock(self, level: int) -> None:  # noqa: N802
        """Nobody locks it."""

    def xCheckReservedLock(self) -> bool:  # noqa: N802
        return False


class _Vfs(apsw.VFS):
    """Where SQLite finds the files of one disk."""

    def __init__(self, known_as: str, disk: Disk) -> None:
        self.known_as = known_as
        self._disk = weakref.ref(disk)
        super().__init__(known_as, _BASE)

    @property
    def disk(self) -> Disk:
        found = self._disk()
        assert found is not None, "a disk must outlive its connections"
        return found

    def xFullPathname(self, name: str) -> str:  # noqa: N802
        # A folder per life: the locks of a dead process must not be met again.
        folder = self.disk._folder / str(self.disk.lives)
        folder.mkdir(exist_ok=True)
        return str(folder / Path(name).name)

    def xAccess(self, path: str, flags: int) -> bool:  # noqa: N802
        return Path(path).name in self.disk.medium.names

    def xDelete(self, path: str, sync_folder: bool) -> None:  # noqa: N802
        if self.disk._burying:
            return
        self.disk._alive()
        self.disk._may_change(0)
        name = Path(path).name
        if name not in self.disk.medium.names:
            return
        inode = self.disk.medium.names[name]
        self.disk._make_room(len(inode.live))
        self.disk._happen(Op("delete", name, inode.number, int(sync_folder)))

    def xOpen(self, name, flags):  # noqa: N802
        if name is None:
            return super().xOpen(name, flags)
        self.disk._alive()
        wanted = flags[0]
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        short = Path(path).name
        if short not in self.disk.medium.names:
            if not wanted & apsw.SQLITE_OPEN_CREATE:
                raise apsw.CantOpenError(f"{short} is not on this disk")
            self.disk._happen(Op("open", short, self.disk.medium.next_inode))
        if wanted & apsw.SQLITE_OPEN_MAIN_DB:
            return _DatabaseFile(self.disk, short, name, flags)
        flags[1] = wanted
        return _SideFile(self.disk, short)


class _Dice(apsw.VFS):
    """Gives SQLite its seed, and nothing else."""

    def __init__(self, dice: Random) -> None:
        self._dice = dice
        super().__init__("dice", "", makedefault=True)

    def xRandomness(self, count: int) -> bytes:  # noqa: N802
        return self._dice.randbytes(count)


def _io_error(extended: int) -> apsw.IOError:
    fault = apsw.IOError("the disk failed")
    fault.extendedresult = extended
    return fault
