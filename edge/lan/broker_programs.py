"""Finds an MQTT broker to run: installed, unpacked from its Debian package, or aedes on Node."""

import logging
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

log = logging.getLogger("edge.lan.broker")

# Debian and Homebrew put daemons where an ordinary user's PATH does not look.
DAEMON_DIRS = (
    "/usr/sbin",
    "/usr/local/sbin",
    "/opt/homebrew/sbin",
    "/opt/homebrew/opt/mosquitto/sbin",
)
AEDES = "aedes@1.2.0"
AEDES_SCRIPT = Path(__file__).with_name("aedes_broker.mjs")
DOWNLOAD_TIMEOUT_S = 120


@dataclass(frozen=True, slots=True)
class BrokerProgram:
    """A broker that can be started: how, and where it came from in words."""

    kind: Literal["mosquitto", "aedes"]
    argv: tuple[str, ...]
    origin: str


def find_broker(cache_dir: Path | None = None, *, download: bool = True) -> BrokerProgram | None:
    """The best broker at hand, or None. Blocks: with download it may take a minute, once.

    Looks for mosquitto as installed, then as unpacked earlier into cache_dir, then (download)
    takes its package apart there, without root and without installing it; then for aedes in the
    checkout's node_modules or in cache_dir, then (download) fetches it there with npm.
    """
    cache_dir = cache_dir or default_cache_dir()
    return (
        find_installed_mosquitto()
        or find_unpacked_mosquitto(cache_dir)
        or (unpack_mosquitto(cache_dir) if download else None)
        or find_aedes(cache_dir)
        or (fetch_aedes(cache_dir) if download else None)
    )


def default_cache_dir() -> Path:
    """Where programs that we fetched are kept between runs."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "kedai"


def find_installed_mosquitto() -> BrokerProgram | None:
    """mosquitto from the system's packages."""
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), *DAEMON_DIRS])
    program = shutil.which("mosquitto", path=path)
    if program is None:
        return None
    return BrokerProgram("mosquitto", (program,), f"installed at {program}")


def find_unpacked_mosquitto(cache_dir: Path) -> BrokerProgram | None:
    """mosquitto as unpack_mosquitto left it; None too when it cannot run on this system."""
    root = cache_dir / "mosquitto"
    program = root / "usr/sbin/mosquitto"
    if not program.is_file():
        return None
    libraries = os.pathsep.join(str(path.parent) for path in _first_library_of_each_dir(root))
    argv = ("/usr/bin/env", f"LD_LIBRARY_PATH={libraries}", str(program))
    # It prints its help and exits with 3; a missing library gives 127.
    if subprocess.run([*argv, "-h"], capture_output=True, check=False).returncode == 127:  # noqa: S603
        return None
    return BrokerProgram("mosquitto", argv, f"unpacked from its Debian package in {root}")


def unpack_mosquitto(cache_dir: Path) -> BrokerProgram | None:
    """Downloads mosquitto and the libraries this system lacks, and unpacks them; needs no root."""
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        return None
    cache_dir.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(dir=cache_dir) as work:
            root = Path(work) / "root"
            for package in _download_packages(Path(work)):
                _run("dpkg-deb", "-x", str(package), str(root))
            shutil.rmtree(cache_dir / "mosquitto", ignore_errors=True)
            root.rename(cache_dir / "mosquitto")
    except (OSError, subprocess.SubprocessError) as fault:
        log.warning("mosquitto could not be unpacked from its package (%s).", fault)
        return None
    return find_unpacked_mosquitto(cache_dir)


def find_aedes(cache_dir: Path) -> BrokerProgram | None:
    """aedes on Node, from the checkout's node_modules or from cache_dir."""
    node = shutil.which("node")
    if node is None:
        return None
    for base in (Path(__file__).parents[2], cache_dir):
        if (base / "node_modules/aedes/package.json").is_file():
            argv = (node, str(AEDES_SCRIPT), str(base))
            return BrokerProgram("aedes", argv, f"aedes on Node, from {base / 'node_modules'}")
    return None


def fetch_aedes(cache_dir: Path) -> BrokerProgram | None:
    """Installs aedes with npm into cache_dir, without running any package's scripts."""
    if not (shutil.which("npm") and shutil.which("node")):
        return None
    cache_dir.mkdir(parents=True, exist_ok=True)
    flags = ("--ignore-scripts", "--no-audit", "--no-fund", "--no-save")
    try:
        _run("npm", "install", "--prefix", str(cache_dir), *flags, AEDES)
    except (OSError, subprocess.SubprocessError) as fault:
        log.warning("aedes could not be fetched with npm (%s).", fault)
        return None
    return find_aedes(cache_dir)


def _download_packages(work: Path) -> Iterator[Path]:
    """mosquitto's package and those apt would install with it, fetched with private lists."""
    for name in ("state/lists/partial", "cache/archives/partial", "packages"):
        (work / name).mkdir(parents=True)
    options = (
        f"-oDir::State={work}/state",
        f"-oDir::Cache={work}/cache",
        "-oDir::State::status=/var/lib/dpkg/status",
        "-oAPT::Install-Recommends=false",
        "-oAPT::Sandbox::User=",
        "-qq",
    )
    _run("apt-get", *options, "update")
    # Library packages have another name in each release: apt says which, without installing.
    plan = _run("apt-get", *options, "-s", "install", "mosquitto")
    wanted = set(re.findall(r"^Inst (\S+)", plan, re.MULTILINE)) or {"mosquitto"}
    unpackable = {name for name in wanted if name == "mosquitto" or name.startswith("lib")}
    _run("apt-get", *options, "download", *sorted(unpackable), cwd=work / "packages")
    yield from sorted((work / "packages").glob("*.deb"))


def _first_library_of_each_dir(root: Path) -> list[Path]:
    by_dir = {path.parent: path for path in sorted(root.rglob("*.so*"))}
    return list(by_dir.values())


def _run(*argv: str, cwd: Path | None = None) -> str:
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    return subprocess.run(  # noqa: S603 -- our own arguments, no shell
        argv,
        cwd=cwd,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
        timeout=DOWNLOAD_TIMEOUT_S,
    ).stdout
