"""Earlier releases, unpacked and ready to run beside this checkout."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

GOLDEN = Path(__file__).parents[1] / "golden"
RELEASES = sorted((GOLDEN / "releases").glob("*.zip"))


def unpack(archive, folder):
    """The environment in which `python -m edge` and `python -m cloud` are those of a release."""
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(folder)
    # Without the safe path the folder we stand in, this checkout, would come first.
    return {"PYTHONPATH": str(folder), "PYTHONSAFEPATH": "1"}


def ask(release, program, *arguments):
    """What a small program prints that runs on a release's modules; it must succeed."""
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        env=os.environ | release,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
