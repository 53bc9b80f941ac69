"""What ships for a screen's machine: a unit that never gives up, and a browser that goes nowhere."""

import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from edge.cli import main
from edge.kiosk.agent import PORT

ROOT = Path(__file__).parents[2]
OVERLAY = ROOT / "firmware-config" / "kiosk"
UNIT = OVERLAY / "etc/systemd/system/kedai-kiosk.service"
ROLE = ROOT / "ansible" / "roles" / "kiosk"


def test_the_unit_starts_the_screen_again_whatever_ends_it():
    text = UNIT.read_text()
    for wanted in ("Restart=always", "StartLimitIntervalSec=0", "User=kiosk", "Mode=0700"):
        assert wanted in text


def test_the_command_in_the_unit_is_one_that_the_agent_understands():
    line = re.search(r"^ExecStart=.*?kedai (kiosk .*)$", UNIT.read_text(), re.MULTILINE)[1]
    options = re.search(r"^KEDAI_KIOSK_OPTIONS=(.*)$", (OVERLAY / "etc/kedai/kiosk.env").read_text(),
                        re.MULTILINE)[1]  # fmt: skip
    words = shlex.split(line.replace("$KEDAI_KIOSK_OPTIONS", options))
    done = CliRunner().invoke(main, [*words, "--help"])
    assert done.exit_code == 0, done.output
    assert "Make this machine a screen" in done.output


def test_the_browser_may_go_to_the_agent_and_nowhere_else():
    policy = json.loads((OVERLAY / "etc/chromium/policies/managed/kedai-kiosk.json").read_text())
    assert policy["URLBlocklist"] == ["*"]
    assert policy["URLAllowlist"] == [f"http://localhost:{PORT}"]


def test_the_role_copies_what_is_there_and_owns_nothing():
    tasks = (ROLE / "tasks/main.yml").read_text()
    for place in re.findall(r"\{\{ kiosk_overlay \}\}/(\S+?)\"", tasks):
        assert (OVERLAY / place).exists(), place
    assert {p.name for p in ROLE.rglob("*") if p.is_file()} == {"main.yml", "argument_specs.yml"}


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd to ask on this machine")
def test_systemd_understands_every_line_of_the_unit(tmp_path):
    text = re.sub(r"^ExecStart=.*$", "ExecStart=/bin/true", UNIT.read_text(), flags=re.MULTILINE)
    unit = tmp_path / "kedai-kiosk.service"
    unit.write_text(text.replace("User=kiosk", "User=root").replace("Group=kiosk", "Group=root"))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert not [line for line in done.stderr.splitlines() if "kedai-kiosk.service" in line]
