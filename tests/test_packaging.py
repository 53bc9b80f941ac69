"""What a restaurant installs: one wheel with the built screens, running where Node never was."""

import json
import os
import re
import subprocess
import sys
import venv
from importlib import metadata
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("edge", "cloud", "protocol")
SCREENS = (
    "edge/static/counter/index.html",
    "edge/static/kiosk/index.html",
    "edge/static/kitchen/index.html",
    "edge/static/box/index.html",
    "edge/static/devices/index.html",
    "edge/static/demo/index.html",
    "cloud/static/dashboard/index.html",
)

pytestmark = [pytest.mark.packaging, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout; the packing hook builds the screens when they are missing."""
    folder = tmp_path_factory.mktemp("wheel")
    pack = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    done = run(*pack, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    (built,) = folder.glob("kedai-*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment holding only the locked packages and the wheel; gives its bin folder."""
    place = tmp_path_factory.mktemp("a place with spaces") / "env"
    venv.create(place, with_pip=True)
    pip = [str(place / "bin/python"), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    # The machine's own pip configuration says where from; the hashes in the lock say what.
    locked = run(*pip, "--require-hashes", "-r", str(ROOT / "requirements.lock"))
    assert locked.returncode == 0, locked.stderr
    alone = run(*pip, "--no-deps", "--no-index", str(wheel))
    assert alone.returncode == 0, alone.stderr
    return place / "bin"


def version_of(wheel: Path) -> str:
    """What the project calls this release; the wheel is called the same."""
    (named,) = re.findall(
        r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE
    )
    assert wheel.name.split("-")[1] == named
    return named


def run(*command: str, cwd: Path | None = None, path: str | None = None):
    """A process with its output kept; `path` replaces PATH."""
    environment = os.environ | ({"PATH": path} if path is not None else {})
    environment.pop("PYTHONPATH", None)
    return subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )


def test_the_wheel_holds_the_built_screens(wheel: Path) -> None:
    names = set(ZipFile(wheel).namelist())
    assert not set(SCREENS) - names
    for screen in SCREENS:
        page = ZipFile(wheel).read(screen).decode()
        folder = screen.rsplit("/", 1)[0]
        scripts = re.findall(r'(?:src|href)="([^"]+\.(?:js|css))"', page)
        assert scripts, f"{screen} loads nothing"
        for script in scripts:
            assert any(name.endswith(script.rsplit("/", 1)[-1]) for name in names), (folder, script)


def test_the_wheel_holds_the_page_that_explains_the_api(wheel: Path) -> None:
    names = set(ZipFile(wheel).namelist())
    for service in ("edge", "cloud"):
        for part in ("swagger-ui-bundle.js", "swagger-ui.css"):
            assert f"{service}/static/docs/{part}" in names


def test_the_wheel_holds_no_sources_of_screens_and_no_tests(wheel: Path) -> None:
    names = ZipFile(wheel).namelist()
    release = f"kedai-{version_of(wheel)}"
    assert {name.split("/")[0] for name in names} == {*PACKAGES, f"{release}.dist-info"}
    wrong = [
        name
        for name in names
        if name.endswith((".svelte", ".ts", ".map", ".pyc"))
        or {"web", "tests", "node_modules"} & set(name.split("/"))
    ]
    assert wrong == []


def test_the_wheel_holds_every_module_and_migration(wheel: Path) -> None:
    names = set(ZipFile(wheel).namelist())
    ours = {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for suffix in ("*.py", "*.sql")
        for path in (ROOT / package).rglob(suffix)
        if not {"web", "static"} & set(path.relative_to(ROOT).parts)
    }
    assert not ours - names


def test_the_wheel_carries_its_licence(wheel: Path) -> None:
    names = ZipFile(wheel).namelist()
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_no_dependency_claims_our_names() -> None:
    claims = [
        f"{distribution.name}: {file}"
        for distribution in metadata.distributions()
        if distribution.name != "kedai"
        for file in distribution.files or ()
        if file.parts[0].removesuffix(".py") in PACKAGES
    ]
    assert claims == []


def test_locks_hold_names_versions_and_hashes_only() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / name).read_text("utf-8")
        assert not re.search(r"https?://|file:|^-|^ *--(?!hash=sha256:)", text, re.MULTILINE), name
        for block in re.split(r"\n(?=\S)", text.strip()):
            assert re.match(r"[a-z0-9.-]+==\S+", block), f"{name}: {block[:60]}"
            assert "--hash=sha256:" in block, f"{name}: {block[:60]}"


def test_the_lock_of_the_screens_holds_hashes_and_no_addresses() -> None:
    text = (ROOT / "package-lock.json").read_text("utf-8")
    assert not re.findall(r'"[^"]*https?://[^"]*"', text), "`make lock` takes them out"
    packages = json.loads(text)["packages"]
    # A bundled package lies inside another one and is covered by its hash.
    bare = [n for n, e in packages.items() if n and not {"integrity", "inBundle"} & set(e)]
    assert bare == []
    # A lock made where some platforms were missing would fail on the machines of others.
    native = [name for name in packages if name.endswith("linux-x64-gnu")]
    others = ("linux-arm64-gnu", "darwin-arm64", "darwin-x64")
    wanted = {name.replace("linux-x64-gnu", other) for name in native for other in others}
    assert native
    assert wanted - set(packages) == set()


def test_locks_agree_with_each_other() -> None:
    pins = [
        dict(re.findall(r"^([a-z0-9.-]+)==(\S+)", (ROOT / name).read_text(), re.MULTILINE))
        for name in ("requirements.lock", "requirements-dev.lock")
    ]
    product, tools = pins
    assert {name: tools.get(name) for name in product} == product


def test_an_sdist_packs_without_node(wheel: Path, tmp_path: Path) -> None:
    # `wheel` is asked for so that the screens are built by now.
    pack = [sys.executable, "-m", "hatchling", "build"]
    done = run(*pack, "-t", "sdist", "-d", str(tmp_path), cwd=ROOT)
    assert done.returncode == 0, done.stderr
    (archive,) = tmp_path.glob("kedai-*.tar.gz")
    unpacked = run("tar", "-xzf", str(archive), "-C", str(tmp_path))
    assert unpacked.returncode == 0, unpacked.stderr
    unpacked_in = tmp_path / f"kedai-{version_of(wheel)}"
    again = run(*pack, "-t", "wheel", "-d", str(tmp_path), cwd=unpacked_in, path="")
    assert again.returncode == 0, again.stderr
    (rebuilt,) = tmp_path.glob("kedai-*.whl")
    assert set(SCREENS) <= set(ZipFile(rebuilt).namelist())


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A checkout of the three packages, empty, with our packing and without any screen."""
    run("git", "init", "-q", str(tmp_path))
    for name in ("pyproject.toml", "LICENSE", "README.md", "protocol/web/build.py"):
        if (ROOT / name).exists():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    for package in PACKAGES:
        (tmp_path / package).mkdir(exist_ok=True)
        (tmp_path / package / "__init__.py").touch()
    return tmp_path


def test_packing_without_screens_and_node_says_what_to_install(bare: Path) -> None:
    done = run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", cwd=bare, path="")
    assert done.returncode != 0
    assert "Install Node.js 20.19 or newer" in done.stderr
    assert not list(bare.glob("dist/*.whl"))


def test_packing_fails_when_the_build_leaves_a_screen_out(bare: Path) -> None:
    build = "node -e \"require('fs').mkdirSync('edge/static/kiosk', {recursive: true})\""
    project = {"name": "screens", "version": "1.0.0"}
    lock = project | {"lockfileVersion": 3, "packages": {"": project}}
    (bare / "package.json").write_text(json.dumps(project | {"scripts": {"build": build}}))
    (bare / "package-lock.json").write_text(json.dumps(lock))
    done = run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", cwd=bare)
    assert done.returncode != 0
    assert "these screens are missing: edge/static/counter/index.html" in done.stderr
    assert not list(bare.glob("dist/*.whl"))


def test_an_editable_install_asks_for_no_screens(bare: Path, tmp_path: Path) -> None:
    place = tmp_path / "env"
    venv.create(place, system_site_packages=False, with_pip=True)
    site = next((place / "lib").glob("python*/site-packages"))
    mine = metadata.distribution("hatchling").locate_file("")
    (site / "tools.pth").write_text(f"{mine}\n")  # hatchling without fetching it again
    pip = [str(place / "bin/python"), "-m", "pip", "install", "-q", "--no-build-isolation"]
    done = run(*pip, "--no-deps", "--no-index", "--editable", str(bare))
    assert done.returncode == 0, done.stderr
    assert (place / "bin/kedai").exists()
    assert not (bare / "edge/static").exists()


@pytest.mark.parametrize(
    "words", [["--help"], ["edge", "--help"], ["demo", "--help"], ["cloud", "--help"]]
)
def test_the_wheel_runs_where_node_never_was(
    installed: Path, tmp_path: Path, words: list[str]
) -> None:
    done = run(str(installed / "kedai"), *words, cwd=tmp_path, path=str(installed))
    assert done.returncode == 0, done.stderr
    assert "Usage: kedai" in done.stdout
