"""Checks closed days against themselves: digests, numbers, chains and this box's signatures."""

import msgspec

from edge.days import Day
from edge.node import Node
from protocol.certificates import Statement, statement_digest, z_digest
from protocol.floor_events import DayClosed


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What a check of one closed day found; `wrong` names each thing, empty when all is well."""

    number_z: int
    business_date: str
    certified: bool
    agrees: bool
    wrong: tuple[str, ...] = ()


def verify(node: Node, days: list[Day]) -> list[Verdict]:
    """Check digests, chains and signatures of closed days, given in the order of their numbers."""
    found: list[Verdict] = []
    known: dict[str, int] = {}
    statements: dict[int, set[str]] = {}
    for day in days:
        closed, certified = day.closed, day.certified
        wrong: list[str] = []
        if z_digest(closed) != closed.digest:
            wrong.append("the Z report is not what it was")
        if known and not _follows(closed, known):
            wrong.append("it does not follow the Z before")
        known[closed.digest] = closed.number_z
        if certified is not None:
            data = certified.statement.encode()
            statement = msgspec.json.decode(data, type=Statement)
            own = certified.node_id == (node.enrolled.node_id if node.enrolled else "")
            if own and not node.signed(data, certified.signature):
                wrong.append("the signature does not fit")
            if statement.z_digest != closed.digest:
                wrong.append("the certificate is of another Z report")
            last = max((n for n in statements if n < closed.number_z), default=None)
            if last is not None and statement.previous not in statements[last]:
                wrong.append("the certificate does not follow the one before")
            statements.setdefault(closed.number_z, set()).add(statement_digest(data))
        found.append(
            Verdict(
                number_z=closed.number_z,
                business_date=closed.business_date,
                certified=certified is not None,
                agrees=certified is None or certified.agrees,
                wrong=tuple(wrong),
            )
        )
    return found


def _follows(closed: DayClosed, known: dict[str, int]) -> bool:
    """Whether a Z names those before it. Two boxes that were apart may both have made the first."""
    if closed.number_z == min(known.values()):
        return True
    joined = all(known.get(digest, closed.number_z) < closed.number_z for digest in closed.joins)
    return joined and known.get(closed.previous) == closed.number_z - 1
