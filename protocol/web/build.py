"""Packing hook: builds the screens for the wheel, or says plainly why it cannot.

Hatchling loads this file by its path (see `pyproject.toml`); nothing imports it.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ENTRY_POINTS = (
    "edge/static/counter/index.html",
    "edge/static/kiosk/index.html",
    "edge/static/kitchen/index.html",
    "edge/static/customer/index.html",
    "edge/static/board/index.html",
    "edge/static/box/index.html",
    "edge/static/devices/index.html",
    "edge/static/demo/index.html",
    "cloud/static/dashboard/index.html",
    "edge/static/docs/swagger-ui-bundle.js",
    "cloud/static/docs/swagger-ui-bundle.js",
)
"""A wheel without one of these would install and then show an empty page. `make` reads them here."""

NODE_HINT = "Install Node.js 20.19 or newer (npm comes with it), or pack from an sdist."


class ScreensHook(BuildHookInterface):  # type: ignore[type-arg]  # its configuration has no public type
    """Runs `npm ci` and `npm run build` once, only where a wheel needs it."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the screens unless this is an sdist, an editable install, or they are there.

        `python -m hatchling build -c` removes them first and so forces a fresh build.
        """
        del build_data
        root = Path(self.root)
        if self.target_name != "wheel" or version == "editable" or not missing_screens(root):
            return
        build_screens(root)

    def clean(self, versions: list[str]) -> None:
        """Remove the built screens, where the sources to build them again exist."""
        del versions
        if self.target_name != "wheel" or not (Path(self.root) / "package.json").exists():
            return
        for folder in ("edge/static", "cloud/static"):
            shutil.rmtree(Path(self.root) / folder, ignore_errors=True)


def build_screens(root: Path) -> None:
    """Build all screens below `root`; raises `RuntimeError` with what to do when it cannot."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        raise RuntimeError(f"The screens are not built and Node.js is missing. {NODE_HINT}")
    if not (root / "package-lock.json").exists():
        raise RuntimeError("The screens are not built and package-lock.json is missing here.")
    # `npm ci`, never `install`: exactly what the lock says. Scripts of dependencies never run.
    for step in ([npm, "ci", "--ignore-scripts"], [npm, "run", "build"]):
        done = subprocess.run(step, cwd=root, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"`{' '.join(['npm', *step[1:]])}` failed; its output is above.")
    # `artifacts` silently matches nothing, so look: a wheel without screens must not exist.
    if missing := missing_screens(root):
        raise RuntimeError(f"The build ran, but these screens are missing: {', '.join(missing)}")


def missing_screens(root: Path) -> list[str]:
    """Entry points that are not built below `root`, in the order of `ENTRY_POINTS`."""
    return [entry for entry in ENTRY_POINTS if not (root / entry).is_file()]
