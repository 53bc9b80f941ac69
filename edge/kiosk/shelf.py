"""Files of the screen that were seen before: what the agent serves while the box is away."""

import asyncio
import contextlib
import hashlib
import logging
from pathlib import Path

import msgspec

log = logging.getLogger("edge.kiosk")

FILE_MAX = 8 * 1024 * 1024
TOTAL_MAX = 64 * 1024 * 1024
KINDS = ("text/html", "text/css", "text/javascript", "application/javascript", "image/", "font/")
KINDS_TOO = ("application/manifest+json", "application/wasm", "application/json")
NEVER = ("api", "health", "metrics", "mqtt", "docs", "papers", "r", "agent")
"""First parts of addresses that are news, not files."""
LASTING = "immutable"


class Filed(msgspec.Struct, frozen=True):
    """One answer as it was: its address, the headers that say how to read it, and by what it is
    known to be whole (empty in copies of older agents)."""

    path: str
    headers: dict[str, str]
    digest: str = ""


class Shelf:
    """A bounded folder of answers. When it is full, those least used go first.

    Trouble with the disk costs the copy and nothing else: the screen goes on with the box.
    """

    def __init__(self, folder: Path, *, total_max: int = TOTAL_MAX) -> None:
        self.folder = folder
        self.total_max = total_max
        self._sizes: dict[str, int] = {}  # file name -> bytes, the least used first

    def load(self) -> None:
        """See what is there from before. Raises OSError when the folder cannot be used."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for draft in self.folder.glob("*.new"):
            draft.unlink(missing_ok=True)
        files = [(f.stat().st_mtime, f.name, f.stat().st_size) for f in self.folder.iterdir()]
        self._sizes = {name: size for _, name, size in sorted(files)}

    def takes(self, path: str, status: int, headers: dict[str, str]) -> bool:
        """Whether this answer is a file of a screen, and not too large to keep."""
        kind = headers.get("content-type", "").lower()
        length = headers.get("content-length", "")
        return (
            status == 200
            and path.strip("/").partition("/")[0] not in NEVER
            and kind.startswith((*KINDS, *KINDS_TOO))
            and "no-store" not in headers.get("cache-control", "")
            and length.isdigit()
            and int(length) <= FILE_MAX
        )

    async def put(self, path: str, headers: dict[str, str], body: bytes) -> None:
        """Keep an answer in place of the one before."""
        name = _name(path)
        kept = {k: v for k, v in headers.items() if k in ("content-type", "cache-control")}
        if "content-encoding" in headers:
            kept["content-encoding"] = headers["content-encoding"]
        try:
            size = await asyncio.to_thread(_write, self.folder / name, Filed(path, kept), body)
        except OSError as fault:
            log.warning("A copy of %s could not be kept (%s).", path, fault.strerror)
            return
        self._sizes.pop(name, None)
        self._sizes[name] = size
        while sum(self._sizes.values()) > self.total_max and len(self._sizes) > 1:
            oldest = next(iter(self._sizes))
            del self._sizes[oldest]
            with contextlib.suppress(OSError):
                (self.folder / oldest).unlink(missing_ok=True)

    async def find(self, path: str) -> tuple[Filed, bytes] | None:
        """The answer as it was seen last."""
        name = _name(path)
        if name not in self._sizes:
            return None
        try:
            found = await asyncio.to_thread(_read, self.folder / name)
        except (OSError, msgspec.DecodeError, UnicodeDecodeError, _TornError):
            self._sizes.pop(name, None)
            return None
        self._sizes[name] = self._sizes.pop(name)  # used last
        return found

    def has(self, path: str) -> bool:
        """Whether there is a copy."""
        return _name(path) in self._sizes

    def clear(self) -> None:
        """Throw everything away: another box may have other screens."""
        for name in list(self._sizes):
            with contextlib.suppress(OSError):
                (self.folder / name).unlink(missing_ok=True)
        self._sizes.clear()


def _name(path: str) -> str:
    # A page is the same whatever it is asked with (`?lang=`); a picture may not be.
    plain = path.partition("?")[0]
    key = plain if plain.endswith("/") else path
    return hashlib.sha256(key.encode()).hexdigest()


class _TornError(Exception):
    """The power went while the copy was being written, or the disk fails."""


def _digest(body: bytes) -> str:
    return hashlib.blake2b(body, digest_size=16).hexdigest()


def _write(path: Path, filed: Filed, body: bytes) -> int:
    filed = msgspec.structs.replace(filed, digest=_digest(body))
    data = msgspec.json.encode(filed) + b"\n" + body
    draft = path.with_suffix(".new")
    draft.write_bytes(data)
    draft.replace(path)
    return len(data)


def _read(path: Path) -> tuple[Filed, bytes]:
    head, _, body = path.read_bytes().partition(b"\n")
    filed = msgspec.json.decode(head, type=Filed)
    if filed.digest and filed.digest != _digest(body):
        raise _TornError(filed.path)
    return filed, body
