"""Health in words: every part says how it is, in two languages, and what to do."""

import shutil
from types import SimpleNamespace

import pytest

from edge import health as module
from protocol.clock import Confidence


@pytest.fixture
def said(box):
    """The sentence of a code, or None."""

    def find(code):
        return next((s for s in box.health.sentences() if s.code == code), None)

    return find


async def test_a_sound_box_says_so(box, said):
    assert [s.code for s in box.health.sentences()][:4] == ["database", "menu", "clock", "disk"]
    assert all(said(code).ok for code in ("database", "menu", "clock", "disk"))
    assert box.health.ready


async def test_every_sentence_is_there_in_both_languages(box):
    for sentence in box.health.sentences():
        assert sentence.en
        assert sentence.id
        assert sentence.en != sentence.id


async def test_notices_are_what_is_wrong(box):
    wrong = {s.code for s in box.health.sentences() if not s.ok}
    assert {n.code for n in box.health.notices()} == wrong
    assert "kitchen" in wrong, "nothing listens where the broker should be"


async def test_a_broken_disk_is_the_first_thing_said(box, said):
    box.database.broken = "the disk did not confirm a commit: disk I/O error"
    assert not box.health.ready
    assert not said("database").ok
    assert "What was accepted is kept" in said("database").en


async def test_a_wrong_clock_is_said_and_stops_nothing(box, said, clock, guest):
    clock.now_ms = 0
    assert not said("clock").ok
    assert box.health.ready
    order = (await box.taking.take(guest.asks(guest.place()))).order
    assert order.confidence is Confidence.UNCERTAIN


async def test_a_clock_that_hq_confirmed_is_said(box, said):
    assert "plausible" in said("clock").en
    box.platform.clock_synced = True
    assert "agrees with HQ" in said("clock").en


async def test_a_disk_that_fills_up_is_said_before_it_is_full(box, said, monkeypatch):
    usage = SimpleNamespace(total=10**12, used=0, free=400 * 1024 * 1024)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    assert usage.free < module.DISK_LOW_BYTES
    assert (said("disk").ok, "400 MB" in said("disk").en) == (False, True)


async def test_parked_entries_are_said(box, said):
    assert said("parked.kitchen") is None
    box.kitchen.follower.parked = 2
    assert not said("parked.kitchen").ok
    assert said("parked.kitchen").en.startswith("2 entries")
    assert box.health.report(None).parked == 2


async def test_a_box_without_a_menu_is_not_ready(make_box):
    box = await make_box()
    assert not box.health.ready
    menu = next(s for s in box.health.sentences() if s.code == "menu")
    assert (menu.ok, "no menu yet" in menu.en) == (False, True)
    assert "http" not in menu.en
