"""Messages on the wire: every one ever shipped is still read, and written back with all it said."""

import json
from pathlib import Path

import msgspec
import pytest

from protocol import commands as c
from protocol import events as e
from protocol.refusals import Refusal

SHIPPED = Path(__file__).parent.parent / "golden" / "wire" / "v1"
MESSAGES = sorted(SHIPPED.glob("*.json"))

FORMS = {"command": c.Envelope, "event": e.Event, "answer": c.Accepted | Refusal}


def tags(union):
    return {str(t.__struct_config__.tag) for t in union.__args__}


@pytest.mark.parametrize("path", MESSAGES, ids=[p.stem for p in MESSAGES])
def test_a_message_that_was_shipped_is_still_read_and_written(path):
    text = path.read_bytes()
    form = FORMS[path.stem.partition("-")[0]]
    message = msgspec.json.decode(text, type=form)
    assert_kept(json.loads(text), json.loads(msgspec.json.encode(message)), path.stem)


def assert_kept(shipped, written, where):
    """All that was shipped is there with the same value; what is new may stand beside it."""
    if isinstance(shipped, dict):
        assert set(shipped) <= set(written), where
        for key, value in shipped.items():
            assert_kept(value, written[key], f"{where}.{key}")
    elif isinstance(shipped, list):
        assert len(shipped) == len(written), where
        for n, value in enumerate(shipped):
            assert_kept(value, written[n], f"{where}[{n}]")
    else:
        assert (type(written), written) == (type(shipped), shipped), where


def test_every_kind_of_message_has_been_kept():
    """A new one is kept beside the others, with every field filled; an old one is never changed."""
    kept = {p.stem for p in MESSAGES}
    assert kept == (
        {f"command-{tag}" for tag in tags(c.Command)}
        | {f"event-{tag}" for tag in tags(e.Event)}
        | {"answer-accepted", "answer-refused"}
    )


@pytest.mark.parametrize("path", MESSAGES, ids=[p.stem for p in MESSAGES])
def test_the_tag_in_the_message_is_the_one_in_its_name(path):
    kind, _, tag = path.stem.partition("-")
    message = json.loads(path.read_bytes())
    assert (message["command"] if kind == "command" else message)["type"] == tag


def test_a_field_of_a_newer_version_is_read_past():
    event = json.loads((SHIPPED / "event-order.held.json").read_bytes())
    assert e.decode(json.dumps({**event, "since": 3}).encode()).order_id == event["order_id"]


@pytest.mark.parametrize(
    "body", [b"", b"{}", b'{"type":"order.teleported"}', b'{"type":"order.held"}', b"\xff"]
)
def test_what_cannot_be_read_is_said_to_be_so(body):
    with pytest.raises(msgspec.DecodeError):
        e.decode(body)


def test_each_event_knows_whose_it_is():
    wanted = {"item": {"item.eighty_sixed", "item.restored"}, "menu": {"menu.applied"}}
    wanted["product"] = {"product.edited"}
    wanted["stock"] = {"stock.moved", "stock.counted"}
    wanted["prices"] = {"prices.applied"}
    wanted["box"] = {"stream.opened", "clock.anchored", "stream.forked", "box.recovered"}
    wanted["device"] = {"device.paired", "device.revoked"}
    wanted["shift"] = {"shift.opened", "shift.closed", "cash.moved", "drawer.opened"}
    wanted["day"] = {"day.closed", "day.certified"}
    wanted["approval"] = {"approval.given"}
    wanted["house"] = {"house.applied"}
    wanted["paper"] = {"paper.reprinted", "paper.requested", "paper.discarded"}
    wanted["coupon"] = {"coupon.given"}
    wanted["staff"] = {t for t in tags(e.Event) if t.startswith("staff.")}
    wanted["order"] = tags(e.Event) - set().union(*wanted.values())
    found = {}
    for path in SHIPPED.glob("event-*.json"):
        event = e.decode(path.read_bytes())
        kind, thing = e.aggregate_of(event)
        assert thing
        found.setdefault(kind, set()).add(e.tag_of(event))
    assert found == wanted
    assert (
        tags(e.OrderEvent)
        == e.ORDER_TAGS
        == wanted["order"]
        - {"paper.printed", "command.overtaken"}
        - {"ticket.shown", "ticket.rerouted", "ticket.escalated"}
    )


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("seat", -1),
        ("course", 1_000),
        ("note", "x" * 201),
        ("choices", [{"modifier_id": "a"}] * 51),
    ],
)
def test_a_screen_cannot_send_a_line_beyond_all_measure(field, value):
    shipped = json.loads((SHIPPED / "command-lines.add.json").read_bytes())
    shipped["command"]["lines"][0][field] = value
    with pytest.raises(msgspec.ValidationError, match=field):
        msgspec.json.decode(json.dumps(shipped), type=c.Envelope)


@pytest.mark.parametrize("count", [0, c.LINES_MAX + 1])
def test_a_command_has_some_lines_and_not_too_many(count):
    shipped = json.loads((SHIPPED / "command-order.place.json").read_bytes())
    shipped["command"]["lines"] = shipped["command"]["lines"][:1] * count
    with pytest.raises(msgspec.ValidationError, match="lines"):
        msgspec.json.decode(json.dumps(shipped), type=c.Envelope)
