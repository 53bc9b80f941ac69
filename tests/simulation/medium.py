"""What a disk holds when the power goes: which writes were flushed, and which images may be found.

A pure model without SQLite and without clocks. Files are inodes; names are metadata that any flush
commits in order, as ext4 does (a model by name alone invents corruption that no disk shows).
"""

from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import NamedTuple

SECTOR = 512
"""Bytes that a power cut leaves whole: old or new, never half of each."""
FLASH_PAGE = 4096
"""Bytes that flash memory rewrites at once, and loses at once when the power goes meanwhile."""

POLICIES = ("kill9", "strict", "torn", "smash4k")


class Op(NamedTuple):
    """One thing that was asked of the disk. `done`: a flush may be dropped, or fail aloud."""

    kind: str
    """open, write, truncate, sync, delete, rename (to `name`; `data` is the name before)"""
    name: str
    inode: int
    offset: int = 0
    data: bytes = b""
    done: str = "yes"


@dataclass(frozen=True, slots=True)
class Image:
    """The files that are found when the power comes back."""

    files: dict[str, bytes]


@dataclass(slots=True)
class Inode:
    """A file's content: as its readers see it, as it is on disk, and what lies between."""

    number: int
    live: bytearray = field(default_factory=bytearray)
    durable: bytearray = field(default_factory=bytearray)
    pending: list[Op] = field(default_factory=list)


class Medium:
    """The disk under the page cache. `apply` what happens; ask for an `image` at any moment."""

    def __init__(self, image: Image | None = None) -> None:
        self.names: dict[str, Inode] = {}
        self.counts: Counter[str] = Counter()
        self._durable_names: dict[str, Inode] = {}
        self._metadata: list[Op] = []
        self._inodes: dict[int, Inode] = {}
        self.next_inode = 1
        for name, content in sorted((image.files if image else {}).items()):
            self.put(name, content)

    def put(self, name: str, content: bytes) -> None:
        """A file that was there before anybody looked."""
        inode = self._new_inode()
        inode.live[:] = inode.durable[:] = content
        self.names[name] = self._durable_names[name] = inode

    def apply(self, op: Op) -> None:
        """Let one thing happen, as its caller sees it."""
        self.counts[op.kind] += 1
        if op.kind == "open":
            assert op.inode == self.next_inode, "files are numbered in the order they are made"
            self.names[op.name] = self._new_inode()
            self._metadata.append(op)
        elif op.kind == "delete":
            del self.names[op.name]
            self._metadata.append(op)
            if op.offset:  # the directory was flushed as well
                self._commit_metadata()
        elif op.kind == "rename":
            _rename(self.names, op, self._inodes)
            self._metadata.append(op)
            self._commit_metadata()
        elif op.kind == "sync":
            self._sync(op)
        else:
            inode = self._inodes[op.inode]
            _change(inode.live, op)
            inode.pending.append(op)

    def image(self, policy: str, rng: Random) -> Image:
        """What is found after the power went now.

        `kill9`: only the process died, all writes survive. `strict`: only what was flushed.
        `torn`: any sectors of what was not flushed, and a part of the names. `smash4k`: all
        writes survive, but the flash pages under the one in flight are garbage.
        """
        if policy == "strict":
            return Image({n: bytes(i.durable) for n, i in self._durable_names.items()})
        if policy == "torn":
            return self._torn(rng)
        found = {name: bytes(inode.live) for name, inode in self.names.items()}
        if policy == "smash4k":
            self._smash(found, rng)
        else:
            assert policy == "kill9", f"there is no policy {policy}"
        return Image(found)

    def _new_inode(self) -> Inode:
        inode = Inode(self.next_inode)
        self._inodes[inode.number] = inode
        self.next_inode += 1
        return inode

    def _sync(self, op: Op) -> None:
        inode = self._inodes[op.inode]
        if op.done == "lie":
            return
        if op.done == "yes":
            self._commit_metadata()
            for change in inode.pending:
                _change(inode.durable, change)
        # A failed flush drops the pages: a second one "works" although nothing reached the disk.
        inode.pending.clear()

    def _commit_metadata(self) -> None:
        for op in self._metadata:
            _rename(self._durable_names, op, self._inodes)
        self._metadata.clear()

    def _torn(self, rng: Random) -> Image:
        names = dict(self._durable_names)
        for op in self._metadata[: rng.randint(0, len(self._metadata))]:
            _rename(names, op, self._inodes)
        kept = rng.choice((0.05, 0.3, 0.5, 0.7, 0.95))
        found = {}
        for name, inode in names.items():
            content = bytearray(inode.durable)
            for op in inode.pending:
                if op.kind == "truncate":
                    if rng.random() < kept:
                        _change(content, op)
                    continue
                for part in _sectors(op):
                    if rng.random() < kept:
                        _change(content, part)
            found[name] = bytes(content)
        return Image(found)

    def _smash(self, found: dict[str, bytes], rng: Random) -> None:
        in_flight = [
            (name, op)
            for name, inode in self.names.items()
            for op in inode.pending
            if op.kind == "write"
        ]
        if not in_flight:
            return
        name, op = rng.choice(in_flight)
        first = op.offset - op.offset % FLASH_PAGE
        end = -(-(op.offset + len(op.data)) // FLASH_PAGE) * FLASH_PAGE
        content = bytearray(found[name])
        end = min(end, len(content))
        if first < end:
            content[first:end] = rng.randbytes(end - first)
        found[name] = bytes(content)


def _rename(names: dict[str, Inode], op: Op, inodes: dict[int, Inode]) -> None:
    if op.kind == "delete":
        names.pop(op.name, None)
        return
    if op.kind == "rename":
        names.pop(op.data.decode(), None)
    names[op.name] = inodes[op.inode]


def _change(content: bytearray, op: Op) -> None:
    if op.kind == "truncate":
        if op.offset < len(content):
            del content[op.offset :]
        else:
            content.extend(bytes(op.offset - len(content)))
        return
    if len(content) < op.offset:
        content.extend(bytes(op.offset - len(content)))
    content[op.offset : op.offset + len(op.data)] = op.data


def _sectors(op: Op) -> list[Op]:
    parts, at, end = [], op.offset, op.offset + len(op.data)
    while at < end:
        upto = min(end, at - at % SECTOR + SECTOR)
        data = op.data[at - op.offset : upto - op.offset]
        parts.append(Op("write", op.name, op.inode, at, data))
        at = upto
    return parts
