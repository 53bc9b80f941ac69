"""Only what HQ could restore by itself ever leaves the box, from the front, and can be continued."""

import random

import pytest

from edge import retention as module
from edge.backfill import RECOVERY
from edge.backup import find_chain_break
from edge.greeting import stream_states
from edge.reports import sales
from edge.retention import DAY_MS, PORTION, Retention, prune
from protocol.journal import CHAIN_START, link
from protocol.menu import MenuIndex


@pytest.fixture(autouse=True)
def keeps_little(monkeypatch):
    monkeypatch.setattr(module, "KEPT_LEAST", 3)


@pytest.fixture
async def old_box(make_heart, menu, guest, clock):
    """A box that was started four times on four days, and is asked two months later: no day was closed there."""
    clock.clock_synced = True
    for start in range(4):
        heart = await make_heart(menu=menu if start == 0 else None)
        for _ in range(6):
            await heart.taking.take(guest.asks(guest.place()))
        clock.now_ms += DAY_MS
        if start < 3:
            await heart.stop()
    clock.now_ms += 60 * DAY_MS
    return heart


@pytest.fixture
def set_marks():
    """What HQ said of each stream in the last hello, and how far a follower is."""

    async def run(heart, marks, passed=1_000_000):
        def work(db):
            for stream_id, (acked, safe) in marks.items():
                row = (acked, safe, stream_id)
                db.execute("UPDATE streams SET acked_seq = ?, safe_seq = ? WHERE id = ?", row)
            db.execute("INSERT OR REPLACE INTO cursors VALUES ('kitchen', ?)", (passed,))

        await heart.database.write(work)

    return run


async def ends(heart):
    return dict(await heart.rows("SELECT stream_id, max(seq) FROM journal GROUP BY 1"))


def retention_of(heart, days=14, **more):
    return Retention(
        heart.journal, heart.database, days=days, followers=lambda: ["kitchen"], **more
    )


async def test_what_comes_back_stays_until_it_is_folded_into_its_orders(old_box, set_marks):
    """A box that replaces another hears of weeks: the oldest pages were old enough to go before any
    order was made of them, and what they told was in no order of the box (seed 201)."""
    await set_marks(old_box, dict.fromkeys(await ends(old_box), (100, 100)))
    begun = '{"since": 4, "blank": true}'
    insert = "INSERT INTO facts (name, value) VALUES (?, ?)"
    await old_box.database.write(lambda db: db.execute(insert, (RECOVERY, begun)))
    assert await retention_of(old_box).prune() == 4
    delete = "DELETE FROM facts WHERE name = ?"
    await old_box.database.write(lambda db: db.execute(delete, (RECOVERY,)))
    assert await retention_of(old_box).prune() > 4


@pytest.mark.parametrize("seed", range(12))
async def test_whatever_hq_acks_and_backs_up_nothing_goes_that_it_could_not_restore(
    old_box, set_marks, seed
):
    dice = random.Random(seed)
    everything = {(f.at.stream, f.at.seq): f for f in await old_box.entries()}
    last = await ends(old_box)
    marks = dict.fromkeys(last, (0, 0))
    for _ in range(12):
        some = dice.choice(sorted(last))
        acked = dice.randint(marks[some][0], last[some])
        safe = dice.randint(0, last[some]) if dice.random() < 0.3 else acked
        marks[some] = (acked, max(0, min(safe, acked)))
        passed = dice.randint(0, old_box.journal.position)
        before = 1 << 62
        had = {r[0]: r[1] for r in await old_box.rows("SELECT id, pruned_seq FROM streams")}
        await set_marks(old_box, marks, passed)
        most = dice.choice((1, 3, 100))
        await old_box.database.write(
            lambda db, most=most, before=before: prune(
                db, before=before, followers=["kitchen"], most=most
            )
        )
        rows = await old_box.rows(
            "SELECT id, stream, pruned_seq, pruned_chain, min(acked_seq, safe_seq) FROM streams"
        )
        for stream_id, stream, pruned, chain, safe_now in rows:
            assert pruned <= max(safe_now, had[stream_id]), "pruned only what is safe"
            if pruned:
                assert chain == everything[stream, pruned].at.chain
        first = (await old_box.rows("SELECT min(position), max(position), count(*) FROM journal"))[
            0
        ]
        assert first[1] - first[0] + 1 == first[2], "whole positions from the front"
        assert first[1] == old_box.journal.position
        if any(p != had[i] for i, _, p, _, _ in rows):
            assert first[0] - 1 <= passed, "only what every follower has passed"
        assert await old_box.database.read(find_chain_break) is None


async def test_what_is_younger_than_the_window_stays(old_box, set_marks, clock):
    last = await ends(old_box)
    await set_marks(old_box, {s: (n, n) for s, n in last.items()})
    clock.now_ms -= 20 * DAY_MS + DAY_MS // 2
    await retention_of(old_box, days=12).prune()
    left = await old_box.rows("SELECT DISTINCT stream_id FROM journal ORDER BY 1")
    assert [s for (s,) in left] == [3, 4]


@pytest.mark.parametrize(
    "why", ["unsafe", "unacked", "a follower that never ran", "no clock", "a rush"]
)
async def test_there_are_times_to_keep_everything(old_box, set_marks, clock, why):
    last = await ends(old_box)
    acked = {
        s: (0 if why == "unacked" else n, 0 if why == "unsafe" else n) for s, n in last.items()
    }
    await set_marks(old_box, acked)
    keeping = retention_of(old_box, busy=lambda: why == "a rush")
    if why == "a follower that never ran":
        keeping.followers = lambda: ["kitchen", "fresh"]
    clock.clock_synced = why != "no clock"
    assert await keeping.prune() == 0
    assert len(await old_box.entries()) == old_box.journal.position


async def test_it_goes_in_small_portions(old_box, set_marks, monkeypatch):
    monkeypatch.setattr(module, "PORTION", 5)
    monkeypatch.setattr(module, "BETWEEN_S", 0)
    last = await ends(old_box)
    await set_marks(old_box, {s: (n, n) for s, n in last.items()})
    monkeypatch.setattr(prune, "__kwdefaults__", {"most": 5})
    head, before = old_box.journal.position, old_box.database.writes
    assert await retention_of(old_box).prune() == head - 3
    assert old_box.database.writes - before >= (head - 3) // 5
    assert PORTION <= 2_000


async def test_after_pruning_the_box_goes_on_as_before(old_box, make_heart, set_marks, guest, menu):
    def report(db):
        return sales(db, MenuIndex(menu), "2026-01-01", "2027-12-31", "IDR")

    reported = await old_box.database.read(report)
    last = await ends(old_box)
    await set_marks(old_box, {s: (n, n) for s, n in last.items()}, old_box.journal.position)
    said = await old_box.database.read(stream_states)
    await retention_of(old_box).prune()
    after = await old_box.database.read(stream_states)
    assert [(s.stream, s.last, s.chain_last) for s in after] == [
        (s.stream, s.last, s.chain_last) for s in said
    ], "what the hello tells of a stream's end does not change"
    assert await old_box.database.read(report) == reported
    head = old_box.journal.position
    await old_box.stop()
    again = await make_heart()
    assert again.journal.position == head
    answer = await again.taking.take(guest.asks(guest.place()))
    assert answer.position > head
    assert [f.at.position for f in await again.entries(head)] == list(
        range(head + 1, again.journal.position + 1)
    )
    (order_id,) = (await again.rows("SELECT order_id FROM orders ORDER BY placed_ms LIMIT 1"))[0]
    paid = await again.taking.take(guest.asks(guest.pay(order_id, 25_000)))
    assert paid.order.due == 0, "an order whose entries went is still an order"
    rows = await again.rows(
        "SELECT s.pruned_chain, j.seq, j.event_id, j.body, j.chain, s.pruned_seq FROM journal j"
        " JOIN streams s ON s.id = j.stream_id ORDER BY j.position"
    )
    chain = None
    for pruned_chain, seq, event_id, body, kept, pruned_seq in rows:
        if seq == pruned_seq + 1:
            chain = pruned_chain or CHAIN_START
        chain = link(chain, event_id, body)
        assert chain == kept
