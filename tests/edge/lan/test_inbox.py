"""The inbox by itself: which handlers a message goes to, and when the inbox gives up."""

import asyncio
import contextlib

import pytest

from edge.lan import inbox as inbox_module
from edge.lan.inbox import Inbox, Message, Subscription, topic_matches


@pytest.mark.parametrize(
    ("topic_filter", "topic", "matches"),
    [
        ("kedai/a/menu", "kedai/a/menu", True),
        ("kedai/a/menu", "kedai/a/menu/item", False),
        ("kedai/+/menu", "kedai/a/menu", True),
        ("kedai/+", "kedai/a/menu", False),
        ("kedai/+/", "kedai/a/", True),
        ("kedai/#", "kedai/a/menu", True),
        ("kedai/#", "kedai", True),
        ("kedai/#", "kedaiku/a", False),
        ("#", "kedai/a", True),
        ("#", "$SYS/broker/uptime", False),
        ("+/broker", "$SYS/broker", False),
        ("$SYS/#", "$SYS/broker/uptime", True),
        ("+/+", "/finance", True),
        ("+", "/finance", False),
    ],
)
def test_filters_match_as_the_mqtt_standard_says(topic_filter, topic, matches):
    assert topic_matches(topic_filter, topic) is matches


class Origin:
    """A connection that remembers what was acknowledged on it."""

    def __init__(self):
        self.acknowledged = []

    def acknowledge(self, mid):
        self.acknowledged.append(mid)


@contextlib.asynccontextmanager
async def delivering(handlers, size_max=10):
    inbox, origin = Inbox({"#": Subscription(1, handlers)}, size_max), Origin()
    inbox.begin(origin)
    running = asyncio.create_task(inbox.run())
    yield inbox, origin
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def settle(condition):
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 -- what is awaited has no event
            await asyncio.sleep(0.005)


async def test_a_message_is_acknowledged_only_when_all_its_handlers_returned():
    gate = asyncio.Event()

    async def waits(message):
        await gate.wait()

    async def returns(message):
        pass

    async with delivering([returns, waits]) as (inbox, origin):
        inbox.put(origin, 7, Message("orders/1", b""))
        await asyncio.sleep(0.02)
        assert origin.acknowledged == []
        gate.set()
        await settle(lambda: origin.acknowledged == [7])
        assert inbox.idle


async def test_a_message_nobody_can_handle_is_given_up_at_last_and_counted(monkeypatch, caplog):
    monkeypatch.setattr(inbox_module, "RETRY_LAST_S", 0.001)
    attempts = []

    async def always_fails(message):
        attempts.append(message)
        raise ValueError("poison")

    async with delivering([always_fails]) as (inbox, origin):
        inbox.put(origin, 7, Message("orders/1", b""))
        await settle(lambda: origin.acknowledged == [7])
    assert len(attempts) == inbox_module.HANDLER_ATTEMPTS_MAX
    assert inbox.counters.abandoned == 1
    assert [record.levelname for record in caplog.records] == ["WARNING", "ERROR"]


async def test_a_failing_message_holds_up_no_other():
    async def fails_on_one(message):
        if message.topic == "orders/1":
            raise ValueError("poison")

    async with delivering([fails_on_one]) as (inbox, origin):
        for number in (1, 2, 3):
            inbox.put(origin, number, Message(f"orders/{number}", b""))
        await settle(lambda: origin.acknowledged == [2, 3])


async def test_what_an_ended_connection_brought_is_not_acknowledged_on_the_next():
    gate = asyncio.Event()

    async def waits(message):
        await gate.wait()

    async with delivering([waits]) as (inbox, before):
        inbox.put(before, 7, Message("orders/1", b""))
        await asyncio.sleep(0.02)
        after = Origin()
        inbox.begin(after)
        gate.set()
        inbox.put(before, 8, Message("orders/2", b""))
        inbox.put(after, 1, Message("orders/1", b""))
        await settle(lambda: after.acknowledged == [1])
        assert before.acknowledged == []


async def test_what_nobody_asks_for_any_more_is_let_go_and_counted():
    """An older build subscribed to it; kept back, it would stop everything behind it."""
    async with delivering([]) as (inbox, origin):
        inbox._subscriptions.clear()
        inbox.put(origin, 7, Message("devices/grill/old", b""))
        await settle(lambda: origin.acknowledged == [7])
        assert inbox.counters.unclaimed == 1
