"""What really flows on a box's broker is what the AsyncAPI document says, message by message."""

import msgspec
import pytest

from edge.lan.broker_programs import find_installed_mosquitto
from edge.lan.mqtt import Message, MqttLink
from protocol import commands as c
from protocol import lan
from protocol.asyncapi import channel_of
from protocol.kitchen import ticket_id
from protocol.orders import OrderStatus

pytestmark = [
    pytest.mark.broker,
    pytest.mark.skipif(find_installed_mosquitto() is None, reason="mosquitto is not installed"),
]


@pytest.fixture
async def box(make_box, menu, own_broker):
    box = await make_box(menu=menu, mqtt_port=own_broker.port)
    await box.link.wait_connected(5)
    return box


@pytest.fixture
async def overheard(own_broker, box):
    """Everything said on the broker, as (topic, payload)."""
    link, heard = MqttLink("127.0.0.1", own_broker.port, "listener"), []

    async def hear(message):
        heard.append(message)

    await link.subscribe("kedai/#", hear)
    await link.start()
    await link.wait_connected(5)
    yield heard
    await link.stop()


class Display:
    """A kitchen display's half of the conversation."""

    def __init__(self, port, outlet):
        self.outlet = outlet
        will = self.presence(online=False)
        self.link = MqttLink("127.0.0.1", port, "grill-1", will=will)

    def presence(self, *, online):
        said = lan.Presence(
            device="grill-1", name="Grill 1", kind="kitchen", online=online, stations=("dapur",)
        )
        topic = lan.presence_topic(self.outlet, "grill-1")
        return Message(topic, msgspec.json.encode(said), retain=True)

    async def shows(self, order, station="dapur"):
        ticket = lan.ShownTicket(
            ticket_id=ticket_id(order.order_id, station),
            order_id=order.order_id,
            station_id=station,
            position=1,
            line_ids=tuple(line.line_id for line in order.lines),
        )
        said = lan.Shown(device="grill-1", name="Grill 1", tickets=(ticket,))
        topic = lan.shown_topic(self.outlet, "grill-1")
        await self.link.publish(topic, msgspec.json.encode(said))


async def an_evening(box, guest, display):
    """Every kind of thing that the kitchen's side of a box ever says."""

    async def take(command):
        taken = await box.taking.take(guest.asks(command))
        assert taken.order is not None or not isinstance(command, c.PlaceOrder), taken
        return taken.order

    await display.link.publish_many([display.presence(online=True)])
    place = guest.place("nasi-kecil", "kopi", "paket")
    order = await take(place)
    await display.shows(order)
    await take(c.EightySixItem(item_id="kopi"))
    await take(c.RestoreItem(item_id="kopi"))
    await take(c.VoidLine(order_id=order.order_id, line_id=place.lines[0].line_id, reason="salah"))
    await take(c.BumpTicket(order_id=order.order_id, station_id="bar"))
    await take(guest.pay(order.order_id, order.due))
    await take(c.ChangeOrderStatus(order_id=order.order_id, status=OrderStatus.SERVED))
    return order


async def test_every_message_belongs_to_a_channel_and_its_payload_to_the_channels_struct(
    box, guest, overheard, own_broker, until
):
    display = Display(own_broker.port, box.outlet.outlet_id)
    await display.link.start()
    await display.link.wait_connected(5)
    order = await an_evening(box, guest, display)
    topic = lan.order_topic(box.outlet.outlet_id, order.order_id)
    over = (b'"served"', b'"closed"')
    await until(lambda: any(m.topic == topic and m.payload.find(o) > 0 for m in overheard for o in over))  # fmt: skip
    display.link._current.cut("the cable is pulled")
    await until(lambda: any(m.topic.endswith("presence") and b"false" in m.payload for m in overheard))  # fmt: skip
    await display.link.stop()
    await box.stop()
    await until(lambda: any(m.topic.endswith("/status") and b"false" in m.payload for m in overheard))  # fmt: skip

    seen = set()
    for message in overheard:
        channel = channel_of(message.topic)
        assert channel is not None, f"{message.topic} is in no channel"
        seen.add(channel.name)
        if not message.payload:
            assert channel.cleared, f"an empty payload on {message.topic}"
            continue
        msgspec.json.decode(message.payload, type=channel.payload, strict=True)
        fields = {f.encode_name for f in msgspec.structs.fields(channel.payload)}
        assert set(msgspec.json.decode(message.payload)) <= fields
    assert seen >= {"ticket", "availability", "order", "status", "presence", "shown"}


async def test_the_document_is_served_by_the_process(box, client):
    answer = await client.get("/asyncapi.json")
    assert answer.status_code == 200
    assert answer.json()["channels"]["status"]["address"] == f"kedai/{box.outlet.outlet_id}/status"
