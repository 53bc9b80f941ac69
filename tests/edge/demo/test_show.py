"""The demo's place at HQ is found again, wherever an earlier start was killed."""

import json

import pytest

from edge.demo import show


class Killed(Exception):
    """The demo ended here."""


class Hq:
    """HQ's command line as the demo uses it; the process dies after `lives` commands."""

    def __init__(self, lives):
        self.lives, self.has = lives, set()

    async def tell(self, *arguments):
        if self.lives == 0:
            raise Killed
        self.lives -= 1
        what = arguments[2:4]
        if what[1] == "add" and what[0] != "key":
            if what in self.has:
                raise show.CannotShow("there is one already")
            self.has.add(what)
        return {"code": "code", "key": "key"}


@pytest.mark.parametrize("lives", range(4))
async def test_a_first_start_that_was_killed_is_taken_up_again(tmp_path, monkeypatch, lives):
    hq = Hq(lives)
    monkeypatch.setattr(show, "_cloud", hq.tell)
    if lives < 3:
        with pytest.raises(Killed):
            await show._place_at_hq(tmp_path)
        hq.lives = 10
    place = await show._place_at_hq(tmp_path)
    assert place == {"code": "code", "key": "key"}
    kept = tmp_path / "place.json"
    assert json.loads(kept.read_text()) == place
    assert kept.stat().st_mode & 0o077 == 0
