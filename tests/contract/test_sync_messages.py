"""What box and HQ say to each other, as each release wrote it: read by this one, and by those before.

`tests/golden/wire/vN/sync-*.msgpack` are written once per release by `fill.py` and never changed.
"""

import json
import sys
from pathlib import Path

import msgspec
import pytest

from protocol import replication
from tests.contract.releases import GOLDEN, RELEASES, ask, unpack

WIRE = GOLDEN / "wire"
SHIPPED = sorted(WIRE.glob("v*/sync-*.msgpack"))
NEWEST = max((p.parent for p in SHIPPED), key=lambda folder: int(folder.name[1:]))
FIRST_MESSAGES = 8

READ_AND_WRITE = """
import sys, msgspec
from pathlib import Path
from protocol import replication
read = []
for place in map(Path, sys.argv[1:]):
    kind = getattr(replication, place.stem.partition("-")[2], None)
    if kind is None:
        continue
    message = msgspec.msgpack.decode(place.read_bytes(), type=kind)
    read.append((place.name, msgspec.msgpack.encode(message).hex()))
print(msgspec.json.encode(read).decode())
"""


@pytest.mark.parametrize("path", SHIPPED, ids=[f"{p.parent.name}-{p.stem}" for p in SHIPPED])
def test_a_message_that_was_shipped_is_still_read_and_written(path):
    kind = getattr(replication, path.stem.partition("-")[2])
    shipped = path.read_bytes()
    written = msgspec.msgpack.encode(msgspec.msgpack.decode(shipped, type=kind))
    assert_kept(plain(shipped), plain(written), path.stem)


@pytest.mark.parametrize("release", RELEASES, ids=[r.stem for r in RELEASES])
def test_what_we_say_now_is_read_by_those_who_were_shipped(release, tmp_path):
    """All that the older release knows of a message has arrived; the rest it reads past."""
    said = sorted(NEWEST.glob("sync-*.msgpack"))
    answered = ask(unpack(release, tmp_path), READ_AND_WRITE, *map(str, said))
    read = dict(json.loads(answered))
    assert len(read) >= FIRST_MESSAGES
    for name, written in read.items():
        assert_kept(plain(bytes.fromhex(written)), plain((NEWEST / name).read_bytes()), name)


def test_the_newest_corpus_holds_every_message_with_every_field(tmp_path):
    """Another field, or another message, since the last release: `fill.py` writes the next folder."""
    made = tmp_path / "now"
    program = WIRE / "fill.py"
    here = {"PYTHONPATH": str(Path(replication.__file__).parents[1])}
    ask(here, program.read_text("utf-8"), str(made))
    now = {p.name: plain(p.read_bytes()) for p in made.iterdir()}
    kept = {p.name: plain(p.read_bytes()) for p in NEWEST.glob("sync-*.msgpack")}
    assert kept == now, f"{sys.executable} {program} tests/golden/wire/v…"


def test_a_field_that_changed_its_place_or_meaning_is_noticed():
    """The comparison itself: what it must not let through."""
    entry = ["a", 1, {"k": b"\x01"}]
    assert_kept(entry, [*entry, "new"], "appended")
    assert_kept({"a": 1}, {"a": 1, "new": 2}, "added")
    for broken in (["a", 1], [1, "a", {"k": b"\x01"}], ["a", 1, {}], ["a", 1.0, {"k": b"\x01"}]):
        with pytest.raises(AssertionError):
            assert_kept(entry, broken, "changed")


# ---------------------------------------------------------------- parts


def plain(packed):
    return msgspec.msgpack.decode(packed)


def assert_kept(shipped, written, where):
    """All of `shipped` is in `written` with the same value; what is new stands beside or behind it."""
    assert type(shipped) is type(written), where
    if isinstance(shipped, dict):
        assert set(shipped) <= set(written), where
        for key, value in shipped.items():
            assert_kept(value, written[key], f"{where}.{key}")
    elif isinstance(shipped, list):
        assert len(shipped) <= len(written), where
        for n, value in enumerate(shipped):
            assert_kept(value, written[n], f"{where}[{n}]")
    else:
        assert shipped == written, where
