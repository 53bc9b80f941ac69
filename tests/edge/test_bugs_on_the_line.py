"""The line to HQ goes on whatever happens on it: a bug is told, tried again, and never ends it."""

import pytest

from edge import pace, resolutions
from edge.feed_rows import FeedRows
from edge.follower import Fault
from edge.health import Health
from edge.resolutions import FeedDown
from edge.uplink import HqRefused
from protocol.clock import Reading
from protocol.replication import Ack, FeedPage, Receipt, Welcome
from tests.edge.scripted_hq import Side


class Line:
    """The nearest HQ there is: it answers each request once it has no bug left to set off."""

    def __init__(self, bugs):
        self.bugs, self.asked, self.batches = bugs, 0, []

    def _ask(self):
        self.asked += 1
        if self.bugs:
            raise self.bugs.pop()

    async def hello(self, hello):
        self._ask()
        assert isinstance(hello.clock, Reading)
        return Welcome(
            protocol=1,
            incarnation="life",
            role="primary",
            server_ms=hello.clock.wall_ms,
            streams=(),
        )

    async def send(self, batch):
        self.batches.append(batch)
        acks = [Ack(s.stream, s.first_seq + len(s.entries) - 1, "ok") for s in batch.segments]
        return Receipt(incarnation="life", server_ms=0, acks=tuple(acks))

    async def feed(self, incarnation, pos, **_):
        self._ask()
        return FeedPage(incarnation="life", rows=(), pos=pos + 1, snapshot=incarnation != "life")


@pytest.fixture
def line():
    return Line([RuntimeError("a bug")])


@pytest.fixture
async def sending(heart, line, monkeypatch):
    monkeypatch.setattr(pace, "BACK_OFF_FIRST_S", 0.01)
    part = (await Side(heart, line).start()).line
    yield part
    await part.stop()


async def test_a_bug_while_sending_is_said_and_everything_is_sent_afterwards(
    sending, heart, line, until, caplog
):
    await sending.start()
    await until(lambda: line.batches and sending.unsent == 0)
    assert sending.entries == heart.journal.position > 0
    assert sending.fault is None
    assert "stopped at a bug" in caplog.text


async def test_a_bug_while_a_page_comes_down_does_not_end_the_feed(
    sending, heart, line, until, monkeypatch
):
    monkeypatch.setattr(resolutions, "BACK_OFF_S", (0.01,))
    rows = FeedRows(heart.journal, {"menu": heart.menus})
    feed = FeedDown(line, heart.journal, heart.database, rows, sending)
    await feed.start()
    try:
        await until(lambda: line.asked > 2)
        assert feed.fault is None
    finally:
        await feed.stop()


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (HqRefused("HQ says no: HQ does not know this box."), "does not know this box; "),
        (RuntimeError("a bug"), "stopped at a bug"),
        (Fault("no route"), "cannot be reached"),
    ],
)
async def test_people_hear_why_nothing_is_sent(sending, heart, line, until, fault, said):
    line.bugs = [fault] * 1000
    health = Health(heart.database, heart.journal, heart.outlet)
    health.replication = sending
    await sending.start()
    await until(lambda: sending.fault)
    (sentence,) = [s for s in health.sentences() if s.code == "hq"]
    assert not sentence.ok
    assert said in sentence.en
    assert f"{heart.journal.position} entries are kept here" in sentence.en
