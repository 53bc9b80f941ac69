"""Who is the primary box of an outlet, when boxes are replaced, restarted, or copied with their disk.

Control only: everything a standby sends is accepted. The reasoning is in cloud/DESIGN.md.
"""

from typing import NamedTuple

from cloud.database import Row, Transaction
from cloud.nodes import Node
from cloud.outlets import raise_term, tell_boxes
from protocol.clock import COUNTER_BITS

PRIMARY = "primary"
STANDBY = "standby"

GRACE = 30_000 << COUNTER_BITS
"""How much later than its successor's first words an instance must speak to count as alive, as a
stamp: longer than a request that was under way when the box ended (a poll is held 25 s)."""
AHEAD = 600_000 << COUNTER_BITS
"""A successor further ahead than ten minutes of both HQ and its predecessor has a wrong clock."""
TEXT_MAX = 64
BREAK_MS = 3_600_000
"""A box that was off for longer than this was put away; one that is back sooner only started again."""
FORGET_MS = 35 * 24 * 3_600_000
"""Ended instances are forgotten after this: a copy that wakes up later is a new line."""
ENDED_MAX = 300
"""And of each box only the newest so many: one that starts every few seconds must not fill HQ."""


class Words(NamedTuple):
    """What a box says of itself. `succeeds` is None in a poll, which does not tell."""

    instance: str
    stamp: int
    succeeds: str | None = None
    take_over: bool = False
    product: str = ""


class Standing(NamedTuple):
    """The role that follows; `fresh` is false for a late copy of something heard before.

    `line` names the lives of one disk; empty for a box that tells none. `rivals` is the line that
    was found to be a second box with the same disk just now.
    """

    role: str
    term: int
    fresh: bool
    line: str = ""
    rivals: str = ""


class _Outlet(NamedTuple):
    term: int
    node_term: int
    primary_line: str | None

    def role(self, line: str) -> str:
        top = self.node_term == self.term
        return PRIMARY if top and self.primary_line in (None, line) else STANDBY


async def speaks(tx: Transaction, node: Node, instance: str, stamp: int, now_ms: int) -> bool:
    """A poll is a sign of life of this instance; whether it is the primary's own, and no late copy."""
    standing = await hear(tx, node, Words(instance, stamp), now_ms, stamp)
    return standing.fresh and standing.role == PRIMARY


async def peek(tx: Transaction, node: Node, instance: str) -> str:
    """The role as it is now; nothing changes by asking."""
    outlet = await _outlet(tx, node, "")
    known = await _find(tx, node, _name(instance))
    line = known["line"] if known else outlet.primary_line or ""
    return outlet.role(line)


async def hear(tx: Transaction, node: Node, words: Words, now_ms: int, hq_stamp: int) -> Standing:
    """Judge what an instance says. Holds the outlet's row, so that one is judged at a time.

    A stamp no later than the last of its instance is a late copy and changes nothing.
    """
    outlet = await _outlet(tx, node, "FOR UPDATE OF o")
    name = _name(words.instance)
    if not name:  # a box from before instances: its node alone says
        return Standing(outlet.role(outlet.primary_line or ""), outlet.term, fresh=True)
    stamp = max(0, min(words.stamp, (1 << 63) - 1))
    words = words._replace(instance=name, stamp=stamp)
    known = await _find(tx, node, name)
    rivals = ""
    if known is None:
        if words.succeeds is None:  # a poll that overtook its hello
            return Standing(outlet.role(outlet.primary_line or ""), outlet.term, fresh=True)
        line, outlet = await _begin(tx, node, outlet, words, now_ms, hq_stamp)
    elif words.stamp <= known["stamp"]:
        return Standing(outlet.role(known["line"]), outlet.term, fresh=False)
    else:
        line = known["line"]
        await _go_on(tx, node, words, now_ms)
        ended = known["ended_stamp"]
        # Nobody asks to take over by a message that was under way, but it may have been under way
        # itself while the box started again.
        if ended is not None and words.stamp > ended + (0 if words.take_over else GRACE):
            rivals = await _wake(tx, node, known)
    if words.take_over and outlet.role(line) == STANDBY:
        outlet = await _take_over(tx, node, outlet, line)
    return Standing(outlet.role(line), outlet.term, fresh=True, line=line, rivals=rivals)


# ---------------------------------------------------------------- parts


async def _outlet(tx: Transaction, node: Node, lock: str) -> _Outlet:
    row = await tx.fetchrow(
        f"""SELECT o.term, n.term AS node_term, o.primary_line
            FROM outlets o JOIN nodes n USING (tenant_id, outlet_id)
            WHERE tenant_id = $1 AND outlet_id = $2 AND n.node_id = $3 {lock}""",
        *(node.tenant_id, node.outlet_id, node.node_id),
    )
    assert row is not None, "a node without its outlet"
    return _Outlet(row["term"], row["node_term"], row["primary_line"])


async def _find(tx: Transaction, node: Node, instance: str) -> Row | None:
    return await tx.fetchrow(
        """SELECT instance, line, rank, stamp, ended_stamp FROM instances
           WHERE tenant_id = $1 AND outlet_id = $2 AND node_id = $3 AND instance = $4""",
        *(node.tenant_id, node.outlet_id, node.node_id, instance),
    )


async def _begin(
    tx: Transaction, node: Node, outlet: _Outlet, words: Words, now_ms: int, hq_stamp: int
) -> tuple[str, _Outlet]:
    """A new instance takes the place of the one it follows: a restart is primary at once."""
    line = await _line_of(tx, node, outlet, words)
    place = (node.tenant_id, node.outlet_id)
    # When the successor spoke, by its clock if that can be a continuation of this one's.
    await tx.execute(
        """UPDATE instances SET ended_stamp = CASE WHEN $5 <= greatest($6, stamp) + $7
                                              THEN greatest($5, $6) ELSE $6 END
           WHERE tenant_id = $1 AND outlet_id = $2 AND node_id = $3 AND line = $4
           AND ended_stamp IS NULL""",
        *(*place, node.node_id, line, words.stamp, hq_stamp, AHEAD),
    )
    await tx.execute(
        """DELETE FROM instances WHERE tenant_id = $1 AND outlet_id = $2
           AND ended_stamp IS NOT NULL AND (last_heard_ms < $3 OR (node_id = $4 AND rank <= (
               SELECT rank FROM instances WHERE tenant_id = $1 AND outlet_id = $2
               AND node_id = $4 AND ended_stamp IS NOT NULL
               ORDER BY rank DESC OFFSET $5 LIMIT 1)))""",
        *(*place, now_ms - FORGET_MS, node.node_id, ENDED_MAX),
    )
    await tx.execute(
        """INSERT INTO instances (tenant_id, outlet_id, node_id, instance, line, rank, stamp,
                                  first_heard_ms, last_heard_ms, product, awake_since_ms)
           SELECT $1, $2, $3, $4, $5, coalesce(max(rank), 0) + 1, $6, $7, $7, $8,
               coalesce(max(awake_since_ms) FILTER (
                   WHERE node_id = $3 AND line = $5 AND last_heard_ms >= $9), $7)
           FROM instances WHERE tenant_id = $1 AND outlet_id = $2""",
        *(*place, node.node_id, words.instance, line, words.stamp, now_ms, words.product),
        now_ms - BREAK_MS,
    )
    if outlet.primary_line is None and outlet.node_term == outlet.term:
        await _set_primary(tx, node, outlet.term, line)
        outlet = outlet._replace(primary_line=line)
    return line, outlet


async def _line_of(tx: Transaction, node: Node, outlet: _Outlet, words: Words) -> str:
    """The line a new instance goes on with. One that follows an instance unknown to HQ, or none, is
    taken for the latest of this box: its disk was exchanged, or HQ's database was."""
    before = await _find(tx, node, _name(words.succeeds or ""))
    if before is not None:
        return str(before["line"])
    line = await tx.fetchval(
        """SELECT line FROM instances WHERE tenant_id = $1 AND outlet_id = $2 AND node_id = $3
           ORDER BY line = $4 DESC, rank DESC LIMIT 1""",
        *(node.tenant_id, node.outlet_id, node.node_id, outlet.primary_line or ""),
    )
    return words.instance if line is None else str(line)


async def _go_on(tx: Transaction, node: Node, words: Words, now_ms: int) -> None:
    await tx.execute(
        """UPDATE instances SET stamp = $5, last_heard_ms = $6
           WHERE tenant_id = $1 AND outlet_id = $2 AND node_id = $3 AND instance = $4""",
        *(node.tenant_id, node.outlet_id, node.node_id, words.instance, words.stamp, now_ms),
    )


async def _wake(tx: Transaction, node: Node, known: Row) -> str:
    """An instance that had been succeeded lives: what came after it is another box, with its disk.

    The one that came first keeps the line, and with it the role; the others get a line of their
    own. Returns the name of that line, which is the first instance in it.
    """
    place = (node.tenant_id, node.outlet_id, node.node_id)
    after = await tx.fetch(
        """SELECT instance FROM instances WHERE tenant_id = $1 AND outlet_id = $2 AND node_id = $3
           AND line = $4 AND rank > $5 ORDER BY rank""",
        *(*place, known["line"], known["rank"]),
    )
    names = [r["instance"] for r in after]
    line = names[0] if names else ""
    await tx.execute(
        """UPDATE instances SET line = $4 WHERE tenant_id = $1 AND outlet_id = $2
           AND node_id = $3 AND instance = ANY($5::text[])""",
        *(*place, line, names),
    )
    await tx.execute(
        """UPDATE instances SET ended_stamp = NULL
           WHERE tenant_id = $1 AND outlet_id = $2 AND node_id = $3 AND instance = $4""",
        *(*place, known["instance"]),
    )
    await tell_boxes(tx, node.tenant_id, node.outlet_id)
    return line


async def _take_over(tx: Transaction, node: Node, outlet: _Outlet, line: str) -> _Outlet:
    term = await raise_term(tx, *_place(node))
    await _set_primary(tx, node, term, line)
    return outlet._replace(term=term, node_term=term, primary_line=line)


async def _set_primary(tx: Transaction, node: Node, term: int, line: str) -> None:
    await tx.execute(
        """UPDATE outlets SET primary_line = $4
           WHERE tenant_id = $1 AND outlet_id = $2 AND term = $3""",
        *(node.tenant_id, node.outlet_id, term, line),
    )


def _place(node: Node) -> tuple[str, str, str]:
    return node.tenant_id, node.outlet_id, node.node_id


def _name(instance: str) -> str:
    return instance.replace("\x00", "")[:TEXT_MAX]
