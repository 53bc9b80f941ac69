"""Telemetry is bounded, goes its own way, and never stands in the way of an order."""

import pytest

from edge import telemetry as module
from edge.follower import Fault
from edge.telemetry import Samples, machine_figures
from protocol.replication import SAMPLES_MAX


class Hq:
    """Takes telemetry, or does not."""

    def __init__(self):
        self.got, self.no = [], None

    async def telemetry(self, telemetry):
        if self.no is not None:
            raise self.no
        self.got.append(telemetry)


@pytest.fixture
def hq():
    return Hq()


@pytest.fixture
def full():
    return []


@pytest.fixture
def samples(heart, clock, hq, full):
    return Samples(
        heart.database, clock, hq, lambda: [("disk_percent", 42), ("lag", 0)],
        dropping=lambda: bool(full),
    )  # fmt: skip


async def waiting(heart):
    return (await heart.rows("SELECT count(*) FROM telemetry"))[0][0]


async def test_what_was_sampled_is_sent_once(samples, heart, hq, clock):
    await samples.sample()
    clock.now_ms += 60_000
    await samples.sample()
    await samples.send()
    await samples.send()
    (told,) = hq.got
    assert told.samples[-1].name == "commit_ms", "how long the sample before waited for the disk"
    assert [(s.at_ms, s.name, s.value) for s in told.samples[:-1]] == [
        (clock.now_ms - 60_000, "disk_percent", 42.0), (clock.now_ms - 60_000, "lag", 0.0),
        (clock.now_ms, "disk_percent", 42.0), (clock.now_ms, "lag", 0.0),
    ]  # fmt: skip
    assert (told.instance, told.dropped) == (clock.instance, 0)
    assert await waiting(heart) == 0


async def test_an_hq_that_is_away_or_too_old_just_waits(samples, heart, hq):
    hq.no = Fault("HQ answers with HTTP 404 and no reason")
    await samples.sample()
    with pytest.raises(Fault):
        await samples.send()
    assert await waiting(heart) == 2
    hq.no = None
    await samples.send()
    assert await waiting(heart) == 0


async def test_the_oldest_make_room_and_are_counted(samples, heart, hq, clock, monkeypatch):
    monkeypatch.setattr(module, "ROWS_MAX", 6)
    for _ in range(5):
        clock.now_ms += 60_000
        await samples.sample()
    assert await waiting(heart) == 6
    await samples.send()
    (told,) = hq.got
    assert (told.dropped, told.samples[-1].at_ms) == (8, clock.now_ms)
    await samples.sample()
    await samples.send()
    assert hq.got[-1].dropped == 0, "told once"


async def test_on_a_filling_disk_nothing_is_kept_and_all_of_it_counted(samples, heart, hq, full):
    await samples.sample()
    full.append(True)
    await samples.sample()
    assert await waiting(heart) == 0
    await samples.send()
    assert [(t.samples, t.dropped) for t in hq.got] == [((), 5)]


async def test_after_an_outage_it_comes_in_messages_of_a_size(samples, heart, hq, monkeypatch):
    rows = [(i, "lag", 0.0) for i in range(SAMPLES_MAX * (module.ROUNDS_MAX + 1))]
    await heart.database.write(
        lambda db: db.executemany("INSERT INTO telemetry VALUES (NULL,?,?,?)", rows).rowcount
    )
    await samples.send()
    assert [len(t.samples) for t in hq.got] == [SAMPLES_MAX] * module.ROUNDS_MAX
    assert await waiting(heart) == SAMPLES_MAX


async def test_its_timers_outlive_every_failure(samples, heart, hq, until, monkeypatch):
    monkeypatch.setattr(module, "SAMPLE_EVERY_S", 0.01)
    monkeypatch.setattr(module, "SEND_EVERY_S", 0.01)
    real, tried = heart.database.write, []

    async def write(work):
        tried.append(work)
        if len(tried) == 1:
            raise module.Busy("full")
        return await real(work)

    monkeypatch.setattr(heart.database, "write", write)
    hq.no = Fault("away")
    await samples.start()
    await until(lambda: len(tried) > 3)
    hq.no = None
    await until(lambda: hq.got)
    await samples.stop()


async def test_samples_never_enter_the_journal(samples, heart):
    head = heart.journal.position
    await samples.sample()
    await samples.send()
    assert heart.journal.position == head


def test_the_machine_tells_what_it_can(tmp_path):
    (tmp_path / "thermal_zone0").mkdir()
    (tmp_path / "thermal_zone0" / "temp").write_text("48312\n")
    found = dict(machine_figures(tmp_path))
    assert found["temperature_c"] == 48.312
    assert 0 < found["memory_percent"] < 100
    assert "temperature_c" not in dict(machine_figures(tmp_path / "none"))
