"""Packs the processes of a release, as they were at a commit, for tests that run them beside ours.

    python tests/golden/releases/pack.py 340a04a 0.1.0

Only what a box and HQ need to run without screens: sources and migrations. The same commit makes
the same bytes.
"""

import io
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

HERE = Path(__file__).parent
PACKAGES = ("edge", "cloud", "protocol")
KEPT = (".py", ".sql")
LEFT_OUT = ("edge/demo/", "edge/replay/", "edge/web/", "cloud/web/", "protocol/web/")
SAID = "Metadata-Version: 2.1\nName: kedai\nVersion: {version}\n"
"""Lets the old processes say which release they are."""


def pack(commit: str, version: str) -> Path:
    """Write `VERSION.zip` beside this file."""
    packed = subprocess.run(
        ["git", "archive", commit, *PACKAGES],
        cwd=HERE.parents[2],
        stdout=subprocess.PIPE,
        check=True,
    )
    with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as tree:
        files = {
            member.name: tree.extractfile(member).read()
            for member in tree
            if member.isfile()
            and member.name.endswith(KEPT)
            and not member.name.startswith(LEFT_OUT)
        }
    files[f"kedai-{version}.dist-info/METADATA"] = SAID.format(version=version).encode()
    target = HERE / f"{version}.zip"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in sorted(files.items()):
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content, compresslevel=9)
    return target


if __name__ == "__main__":
    made = pack(*sys.argv[1:])
    print(f"{made.name}: {made.stat().st_size} bytes")
