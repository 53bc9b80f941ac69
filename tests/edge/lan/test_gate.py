"""What a screen may do on the broker is decided at the box's gate, packet by packet."""

import re

import pytest

from edge.lan import packets
from edge.lan.gate import BURST, PACKET_MAX, Gate, House, TurnedAway
from edge.lan.packets import Connect, Cutter, Kind, Will
from edge.lan.rights import NobodyPaired, covers, rights_of, rights_of_unpaired
from protocol.asyncapi import CHANNELS
from protocol.devices import DeviceCard, DeviceKind

ROOT = "kedai/dago"
GRILL = DeviceCard(device="grill", kind=DeviceKind.KITCHEN, name="Grill 1", paired_ms=1)
KASIR = DeviceCard(device="kasir", kind=DeviceKind.COUNTER, name="Kasir", paired_ms=1)


class Paired(NobodyPaired):
    """A grill's display and a counter, with their tokens."""

    def __init__(self):
        super().__init__()
        self.tokens = {"token-grill": GRILL, "token-kasir": KASIR}

    def find(self, device, token):
        card = self.holder(token)
        return card.kind if card and card.device == device else None

    def holder(self, token):
        return self.tokens.get(token)

    def card(self, device):
        return {"grill": GRILL, "kasir": KASIR}.get(device)


@pytest.fixture
def admitted():
    return []


@pytest.fixture
def gate(admitted):
    def make(required=False, bearer=None):
        house = House("dago", Paired(), required, "screens", "box's own", lambda *a: admitted.append(a))  # fmt: skip
        return Gate(house, bearer)

    return make


def connect(user=None, password=None, level=4, **more):
    return packets.write_connect(
        Connect(level=level, client_id="x", user=user, password=password, **more)
    )


def said(passage):
    [packet] = Cutter(PACKET_MAX).feed(passage.to_broker)
    return packets.read_connect(packet)


def publish(topic, level=4):
    return packets.publish(level, f"{ROOT}/{topic}", b"{}", packet_id=1, retain=True)


def subscribe(topic, level=4):
    return packets.subscribe(level, 9, topic)


def enter(gate, card):
    gate.take(connect(card.device, f"token-{card.device}".encode()), 0)
    return gate


def test_a_paired_screen_comes_in_by_its_name_and_token_and_is_somebody_else_to_the_broker(
    gate, admitted
):
    mine = gate(required=True)
    told = said(mine.take(connect("grill", b"token-grill"), 0))
    assert (told.user, told.password) == ("screens", b"box's own")
    assert told.client_id == "screen-grill-x"
    assert mine.device == "grill"
    assert admitted == [("grill", DeviceKind.KITCHEN, "token-grill")]


def test_a_token_that_came_with_the_websocket_will_do(gate):
    mine = gate(required=True, bearer="token-kasir")
    mine.take(connect(), 0)
    assert mine.device == "kasir"


@pytest.mark.parametrize("level", [4, 5])
@pytest.mark.parametrize(
    ("user", "password"),
    [(None, None), ("grill", b"guessed"), ("kasir", b"token-grill"), ("grill", None), ("", b"x")],
)
def test_where_pairing_is_required_nobody_else_comes_in(gate, level, user, password):
    with pytest.raises(TurnedAway) as no:
        gate(required=True).take(connect(user, password, level), 0)
    code = 5 if level == 4 else packets.NOT_AUTHORIZED
    assert no.value.goodbye[3] == code


def test_a_wrong_token_is_refused_where_pairing_is_open_as_well(gate):
    with pytest.raises(TurnedAway, match="no rights"):
        gate().take(connect("grill", b"revoked"), 0)


def test_a_display_hears_its_kitchen_and_nothing_of_money(gate):
    mine = enter(gate(), GRILL)
    for heard in (f"{ROOT}/kitchen/grill/tickets/+", f"{ROOT}/kitchen/#", f"{ROOT}/status"):
        assert mine.take(subscribe(heard), 0).to_broker
    refused = ("#", "+/+/status", "kedai/#", "kedai/+/kitchen/#", f"{ROOT}/#", f"{ROOT}/orders/+")
    refused += ("kedai/other/kitchen/#", f"{ROOT}/devices/#", "$SYS/#", "$share/a/" + ROOT, "")
    for foreign in refused:
        passage = mine.take(subscribe(foreign), 0)
        assert passage.to_broker == b""
        assert passage.to_screen == packets.suback(4, 9, 1), foreign


def test_a_counter_hears_orders_and_who_is_here(gate):
    mine = enter(gate(), KASIR)
    for heard in ("orders/+", "payments/#", "devices/+/presence", "kitchen/#", "items/#"):
        assert mine.take(subscribe(f"{ROOT}/{heard}"), 0).to_broker
    assert mine.take(subscribe(f"{ROOT}/devices/+/shown"), 0).to_screen


@pytest.mark.parametrize("level", [4, 5])
@pytest.mark.parametrize(
    "topic",
    [
        *("kitchen/grill/tickets/1", "status", "menu", "devices/kasir/shown"),
        *("devices/grillx/shown", "devices/grill/commands", "devices/grill/anything"),
    ],
)
def test_a7_a_display_that_speaks_for_others_is_cut(gate, level, topic):
    """A broker says yes to version 3.1.1 and drops it: the display would believe it was heard."""
    mine = gate()
    mine.take(connect("grill", b"token-grill", level), 0)
    assert mine.take(publish("devices/grill/shown", level), 0).to_broker
    with pytest.raises(TurnedAway, match="wanted to publish") as no:
        mine.take(publish(topic, level), 0)
    assert no.value.goodbye == packets.disconnect(level, packets.NOT_AUTHORIZED)


def test_a_last_will_speaks_for_its_own_device_only(gate):
    assert gate().take(connect(will=Will(f"{ROOT}/devices/new/presence", b"{}")), 0).to_broker
    for topic in (f"{ROOT}/status", f"{ROOT}/devices/grill/presence", "kedai/other/devices/a/x"):
        with pytest.raises(TurnedAway, match="last will"):
            gate().take(connect(will=Will(topic, b"{}")), 0)


def test_a_topic_alias_is_no_way_around(gate):
    mine = gate()
    mine.take(connect("grill", b"token-grill", 5), 0)

    def aliased(topic):
        name = topic.encode()
        body = len(name).to_bytes(2, "big") + name + b"\x03\x23\x00\x01" + b"{}"
        return packets.write(Kind.PUBLISH, 0, body)

    assert mine.take(aliased(f"{ROOT}/devices/grill/shown"), 0).to_broker
    assert mine.take(aliased(""), 0).to_broker
    with pytest.raises(TurnedAway):
        mine.take(aliased(f"{ROOT}/status"), 0)
    other = gate()
    other.take(connect("grill", b"token-grill", 5), 0)
    with pytest.raises(TurnedAway):
        other.take(aliased(""), 0)


def test_an_unpaired_screen_has_one_corner_and_never_a_paired_devices(gate):
    mine = gate()
    mine.take(connect(), 0)
    assert mine.take(publish("devices/new/presence"), 0).to_broker
    assert mine.take(publish("devices/new/shown"), 0).to_broker
    with pytest.raises(TurnedAway):
        mine.take(publish("devices/second/presence"), 0)
    other = gate()
    other.take(connect(), 0)
    with pytest.raises(TurnedAway):
        other.take(publish("devices/grill/presence"), 0)


@pytest.mark.parametrize(
    ("bytes_", "why"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", "no MQTT"),
        (b"\xc0\x00", "did not begin with CONNECT"),
        (b"\x10\xff\xff\xff\x7f", "are allowed"),
        (b"\x10\x04\x00\x04MQTT", "no MQTT"),
    ],
)
def test_what_is_no_mqtt_is_turned_away(gate, bytes_, why):
    with pytest.raises(TurnedAway, match=why):
        gate().take(bytes_, 0)


def test_a_second_connect_and_a_servers_packet_are_turned_away(gate):
    for packet in (connect(), b"\x20\x02\x00\x00", packets.write(Kind.AUTH, 0, b"")):
        mine = enter(gate(), GRILL)
        with pytest.raises(TurnedAway):
            mine.take(packet, 0)


def test_a_flood_is_cut_and_a_busy_display_is_not(gate):
    mine, ping = enter(gate(), GRILL), b"\xc0\x00"
    for second in range(100):
        mine.take(ping * 90, float(second))
    with pytest.raises(TurnedAway, match="too many"):
        mine.take(ping * (BURST + 200), 101.0)


def test_thousands_of_acknowledgements_after_a_reconnect_are_no_flood(gate):
    mine = enter(gate(), GRILL)
    answer = packets.write(Kind.PUBACK, 0, b"\x00\x01")
    assert len(mine.take(answer * 10_000, 1.0).to_broker) == 40_000
    with pytest.raises(TurnedAway, match="too many"):
        mine.take(answer * 60_000, 1.0)


def test_unpaired_screens_cannot_fill_the_broker_with_names(gate, monkeypatch):
    monkeypatch.setattr("edge.lan.gate.CORNERS_MAX", 2)
    first = gate()
    house = first._house
    for name in ("a", "b", "a"):
        again = Gate(house)
        again.take(connect(), 0)
        assert again.take(publish(f"devices/{name}/presence"), 0).to_broker
    third = Gate(house)
    third.take(connect(), 0)
    with pytest.raises(TurnedAway):
        third.take(publish("devices/c/presence"), 0)


@pytest.mark.parametrize("channel", CHANNELS, ids=lambda c: c.name)
@pytest.mark.parametrize("kind", [*DeviceKind, None])
def test_no_topic_of_another_outlet_is_heard_or_written(gate, kind, channel):
    """Every channel there is, for every kind of screen: two outlets never meet on a broker."""
    topic = re.sub(r"{\w+}", "grill", channel.address.replace("{outlet}", "other"))
    rights = rights_of(kind, "dago", "grill") if kind else rights_of_unpaired("dago")
    for asked in (topic, channel.address.replace("{outlet}", "+").replace("{device}", "grill")):
        assert not rights.may_read(asked)
    assert not rights.may_write(topic)
    mine = gate()
    mine.take(connect(), 0)
    assert mine.take(subscribe(topic), 0).to_screen
    with pytest.raises(TurnedAway):
        mine.take(packets.publish(4, topic, b"{}", packet_id=1, retain=False), 0)


@pytest.mark.parametrize("channel", CHANNELS, ids=lambda c: c.name)
@pytest.mark.parametrize("kind", list(DeviceKind))
def test_only_what_devices_say_is_written_by_a_device_and_beneath_its_own_name(kind, channel):
    def topic(device):
        named = channel.address.replace("{outlet}", "dago").replace("{device}", device)
        return re.sub(r"{\w+}", "x", named)

    rights = rights_of(kind, "dago", "grill")
    own = "/devices/" in channel.address
    assert rights.may_write(topic("grill")) is own
    assert not rights.may_write(topic("kasir"))


def test_an_unknown_version_is_told_so(gate):
    with pytest.raises(TurnedAway) as no:
        gate().take(b"\x10\x0e\x00\x06MQIsdp\x03\x02\x00\x05\x00\x00", 0)
    assert no.value.goodbye == b"\x20\x02\x00\x01"


@pytest.mark.parametrize(
    ("own", "asked", "is_covered"),
    [
        ("a/#", "a/b/c", True),
        ("a/#", "a", True),
        ("a/+", "a/+", True),
        ("a/+", "a/#", False),
        ("a/b", "a/+", False),
        ("a/+/c", "a/b/c/d", False),
        ("a/b/c", "a/b", False),
        ("a/#", "#", False),
    ],
)
def test_a_filter_covers_what_it_would_match_and_no_more(own, asked, is_covered):
    assert covers(own, asked) is is_covered


@pytest.mark.parametrize("device", ["a/b", "+", "a b", "", "x\ny", "#", "a" * 65, "-a"])
def test_a_name_that_could_widen_rights_is_no_device(device):
    with pytest.raises(ValueError, match="cannot be the id"):
        rights_of(DeviceKind.KITCHEN, "dago", device)
