"""`kedai edge doctor`: is everything sent, and do box and HQ hold the same? Where do they part?"""

import asyncio
import json
import shutil
import sqlite3

import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from edge.cli import main
from edge.doctor import diagnose, in_words
from edge.node import Node
from edge.platform import Platform
from edge.taking_over import NotDone, take_over
from edge.uplink import Uplink
from tests.fixtures_world import tell_hq, wan_url


@pytest.fixture
async def hq(start):
    return await start.hq()


@pytest.fixture
async def enrolled(hq, start, tmp_path):
    """A folder whose box belongs to an outlet of HQ, and the WAN between them."""
    wan = await start.wan(hq)
    made = await tell_hq(hq.place, "outlet", "add", "Kedai Dago")
    folder = tmp_path / "enrolled"
    folder.mkdir()
    node = Node(folder)
    uplink = Uplink(node, wan_url(wan))
    await uplink.start()
    node.keep(await uplink.enrol(made["code"], "test"), wan_url(wan))
    await uplink.stop()
    return folder, wan


@pytest.fixture
async def sold(enrolled, hq, make_box, menu, guest, until):
    """A box that has sold five orders, all of them at HQ."""
    box = await make_box(enrolled[0].name)
    version = await hq.publish(menu)
    await until(lambda: box.menus.version == version, 15)
    for _ in range(5):
        await box.taking.take(guest.asks(guest.place()))
    await until(lambda: box.replication.unsent == 0, 15)
    return box


def wrong(found):
    return {f.code for f in found.findings if not f.ok}


@pytest.mark.postgres
async def test_is_everything_sent_and_do_both_hold_the_same(sold, enrolled, guest):
    found = await diagnose(sold.data_dir, Platform())
    assert found.ok, in_words(found)
    assert (found.unsent, found.replicated) == (0, sold.journal.position)
    assert found.hq_entries == sold.journal.position
    assert found.same is True
    assert "All is well." in in_words(found)

    enrolled[1].set_cut(True)
    await sold.taking.take(guest.asks(guest.place()))
    found = await diagnose(sold.data_dir, Platform())
    assert wrong(found) == {"hq", "unsent"}
    assert (found.same, found.unsent) == (None, 2)
    assert "safe here" in in_words(found)


@pytest.mark.postgres
async def test_where_two_histories_part_is_named(sold, tmp_path):
    await sold.stop()
    old, other = tmp_path / "old", tmp_path / "other"
    shutil.copytree(sold.data_dir, old)
    shutil.copytree(sold.data_dir, other)
    with sqlite3.connect(old / "box.db") as db:
        db.execute("DELETE FROM journal WHERE position > 4")
    db.close()
    found = await diagnose(old, Platform())
    assert found.same is True, "what both have is the same; the rest comes back by itself"

    with sqlite3.connect(other / "box.db") as db:
        db.execute("UPDATE journal SET chain = randomblob(16) WHERE position > 6")
        (agreed,) = db.execute("SELECT seq FROM journal WHERE position = 6").fetchone()
    db.close()
    found = await diagnose(other, Platform())
    assert found.same is False
    assert {"journal", "ledger"} <= wrong(found)
    ledger = next(f.en for f in found.findings if f.code == "ledger")
    assert f"the same up to {agreed} " in ledger


async def test_a_box_that_is_not_enrolled_or_damaged_or_not_there(box, tmp_path):
    assert wrong(await diagnose(box.data_dir, Platform())) >= {"enrolment"}
    assert wrong(await diagnose(tmp_path / "nowhere", Platform())) >= {"database"}
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "box.db").write_bytes(b"SQLite format 3\x00" + b"\xff" * 8000)
    found = await diagnose(broken, Platform())
    assert "database" in wrong(found)
    assert "kedai edge restore" in in_words(found)


async def test_fs41_items_that_only_the_fallback_station_has_are_named(make_box, menu):
    def stations(found):
        (finding,) = [f for f in found.findings if f.code == "stations"]
        return finding.ok, finding.en

    rice, *others = menu.items
    for station_ids, ok, words in (
        (rice.station_ids, True, "have a station of their own"),
        ((), True, "name no station and go to dapur"),
        (("wok", "dapur"), False, "Nasi (en) (wok)"),
    ):
        items = (replace(rice, station_ids=station_ids), *others)
        box = await make_box(menu=replace(menu, items=items))
        said = stations(await diagnose(box.data_dir, Platform()))
        assert said[0] is ok
        assert words in said[1]
    assert wrong(await diagnose(box.data_dir, Platform())) == {"enrolment", "stations", "unsent"}


async def test_the_doctor_changes_nothing(box, guest):
    await box.taking.take(guest.asks(guest.place()))
    await box.stop()
    before = (box.data_dir / "box.db").read_bytes()
    await diagnose(box.data_dir, Platform())
    assert (box.data_dir / "box.db").read_bytes() == before


@pytest.fixture
def told():
    """Runs a verb of the command line, which has an event loop of its own."""

    async def run(*words):
        return await asyncio.to_thread(CliRunner().invoke, main, [str(w) for w in words])

    return run


async def test_the_verbs_of_a_technician(told, tmp_path, make_box, menu, guest):
    box = await make_box("technician", menu=menu)
    await box.taking.take(guest.asks(guest.place()))
    await box.stop()
    data, copy = box.data_dir, tmp_path / "copy.db"
    made = await told("edge", "backup", copy, "--data", data)
    assert "1 orders" in made.output
    done = await told("edge", "restore", copy, "--data", data)
    assert done.exit_code == 0, done.output
    assert "Nothing needs to be typed again" in done.output
    looked = await told("edge", "doctor", "--data", data, "--json")
    report = json.loads(looked.output)
    assert report["acknowledged"] == box.journal.position
    missing = await told("edge", "backup", copy, "--data", tmp_path / "nowhere")
    assert missing.exit_code == 1
    assert "No copy was made" in missing.output


async def test_a_box_at_rest_keeps_the_wish_to_be_in_charge(make_box, tmp_path):
    box = await make_box("standby")
    await box.stop()
    said = await take_over(box.data_dir, 1)
    assert "once it is started" in said
    with sqlite3.connect(box.data_dir / "box.db") as db:
        kept = dict(db.execute("SELECT name, value FROM facts"))
        assert (kept["take_over"], kept["role"]) == ("1", "primary")
    db.close()


async def test_a_running_box_that_does_not_answer_is_not_written_to_behind_its_back(box):
    with pytest.raises(NotDone, match="does not answer"):
        await take_over(box.data_dir, 1)
