"""Checks closed days against themselves: digests, numbers, chains and this box's signatures."""

import msgspec

from edge.days import Day
from edge.node import Node
from protocol.certificates import Statement, statement_digest, z_digest


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
    previous, statement_before, number = "", "", 0
    for day in days:
        closed, certified = day.closed, day.certified
        wrong: list[str] = []
        if z_digest(closed) != closed.digest:
            wrong.append("the Z report is not what it was")
        if number and (closed.number_z != number + 1 or closed.previous != previous):
            wrong.append("it does not follow the Z before")
        if certified is not None:
            data = certified.statement.encode()
            statement = msgspec.json.decode(data, type=Statement)
            own = certified.node_id == (node.enrolled.node_id if node.enrolled else "")
            if own and not node.signed(data, certified.signature):
                wrong.append("the signature does not fit")
            if statement.z_digest != closed.digest:
                wrong.append("the certificate is of another Z report")
            if statement_before and statement.previous != statement_before:
                wrong.append("the certificate does not follow the one before")
            statement_before = statement_digest(data)
        found.append(
            Verdict(
                number_z=closed.number_z,
                business_date=closed.business_date,
                certified=certified is not None,
                agrees=certified is None or certified.agrees,
                wrong=tuple(wrong),
            )
        )
        previous, number = closed.digest, closed.number_z
    return found
