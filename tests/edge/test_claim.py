"""One process per data folder: the second one is told, and changes nothing."""

import subprocess
import sys

import pytest

from edge.claim import Claim, InUse


def test_a_folder_has_one_holder_and_the_next_may_have_it_after(tmp_path):
    first, second = Claim(tmp_path), Claim(tmp_path)
    first.take()
    with pytest.raises(InUse, match="another process"):
        second.take()
    first.release()
    second.take()
    second.release()
    second.release()


def test_a_holder_that_was_killed_holds_nothing(tmp_path):
    dying = (
        "import os, signal, sys; from pathlib import Path; from edge.claim import Claim;"
        "Claim(Path(sys.argv[1])).take(); os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", dying, str(tmp_path)], check=False)
    claim = Claim(tmp_path)
    claim.take()
    claim.release()


async def test_a_second_box_on_the_same_data_does_not_start(box, make_box):
    with pytest.raises(InUse):
        await make_box(folder=box.data_dir)
