"""However long the WAN was away: when it is there again, HQ has everything moments later."""

import pytest

from edge.box import Box
from edge.config import Config
from edge.platform import Platform
from protocol.commands import Envelope, NewLine, PlaceOrder

pytestmark = pytest.mark.postgres


class Unlucky(Platform):
    """Draws the longest pause each time."""

    def entropy(self, count):
        return b"\xff" * count if count == 4 else super().entropy(count)


async def test_hq_has_everything_soon_after_the_wan_is_back(
    start, tmp_path, warung, wait_until, new_id
):
    hq = await start.hq()
    await hq.publish(warung)
    wan = await start.wan(hq)
    # One box enrols; its disk then runs in this process, where its pauses are made long.
    process = await start.box(hq, wan=wan)
    await process.stop()
    config = Config(data_dir=str(process.database.parent), announce=False, mqtt_port=1)
    box = Box(config, Unlucky())
    await box.start()
    try:
        await wait_until(lambda: box.menus.version == 1 and box.replication.unsent == 0)
        wan.set_cut(True)
        box.replication._attempt = 10  # as after an hour: a minute between two tries
        line = NewLine(line_id=new_id(), variant_id="nasi-goreng")
        wish = PlaceOrder(order_id=new_id(), lines=(line,))
        await box.taking.take(Envelope(command_id=new_id(), command=wish))
        await wait_until(lambda: box.replication.fault and box.feed_down.fault)

        wan.set_cut(False)

        await wait_until(lambda: box.replication.unsent == 0, "HQ still lacks the order", 15)
        assert box.replication.fault is None
    finally:
        await box.stop()
