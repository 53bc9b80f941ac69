"""Hello: what a box says of itself is noted, and HQ says what it has and what role the box plays."""

from collections.abc import Sequence

import msgspec

from cloud.backups import OLDEST_RESTORABLE
from cloud.clock import Clock
from cloud.database import Database, Row, Transaction
from cloud.distribution import digests_for
from cloud.nodes import Node
from cloud.oddities import Oddity, note_oddities, note_regress, note_standby
from cloud.people import pepper_of
from cloud.platform import Platform
from cloud.receipt_keys import receipt_keys
from cloud.roles import STANDBY, Standing, Words, hear
from protocol import PROTOCOL
from protocol.clock import Stamp
from protocol.replication import Alarm, Hello, KnownStream, Welcome

WINDOW_MS = 35 * 24 * 3_600_000
"""Streams heard of in this time are told at hello, and with it what a replaced box gets back: more
than a month of sales. A stream the box names itself is always told."""
INTEGER_MAX = (1 << 31) - 1
BIGINT_MAX = (1 << 63) - 1
TEXT_CHARS_MAX = 200
ALARMS_MAX = 50
PARAMS_MAX = 20

STREAMS = f"""
SELECT s.stream, s.last_seq, s.chain, coalesce(b.last_seq, 0) AS safe
FROM streams s LEFT JOIN LATERAL (
    SELECT e.last_seq FROM backup_ends e
    WHERE e.tenant_id = $1 AND e.outlet_id = $2 AND e.stream = s.stream
    AND e.number <= ({OLDEST_RESTORABLE}) ORDER BY e.number DESC LIMIT 1) AS b ON true
WHERE s.tenant_id = $1 AND s.outlet_id = $2
AND (s.last_heard_ms >= $3 OR s.stream = ANY($4::text[]))
ORDER BY s.first_position, s.first_heard_ms, s.stream
"""

NOTE = """
UPDATE outlets SET stamp = greatest(stamp, $3)
WHERE tenant_id = $1 AND outlet_id = $2
"""
NOTE_PRIMARY = """
UPDATE outlets SET last_heard_ms = $3, stamp = greatest(stamp, $4), unsent = $5, unsent_ms = $3,
    product = $6, protocol = $7, menu_version = $8, clock_offset_ms = $9, acknowledged = $10,
    parked_at_box = $11, oldest_unsent_ms = $12, alarms = $13
WHERE tenant_id = $1 AND outlet_id = $2
"""


class Greeting:
    """Answers the hello of boxes."""

    def __init__(self, database: Database, platform: Platform, clock: Clock) -> None:
        self._database = database
        self._platform = platform
        self._clock = clock

    async def hello(self, node: Node, hello: Hello) -> Welcome:
        """What HQ has of this outlet, which life of HQ's database this is, and the box's role.

        A late copy of a hello is answered and otherwise ignored.
        """
        now_ms = self._platform.wall_ms()
        words = Words(
            hello.instance,
            hello.stamp,
            hello.succeeds,
            hello.take_over,
            clean(hello.product),
        )
        async with self._database.transaction(node.tenant_id) as tx:
            outlet = await tx.fetchrow(
                """SELECT o.stamp, o.head, i.incarnation FROM outlets o, installation i
                   WHERE o.tenant_id = $1 AND o.outlet_id = $2 FOR UPDATE OF o""",
                *(node.tenant_id, node.outlet_id),
            )
            assert outlet is not None, "a node without its outlet"
            stamp = self._clock.read(outlet["stamp"], hello.stamp)
            standing = await hear(tx, node, words, now_ms, stamp)
            if standing.fresh:
                await self._note(tx, node, hello, standing, stamp)
            streams = await _streams(tx, node, hello, now_ms)
            if standing.fresh and (lost := _lost(hello, streams)):
                await note_regress(tx, node, str(outlet["incarnation"]), lost, now_ms)
            pepper = await pepper_of(tx, node.tenant_id, self._platform)
            keys = await receipt_keys(tx, node, hello.receipt_key, now_ms)
            pos, digests = await digests_for(
                tx,
                node.tenant_id,
                node.outlet_id,
                incarnation=hello.feed_incarnation.replace("\x00", ""),
                pos=within(hello.feed_pos, BIGINT_MAX),
            )
        return Welcome(
            protocol=PROTOCOL,
            incarnation=str(outlet["incarnation"]),
            role=standing.role,
            server_ms=now_ms,
            streams=tuple(streams),
            term=standing.term,
            stamp=stamp,
            digests=digests,
            feed_pos=pos,
            head=outlet["head"],
            pin_pepper=pepper,
            receipt_keys=keys,
        )

    async def _note(
        self, tx: Transaction, node: Node, hello: Hello, standing: Standing, stamp: Stamp
    ) -> None:
        place = (node.tenant_id, node.outlet_id)
        now_ms = self._platform.wall_ms()
        alarms = msgspec.json.encode([_storable(a) for a in hello.alarms[:ALARMS_MAX]])
        if standing.role == STANDBY:
            # What an outlet is asked about is its primary; the standby's own words are in its row.
            await tx.execute(NOTE, *place, stamp)
            await note_standby(tx, node, standing.line, now_ms)
        else:
            await tx.execute(
                NOTE_PRIMARY,
                *(*place, now_ms, stamp, within(hello.unsent), clean(hello.product)),
                *(within(hello.protocol, INTEGER_MAX), within(hello.menu_version, INTEGER_MAX)),
                *(within(hello.clock.wall_ms - now_ms), within(hello.acknowledged)),
                within(hello.parked),
                None if hello.oldest_unsent_ms is None else within(hello.oldest_unsent_ms),
                alarms,
            )
        await tx.execute(
            """UPDATE instances SET product = $5, unsent = $6, alarms = $7
               WHERE tenant_id = $1 AND outlet_id = $2 AND node_id = $3 AND instance = $4""",
            *(*place, node.node_id, hello.instance.replace("\x00", "")[:64]),
            *(clean(hello.product), within(hello.unsent), alarms),
        )
        if standing.rivals:
            detail = f"Two boxes have the key of {node.node_id[:8]}: one is a copy of the other."
            await note_oddities(tx, node, [Oddity("two_boxes", standing.rivals, detail)], now_ms)


async def _streams(tx: Transaction, node: Node, hello: Hello, now_ms: int) -> Sequence[KnownStream]:
    named = [s.stream for s in hello.streams if s.stream.isalnum()]
    rows: Sequence[Row] = await tx.fetch(
        STREAMS, node.tenant_id, node.outlet_id, now_ms - WINDOW_MS, named
    )
    return [KnownStream(r["stream"], r["last_seq"], r["chain"], r["safe"]) for r in rows]


def _lost(hello: Hello, streams: Sequence[KnownStream]) -> int:
    """Entries the box says HQ confirmed, and HQ does not hold."""
    held = {s.stream: s.last for s in streams}
    lost = sum(max(0, s.acked - held.get(s.stream, 0)) for s in hello.streams)
    return within(lost, INTEGER_MAX)


def _storable(alarm: Alarm) -> Alarm:
    params = list(alarm.params.items())[:PARAMS_MAX]
    return Alarm(clean(alarm.code), {clean(k): clean(v) for k, v in params}, within(alarm.since_ms))


def clean(text: str) -> str:
    """Text that Postgres holds and an index row has room for."""
    return text.replace("\x00", "\ufffd")[:TEXT_CHARS_MAX]


def within(number: int, most: int = BIGINT_MAX) -> int:
    """A number that a column holds."""
    return max(-most, min(number, most))
