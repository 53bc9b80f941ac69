"""What ships beneath the box loads, and the unit that runs it is one systemd understands."""

import shutil
import subprocess
import tomllib
from pathlib import Path

import msgspec
import pytest

from edge.config import Config, load

OVERLAY = Path(__file__).parent.parent.parent / "firmware-config" / "overlay"
UNIT = OVERLAY / "etc/systemd/system/kedai-edge.service"


def test_the_shipped_settings_load_and_change_only_what_they_say():
    shipped = OVERLAY / "etc/kedai/config.toml"
    config = load(shipped, {})
    expected = msgspec.to_builtins(Config()) | tomllib.loads(shipped.read_text())
    assert msgspec.json.encode(config) == msgspec.json.encode(expected)


def test_the_unit_starts_the_box_again_whatever_ends_it():
    text = UNIT.read_text()
    for wanted in ("Restart=always", "StartLimitIntervalSec=0", "kedai edge serve", "User=kedai"):
        assert wanted in text


def test_the_box_may_open_printers_on_usb_and_no_other_device():
    text = UNIT.read_text()
    assert "PrivateDevices" not in text, "it would hide /dev/usb"
    for wanted in ("DevicePolicy=closed", "DeviceAllow=char-usb rw", "SupplementaryGroups=lp"):
        assert wanted in text


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd to ask on this machine")
def test_systemd_understands_every_line_of_the_unit(tmp_path):
    # The program of a real box is not on this machine: only its place is exchanged.
    text = UNIT.read_text().replace("/opt/kedai/current/bin/kedai", "/bin/true")
    unit = tmp_path / "kedai-edge.service"
    unit.write_text(text.replace("User=kedai", "User=root").replace("Group=kedai", "Group=root"))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)],
        capture_output=True,
        text=True,
        check=False,
    )
    mine = [line for line in done.stderr.splitlines() if "kedai-edge.service" in line]
    complaints = [line for line in mine if "mosquitto.service" not in line]
    assert not complaints, complaints
