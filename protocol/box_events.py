"""What happened to the box itself and to its machines; part of the one union in `protocol.events`."""

import msgspec

from protocol.clock import Confidence
from protocol.ids import StreamId


class StreamOpened(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="stream.opened"):
    """First entry of every stream: who writes it, and what it continues."""

    node_id: str
    boot: str
    product: str
    protocol: int
    sqlite: str
    wall_ms: int
    mono_ms: int
    confidence: Confidence
    parent: StreamId | None = None
    parent_seq: int = 0
    parent_chain: str = ""


class CommandOvertaken(
    msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="command.overtaken"
):
    """A command that a box had accepted and lost could not be done again: life had gone on.

    `command` is its wire tag, `asked` all of it as JSON, `reason` the code of the refusal;
    `subject` the order or item it was about, `amount` (minor units) what it had put on the bill.
    """

    subject: str
    of_order: bool
    command: str
    reason: str
    asked: str
    at_ms: int
    amount: int = 0
    currency: str = ""


class ClockAnchored(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="clock.anchored"):
    """HQ told this boot the time: at `mono_ms` of the boot it was `server_ms`, give or take half
    of `rtt_ms`. Everything of the boot is dated from it, before and after."""

    node_id: str
    boot: str
    mono_ms: int
    server_ms: int
    rtt_ms: int


class StreamForked(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="stream.forked"):
    """Two boxes had written one stream: this one's tail moved to a stream of its own."""

    node_id: str
    stream: StreamId
    common_seq: int
    """The last seq that both agree on."""
    moved_to: StreamId
    moved: int
    at_ms: int


class BoxRecovered(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="box.recovered"):
    """A restored or new box got back from HQ what its outlet had done."""

    node_id: str
    entries: int
    orders: int
    open_orders: int
    last_number: str
    """Recovered to this order number."""
    series: str
    """Order numbers go on in this series, so that none is called twice."""
    at_ms: int


class DevicePaired(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="device.paired"):
    """Somebody let a screen's machine join the outlet; `kind` as in `protocol.devices`."""

    device: str
    kind: str
    name: str
    at_ms: int
    approved_by: str = ""


class DeviceRevoked(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="device.revoked"):
    """A device may not connect any more, from now on and without asking HQ."""

    device: str
    at_ms: int
    reason: str = ""
    revoked_by: str = ""


class PricesApplied(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="prices.applied"):
    """The box took over a price book that HQ published; `digest` is blake2b-128 of its bytes."""

    version: int
    publish_id: str
    digest: str
    prices: int
    at_ms: int


class HouseApplied(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="house.applied"):
    """The box took over house rules that HQ published; `digest` is blake2b-128 of their bytes."""

    version: int
    publish_id: str
    digest: str
    at_ms: int
