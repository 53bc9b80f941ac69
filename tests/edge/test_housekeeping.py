"""What nobody can ask for any more goes; what is still to come out stays; a full queue ends nothing."""

import pytest

from edge import housekeeping
from edge.database import Busy
from edge.housekeeping import Housekeeping
from edge.retention import Retention

DAY_MS = 24 * 3600 * 1000


@pytest.fixture
async def keeping_house(heart, monkeypatch):
    monkeypatch.setattr(housekeeping, "HOUSEKEEPING_S", 0.01)
    part = Housekeeping(heart.database, heart.journal)
    yield part
    await part.stop()


async def test_it_comes_back_after_a_full_queue(keeping_house, heart, until, monkeypatch):
    rounds, real = [], heart.database.write

    async def write(work):
        rounds.append(work)
        if len(rounds) == 1:
            raise Busy("full")
        return await real(work)

    monkeypatch.setattr(heart.database, "write", write)
    await keeping_house.start()
    await until(lambda: len(rounds) > 1)


async def test_old_answers_and_papers_done_with_go_and_everything_else_stays(
    keeping_house, heart, guest, clock, until
):
    await heart.taking.take(guest.asks(guest.place(), command_id="old"))
    now = clock.now_ms
    papers = [
        ("old", "printed", now),
        ("new", "printed", now + 50 * DAY_MS),
        ("due", "queued", None),
        ("aside", "held", None),
        ("elsewhere", "moved", None),
    ]
    await heart.database.write(
        lambda db: (
            db.executemany(
                "INSERT INTO print_jobs (job_id, printer, kind, paper, state, created_ms, printed_ms)"
                " VALUES (?, 'dapur', 'receipt', x'', ?, 1, ?)",
                papers,
            ).rowcount
        )
    )
    clock.now_ms += 61 * DAY_MS
    await heart.taking.take(guest.asks(guest.place(), command_id="new"))
    position = heart.journal.position
    await keeping_house.start()
    before = heart.database.writes
    await until(lambda: heart.database.writes > before + 2)
    assert await heart.rows("SELECT command_id FROM commands") == [("new",)]
    assert await heart.rows("SELECT job_id FROM print_jobs ORDER BY 1") == [("due",), ("new",)]
    assert heart.journal.position == position


async def test_each_round_lets_go_of_what_the_journal_need_not_keep(heart, monkeypatch, until):
    monkeypatch.setattr(housekeeping, "HOUSEKEEPING_S", 0.01)
    rounds = []

    class Counted(Retention):
        async def prune(self):
            rounds.append(await super().prune())
            return rounds[-1]

    retention = Counted(heart.journal, heart.database, days=14, followers=lambda: ["kitchen"])
    part = Housekeeping(heart.database, heart.journal, retention)
    await part.start()
    await until(lambda: len(rounds) > 1)
    await part.stop()


async def test_who_had_a_line_goes_after_a_month_unless_the_order_is_alive(
    keeping_house, heart, guest, clock, until
):
    alive = (await heart.taking.take(guest.asks(guest.place()))).order
    now = clock.now_ms
    rows = [("old", now), ("new", now + 20 * DAY_MS), (alive.order_id, now)]
    await heart.database.write(
        lambda db: (
            db.executemany(
                "INSERT INTO deliveries (order_id, station_id, line_id, state, at_ms)"
                " VALUES (?, 'dapur', 'l', 'shown', ?)",
                rows,
            ).rowcount
        )
    )
    clock.now_ms += 31 * DAY_MS
    await keeping_house.start()
    before = heart.database.writes
    await until(lambda: heart.database.writes > before + 3)
    kept = await heart.rows("SELECT order_id FROM deliveries ORDER BY at_ms")
    assert kept == [(alive.order_id,), ("new",)]
