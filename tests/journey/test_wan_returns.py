"""However long the WAN was away: when it is there again, HQ has everything moments later."""

import pytest

from edge.box import Box
from edge.config import Config
from edge.follower import Fault
from edge.platform import Platform
from protocol.commands import Envelope, NewLine, PlaceOrder

pytestmark = pytest.mark.postgres


class Unlucky(Platform):
    """Draws the longest pause each time."""

    def entropy(self, count):
        return b"\xff" * count if count == 4 else super().entropy(count)


@pytest.fixture
async def hq(start, warung):
    hq = await start.hq()
    await hq.publish(warung)
    return hq


@pytest.fixture
async def wan(start, hq):
    return await start.wan(hq)


@pytest.fixture
async def box(start, hq, wan, wait_until):
    # One box enrols; its disk then runs in this process, where its pauses are made long.
    process = await start.box(hq, wan=wan)
    await process.stop()
    config = Config(data_dir=str(process.database.parent), announce=False, mqtt_port=1)
    box = Box(config, Unlucky())
    await box.start()
    await wait_until(lambda: box.menus.version == 1 and box.replication.unsent == 0)
    yield box
    await box.stop()


async def order(box, new_id):
    line = NewLine(line_id=new_id(), variant_id="nasi-goreng")
    wish = PlaceOrder(order_id=new_id(), lines=(line,))
    await box.taking.take(Envelope(command_id=new_id(), command=wish))


async def test_hq_has_everything_soon_after_the_wan_is_back(box, wan, wait_until, new_id):
    wan.set_cut(True)
    box.replication.pace.attempt = 10  # as after an hour: a minute between two tries
    await order(box, new_id)
    await wait_until(lambda: box.replication.fault and box.feed_down.fault)

    wan.set_cut(False)

    await wait_until(lambda: box.replication.unsent == 0, "HQ still lacks the order", 15)
    assert box.replication.fault is None


async def test_one_lost_request_is_no_long_silence_while_hq_is_heard(
    box, hq, warung, dearer, wait_until, new_id, monkeypatch
):
    """A line that loses now and then: what goes through on it shows that HQ is there."""

    async def lost(_):
        raise Fault("the answer was lost")

    with monkeypatch.context() as bad_moment:
        bad_moment.setattr(box.uplink, "hello", lost)
        box.replication.pace.attempt = 10
        box.replication.try_now()
        await order(box, new_id)
        await wait_until(lambda: box.replication.fault)
    await hq.publish(dearer(warung, "nasi-goreng", 26_000))
    await wait_until(lambda: box.menus.version == 2)

    await wait_until(lambda: box.replication.unsent == 0, "HQ still lacks the order", 15)
