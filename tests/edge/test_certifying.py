"""Certificates: signed when HQ has all of a day, in the order of the days, saying what differs."""

from types import SimpleNamespace

import msgspec
import pytest
from msgspec.structs import replace

from edge import retention
from edge.certifying import Certifier, holding_of
from edge.day_desk import DayDesk
from edge.days import read_days, sign_again
from edge.node import Node
from edge.retention import prune
from protocol import commands as c
from protocol.certificates import DayAtHq, Holding, Statement, statement_digest
from protocol.till_commands import CloseDay

NEXT_DAY_MS = 24 * 3600 * 1000


class Hq:
    """HQ at the other end of the line: it counts what the box has sent, and may count otherwise."""

    def __init__(self, heart):
        self.heart = heart
        self.has_all, self.counts_otherwise = True, {}
        self.asked = 0
        self.kept = 0
        """Entries that only HQ has."""

    async def day(self, digest):
        self.asked += 1
        closed = next(d for d in await closed_days(self.heart) if d.digest == digest)
        if not self.has_all:
            return DayAtHq(digest=digest)
        found = await self.heart.database.read(lambda db: holding_of(db, closed))
        counts = replace(found.counts, entries=found.counts.entries + self.kept)
        figures = replace(found.figures, **self.counts_otherwise)
        return DayAtHq(
            digest=digest, holding=Holding(figures=figures, counts=counts, heads=found.heads)
        )


async def closed_days(heart):
    return [d.closed for d in reversed(await heart.database.read(read_days))]


@pytest.fixture
def hq(heart):
    return Hq(heart)


@pytest.fixture
def line():
    """How far HQ has confirmed the journal, and whether the line is down."""
    return SimpleNamespace(replicated=1 << 40, fault=None, unsent=0, last_heard_ms=None)


@pytest.fixture
def certifier(heart, hq, line, tmp_path):
    node = Node(tmp_path / "key")
    node.public_key()
    desk = DayDesk(heart.database, heart.journal, heart.outlet)
    return Certifier(hq, line, node, desk, heart.journal, heart.database)


@pytest.fixture
def sell(heart, guest):
    """An order that is paid and served."""

    async def one():
        order = (await heart.taking.take(guest.asks(guest.place()))).order
        paid = guest.pay(order.order_id, order.totals.total)
        await heart.taking.take(guest.asks(paid))
        served = c.ChangeOrderStatus(order_id=order.order_id, status="served")
        await heart.taking.take(guest.asks(served))

    return one


@pytest.fixture
def close(heart, guest, clock, sell):
    """A day on which something is sold, and which is closed."""

    async def one():
        await sell()
        date = heart.outlet.moment(heart.journal.reading()).business_date
        asked = CloseDay(close_id=guest.new_id(), business_date=date)
        outcome = await heart.taking.take(guest.asks(asked))
        clock.now_ms += NEXT_DAY_MS
        return outcome

    return one


async def certified(heart):
    """The certificates in the journal, with what they state."""
    found = [f.entry for f in await heart.entries() if f.entry.type == "day.certified"]
    said = [msgspec.json.decode(entry.body) for entry in found]
    return [(x, msgspec.json.decode(x["statement"], type=Statement)) for x in said]


async def test_a_day_is_certified_once_whatever_the_line_loses(heart, close, certifier, hq):
    await close()
    assert await certifier.certify_next()
    assert not await certifier.certify_next()
    ((event, statement),) = await certified(heart)
    assert (event["agrees"], statement.differs) == (True, ())
    assert certifier.node.signed(event["statement"].encode(), event["signature"])
    assert hq.asked == 1


async def test_a_day_that_hq_counts_otherwise_is_certified_as_differing(
    heart, close, certifier, hq
):
    await close()
    hq.counts_otherwise = {"total": 1}
    assert await certifier.certify_next()
    ((event, statement),) = await certified(heart)
    assert (event["agrees"], statement.differs) == (False, ("figures.total",))
    assert statement.hq.figures.total == 1 != statement.box.figures.total


async def test_certificates_follow_one_another(heart, close, certifier):
    await close()
    await close()
    while await certifier.certify_next():
        pass
    (first, one), (_, two) = await certified(heart)
    assert (one.number_z, two.number_z) == (1, 2)
    assert (one.previous, two.previous) == ("", statement_digest(first["statement"].encode()))


async def test_what_hq_has_not_yet_is_not_certified(heart, close, certifier, hq, line):
    await close()
    line.replicated = 0
    assert not await certifier.certify_next()
    assert (hq.asked, certifier.waiting) == (0, 1), "HQ is not asked before it was told"
    line.replicated, hq.has_all = 1 << 40, False
    assert not await certifier.certify_next()
    assert await certified(heart) == []
    hq.has_all = True
    assert await certifier.certify_next()
    assert certifier.waiting == 0


async def test_two_copies_of_a_box_each_state_what_they_have(heart, close, certifier, clock):
    """Told apart by HQ: the next statement names the one of its own box (seed 233)."""
    await close()
    forget = "UPDATE days SET certified = NULL"
    for _ in range(2):
        clock.now_ms += 1
        assert await certifier.certify_next()
        await heart.database.write(lambda db: db.execute(forget))
    told = [f.entry for f in await heart.entries() if f.entry.type == "day.certified"]
    assert len({entry.event_id for entry in told}) == len({entry.body for entry in told}) == 2


@pytest.fixture
def hq_was_put_back(heart):
    """HQ has nothing beyond a place of this stream any more; which box is in charge now."""

    async def run(after, *, in_charge):
        def work(db):
            return sign_again(db, heart.journal.stream, after, in_charge)

        return await heart.database.write(work)

    return run


async def test_a_day_another_box_signed_is_signed_again_where_hq_lost_its_certificate(
    heart, close, certifier, hq_was_put_back
):
    """HQ put back to before the other box was enrolled knows it no more, nor its signature."""
    await close()
    assert await certifier.certify_next()
    assert await hq_was_put_back(0, in_charge=heart.journal.node_id) == 0, "HQ knows who asks"
    assert await hq_was_put_back(1 << 40, in_charge="another") == 0, "HQ has that certificate"
    assert await hq_was_put_back(0, in_charge="another") == 1
    heart.journal.node_id = "another"
    assert await certifier.certify_next()
    assert not await certifier.certify_next()
    (_, first), (event, second) = await certified(heart)
    assert (event["node_id"], second.z_digest) == ("another", first.z_digest)
    first_id, second_id = [
        f.entry.event_id for f in await heart.entries() if f.entry.type == "day.certified"
    ]
    assert first_id != second_id, "HQ would take it for the first one"


@pytest.fixture
def let_go(heart, monkeypatch):
    """The box lets go of the first entries: all are safe at HQ, and older than it keeps any."""
    monkeypatch.setattr(retention, "KEPT_LEAST", 0)

    async def run(most, uncounted_before=0):
        def work(db):
            db.execute("UPDATE streams SET acked_seq = 1 << 40, safe_seq = 1 << 40")
            return prune(
                db, before=1 << 62, followers=(), most=most, uncounted_before=uncounted_before
            )

        return await heart.database.write(work)

    return run


async def test_what_had_gone_before_the_first_close_is_told_and_nothing_differs(
    heart, close, sell, certifier, hq, let_go
):
    """A first close, weeks after the outlet opened: HQ counts also what the box no longer has."""
    await sell()
    hq.kept = await let_go(3, uncounted_before=1 << 62)
    await close()
    assert await certifier.certify_next()
    ((event, statement),) = await certified(heart)
    assert (event["agrees"], statement.differs, statement.box.gone) == (True, (), 3)
    assert statement.hq.counts.entries == statement.box.counts.entries + 3


async def test_what_no_certificate_has_counted_stays_until_it_has_or_is_far_too_old(
    heart, close, certifier, let_go
):
    await close()
    assert await let_go(100) == 0
    assert await certifier.certify_next()
    through = (await closed_days(heart))[0].as_of
    assert await let_go(100) == sum(through.values())
    assert await let_go(100, uncounted_before=1 << 62) > 0


async def test_while_data_comes_back_no_day_is_closed(heart, close, certifier, line):
    coming = SimpleNamespace(running=True)
    certifier.desk.follow(line, coming)
    heart.taking.guards.append(certifier.desk.guard)
    assert (await close()).code == "day_coming_back"
    coming.running = False
    assert (await close()).events[0] == "day.closed"
