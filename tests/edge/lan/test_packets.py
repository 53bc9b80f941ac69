"""MQTT packets: whole ones are cut from any pieces, and what is none is never guessed at."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.lan import packets
from edge.lan.packets import Connect, Cutter, Kind, MalformedPacket, Will

names = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40)
data = st.binary(max_size=60)


@st.composite
def connects(draw):
    level = draw(st.sampled_from([4, 5]))
    about = b"\x11\x00\x00\x00\x05" if level == 5 else b""
    will = Will(draw(names), draw(data), draw(st.integers(0, 2)), draw(st.booleans()))
    return Connect(
        level=level,
        client_id=draw(names),
        clean=draw(st.booleans()),
        keepalive_s=draw(st.integers(0, 65_535)),
        user=draw(st.none() | names),
        password=draw(st.none() | data),
        will=draw(st.none() | st.just(will)),
        properties=about,
    )


@given(connects(), st.lists(st.integers(1, 7), max_size=30))
def test_a_connect_is_read_as_it_was_written_in_whatever_pieces_it_comes(connect, pieces):
    raw, cutter, found = packets.write_connect(connect), Cutter(4_096), []
    for size in pieces:
        found += cutter.feed(raw[:size])
        raw = raw[size:]
    found += cutter.feed(raw)
    assert [packets.read_connect(p) for p in found] == [connect]


@given(st.binary(max_size=300))
def test_made_up_bytes_are_packets_or_malformed_and_nothing_else(noise):
    try:
        for packet in Cutter(200).feed(noise):
            assert len(packet.raw) <= 200
            match packet.kind:
                case Kind.CONNECT:
                    packets.read_connect(packet)
                case Kind.PUBLISH:
                    packets.read_publish(packet, 5)
                case Kind.SUBSCRIBE:
                    packets.read_filters(packet, 4)
    except MalformedPacket:
        pass


def test_one_too_large_is_refused_before_it_has_arrived():
    cutter = Cutter(1_000)
    with pytest.raises(MalformedPacket, match="1000 are allowed"):
        list(cutter.feed(b"\x30\xff\xff\x7f"))


def test_a_topic_alias_is_found_among_other_properties():
    about = b"\x01\x01" + b"\x26\x00\x01a\x00\x01b" + b"\x23\x00\x07"
    body = b"\x00\x00" + bytes([len(about)]) + about + b"payload"
    [packet] = Cutter(100).feed(packets.write(Kind.PUBLISH, 0, body))
    assert packets.read_publish(packet, 5).alias == 7
