"""Pictures on the box: fetched once, whole, within bounds, and the first to go as the disk fills."""

import asyncio

import msgspec
import pytest
from msgspec.structs import replace

from edge import pictures as module
from edge.follower import Fault
from edge.pictures import ORDER, Name, Pictures, wanted_by
from edge.space import Level
from edge.uplink import HqRefused
from protocol.pictures import WIDTHS, Picture, is_webp, path_of, picture_at
from tests.edge.scripted_hq import ScriptedHq

KOPI, NASI = "a" * 32, "b" * 32


def webp(size=1_000):
    """As much of a WebP file as the box looks at."""
    return b"RIFF" + (size - 8).to_bytes(4, "little") + b"WEBP" + bytes(size - 12)


class PictureHq(ScriptedHq):
    """An HQ with pictures; `lies` replaces what it gives."""

    def __init__(self):
        super().__init__()
        self.has = {KOPI, NASI}
        self.size = 1_000
        self.asked = []
        self.lies = []
        self.away = False

    async def picture(self, name):
        self.asked.append(name)
        if self.away:
            raise Fault("HQ cannot be reached")
        if self.lies:
            return self.lies.pop(0)
        digest, width = picture_at(f"/pictures/{name}")
        if digest not in self.has:
            raise HqRefused("HQ has no such picture")
        return Picture(digest=digest, width=width, body=webp(self.size))


class Disk:
    """What the box knows of its disk."""

    def __init__(self, folder):
        self.data_dir = folder
        self.level = Level.ROOMY


@pytest.fixture
def hq():
    return PictureHq()


@pytest.fixture
def disk(tmp_path):
    return Disk(tmp_path / "data")


@pytest.fixture
def show(heart, menu):
    """Publishes a menu whose items have these pictures."""
    version = 1

    async def show(*photos):
        nonlocal version
        version += 1
        items = tuple(
            replace(item, photo=photo)
            for item, photo in zip(
                menu.items, (*photos, None, None, None, None, None), strict=False
            )
        )
        body = msgspec.json.encode(replace(menu, items=items))
        reading = heart.journal.reading()
        await heart.database.write(
            lambda db: heart.menus.apply(db, body, version, f"publish-{version}", reading)
        )
        await heart.database.read(heart.menus.current)

    return show


@pytest.fixture
def kept(heart, disk, hq, monkeypatch):
    monkeypatch.setattr(module, "PAUSE_S", 0)
    return Pictures(disk, heart.database, heart.menus, hq, megabytes=1)


async def test_what_the_menu_names_comes_in_all_widths_the_useful_first(kept, hq, show):
    await show(path_of(KOPI), path_of(NASI))
    await kept.tend()
    assert hq.asked == [Name(d, w).file for w in ORDER for d in (KOPI, NASI)]
    for width in WIDTHS:
        assert kept.find(path_of(KOPI, width)) == (webp(), True)
    await kept.tend()
    assert len(hq.asked) == 8, "what is here is not asked for again"
    assert (kept.kept, kept.missing) == (8, 0)


async def test_pictures_elsewhere_and_none_are_nobodys_work(kept, hq, show, disk):
    await show("https://pictures.example/a.jpg", "/pictures/../../box.db", None)
    await kept.tend()
    assert not hq.asked
    assert not kept.folder.exists(), "a box without pictures writes nothing"
    assert kept.find("/pictures/../box.db") is None


async def test_until_a_width_is_here_another_stands_in(kept, hq, show):
    hq.lies = [Picture(digest=KOPI, width=320, body=webp())]
    hq.has = set()
    await show(path_of(KOPI))
    await kept.tend()
    assert kept.find(path_of(KOPI, 640)) == (webp(), False)
    assert kept.find(path_of(NASI, 640)) is None


async def test_with_hq_away_they_wait_and_come_by_themselves(kept, hq, show, monkeypatch):
    await show(path_of(KOPI))
    hq.away = True
    await kept.tend()
    await kept.tend()
    assert len(hq.asked) == 1, "a line that is down is not hammered"
    hq.away = False
    monkeypatch.setattr(kept, "_not_before_s", 0.0)
    await kept.tend()
    assert kept.kept == 4


@pytest.mark.parametrize(
    "lie",
    [
        Picture(digest=NASI, width=320, body=webp()),
        Picture(digest=KOPI, width=640, body=webp()),
        Picture(digest=KOPI, width=320, body=webp()[:-1]),
        Picture(digest=KOPI, width=320, body=b"<html>the hotel's page</html>"),
    ],
)
async def test_what_is_not_that_picture_is_not_kept(kept, hq, show, lie):
    hq.lies = [lie]
    await show(path_of(KOPI))
    await kept.tend()
    assert not (kept.folder / Name(KOPI, 320).file).exists()
    assert kept.find(path_of(KOPI, 640)) == (webp(), True)


async def test_a_file_that_power_cut_short_is_not_served_and_comes_again(kept, hq, show):
    await show(path_of(KOPI))
    await kept.tend()
    file = kept.folder / Name(KOPI, 320).file
    file.write_bytes(webp()[:500])
    body, exact = kept.find(path_of(KOPI, 320))
    assert (is_webp(body), exact) == (True, False)
    await kept.tend()
    assert kept.find(path_of(KOPI, 320)) == (webp(), True)


async def test_there_is_a_bound_and_the_small_ones_of_every_dish_come_first(kept, hq, show):
    hq.size = 300_000
    await show(path_of(KOPI), path_of(NASI))
    await kept.tend()
    here = {f.name for f in kept.folder.iterdir()}
    assert here == {Name(KOPI, 320).file, Name(NASI, 320).file, Name(KOPI, 640).file}
    await kept.tend()
    assert len(hq.asked) == 4, "what does not fit is not asked for over and over"


async def test_former_pictures_make_room(kept, hq, show):
    hq.size = 200_000
    await show(path_of(KOPI))
    await kept.tend()
    await show(path_of(NASI))
    await kept.tend()
    here = [f.name[0] for f in kept.folder.iterdir()]
    assert here.count("b") == 3
    assert here.count("a") == 2, "half of the room is for what may come back"


async def test_as_the_disk_fills_they_go_first_and_stay_away_for_a_while(kept, hq, show, disk):
    await show(path_of(KOPI))
    await kept.tend()
    disk.level = Level.FILLING
    await kept.tend()
    assert list(kept.folder.iterdir()) == []
    disk.level = Level.ROOMY
    await kept.tend()
    assert len(hq.asked) == 4, "what was just freed is not taken again"


async def test_it_runs_by_itself_and_stops(kept, hq, show, monkeypatch):
    monkeypatch.setattr(module, "LOOK_EVERY_S", 0.01)
    await kept.start()
    await show(path_of(KOPI))
    async with asyncio.timeout(5):
        while kept.kept < 4:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    await kept.stop()


def test_a_menu_asks_for_each_picture_once(menu):
    items = tuple(replace(item, photo=path_of(KOPI)) for item in menu.items)
    assert len(wanted_by(replace(menu, items=items))) == len(WIDTHS)
