"""The identities that the outlet's broker knows, on disk: the box, its screens, and each device."""

import contextlib
import fcntl
import logging
import os
from collections.abc import Callable, Iterator, Mapping
from hashlib import blake2b
from pathlib import Path

import msgspec

from edge.lan.broker_config import (
    BOX,
    SALT_BYTES,
    SCREENS,
    acl_text,
    ensure_nameable,
    password_fits,
    password_line,
)
from edge.platform import Platform
from protocol.devices import DeviceKind

log = logging.getLogger("edge.lan.broker")

SECRET_FILE, KEPT_FILE, CHANGED_FILE = "broker.secret", "identities.json", "changed"
SECRET_BYTES = 32


class Identity(msgspec.Struct, frozen=True):
    """A device as the broker knows it: what it is for, and its line in the password file."""

    kind: DeviceKind
    line: str


class Identities(msgspec.Struct):
    """What is kept beside the two files, which are written from it."""

    own: dict[str, str] = msgspec.field(default_factory=dict)
    devices: dict[str, Identity] = msgspec.field(default_factory=dict)


class BrokerAccess:
    """Keeps password file and rights file true, and says so when they changed.

    Files that cannot be written are told once and stop nothing: the box takes orders without its
    broker too, and screens are let in by the bridge.
    """

    def __init__(self, folder: Path, data_dir: Path, outlet: str, platform: Platform) -> None:
        self.folder = folder
        self.passwords, self.acl = folder / "passwords", folder / "acl"
        self.on_changed: list[Callable[[], None]] = []
        """Called after both files are in place: the broker is to read them again."""
        self._secret_file = data_dir / SECRET_FILE
        self._outlet, self._platform = outlet, platform
        self._secret = b""
        self._silent = False

    async def start(self) -> None:
        """Make or read the box's own secret, and write the files if they are not as they should."""
        self._secret = _secret(self._secret_file, self._platform)
        self._change(lambda _: None)

    async def stop(self) -> None:
        """Nothing to end."""

    def password(self, user: str) -> str:
        """The password of the box itself (`BOX`), or of the box speaking for screens (`SCREENS`)."""
        assert self._secret, "read at start"
        return blake2b(user.encode(), key=self._secret, digest_size=32).hexdigest()

    def grant(self, device: str, kind: DeviceKind, token: str) -> None:
        """Let a device in under its id, with its token as password. Again changes nothing.

        Raises ValueError for an id that cannot be a name on the broker.
        """
        ensure_nameable(device)

        def change(kept: Identities) -> None:
            known = kept.devices.get(device)
            if known and known.kind is kind and password_fits(known.line, token):
                return
            salt = self._platform.entropy(SALT_BYTES)
            kept.devices[device] = Identity(kind, password_line(device, token, salt))

        self._change(change)

    def withdraw(self, device: str) -> None:
        """Take a device's identity away."""
        self._change(lambda kept: kept.devices.pop(device, None))

    def keep_only(self, devices: Mapping[str, DeviceKind]) -> None:
        """Take away whoever is not among these: what was revoked while the files could not be
        written, or before this box was put back from a copy."""

        def change(kept: Identities) -> None:
            kept.devices = {d: i for d, i in kept.devices.items() if devices.get(d) is i.kind}

        self._change(change)

    # ------------------------------------------------------------ disk

    def _change(self, change: Callable[[Identities], object]) -> None:
        try:
            with _locked(self.folder):
                kept = _read(self.folder / KEPT_FILE)
                change(kept)
                for user in (BOX, SCREENS):
                    if not password_fits(kept.own.get(user, ""), self.password(user)):
                        salt = self._platform.entropy(SALT_BYTES)
                        kept.own[user] = password_line(user, self.password(user), salt)
                changed = self._write(kept)
            self._silent = False
        except OSError as fault:
            if not self._silent:
                log.error(  # noqa: TRY400 -- said in words
                    "The broker's password and rights files in %s cannot be written (%s). Screens "
                    "come in through the box; devices of their own may be refused by the broker.",
                    self.folder,
                    fault.strerror or fault,
                )
            self._silent = True
            return
        if changed:
            for told in self.on_changed:
                told()

    def _write(self, kept: Identities) -> bool:
        devices = dict(sorted(kept.devices.items()))
        lines = [*kept.own.values(), *(identity.line for identity in devices.values())]
        acl = acl_text(self._outlet, {d: i.kind for d, i in devices.items()})
        # What is kept first: should the power go now, the next change writes the others from it.
        changed = _put(self.folder / KEPT_FILE, msgspec.json.encode(kept), 0o600)
        changed |= _put(self.acl, acl.encode(), 0o640)
        changed |= _put(self.passwords, "\n".join([*lines, ""]).encode(), 0o640)
        if changed:
            # Whoever watches this file finds the other two complete.
            _put(self.folder / CHANGED_FILE, self._platform.new_id().encode(), 0o640)
        return changed


def _secret(file: Path, platform: Platform) -> bytes:
    with contextlib.suppress(FileNotFoundError, ValueError):
        found = bytes.fromhex(file.read_text())
        if len(found) == SECRET_BYTES:
            return found
    made = platform.entropy(SECRET_BYTES)
    _put(file, made.hex().encode(), 0o600)
    return made


def _read(file: Path) -> Identities:
    try:
        return msgspec.json.decode(file.read_bytes(), type=Identities)
    except FileNotFoundError:
        return Identities()
    except msgspec.MsgspecError:
        log.warning("%s cannot be read; devices come in again with their tokens.", file)
        return Identities()


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Alone with the files: the box and the command line may both change them."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _put(file: Path, content: bytes, mode: int) -> bool:
    """Write a file whole or not at all; False when it was so already."""
    with contextlib.suppress(FileNotFoundError):
        if file.read_bytes() == content:
            return False
    fresh = file.with_name(f"{file.name}.new")
    with fresh.open("wb") as writing:
        os.fchmod(writing.fileno(), mode)
        if os.geteuid() == 0:  # the command line, called by root: the box must read it, too
            owner = file.parent.stat()
            os.fchown(writing.fileno(), owner.st_uid, owner.st_gid)
        writing.write(content)
        writing.flush()
        os.fsync(writing.fileno())
    fresh.replace(file)
    return True
