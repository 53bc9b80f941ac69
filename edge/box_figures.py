"""What monitors read of a running box, as Prometheus figures."""

from collections.abc import Iterable
from typing import Any

from edge.metrics import Reading


def figures(box: Any) -> Iterable[Reading]:
    """Counters since the start, and gauges of now, of a started `edge.box.Box`."""
    taking, database = box.taking, box.database
    yield "counter", "commands_accepted", "Commands accepted.", taking.accepted
    yield "counter", "commands_refused", "Commands the rules refused.", taking.refused
    yield "counter", "commands_repeated", "Commands answered again.", taking.repeated
    yield "counter", "commits", "Groups committed to disk.", database.groups
    yield "gauge", "writes_waiting", "Writes waiting for the disk.", database.waiting
    yield "gauge", "journal_position", "Last committed entry.", box.journal.position
    yield "gauge", "kitchen_lag", "Entries the kitchen waits for.", box.kitchen.follower.lag
    yield "gauge", "printing_lag", "Entries the spool waits for.", box.spool.follower.lag
    yield "counter", "papers_printed", "Papers proven printed.", box.spool.printed
    yield "gauge", "kitchen_unseen", "Tickets no cook has confirmed.", len(box.desk.board)
    yield "gauge", "screens", "Screens listening.", box.feed.screens
    yield "gauge", "bridged", "Screens that speak MQTT through the box.", box.bridge.screens
    yield "counter", "bridge_cuts", "Screens refused or cut off by it.", box.bridge.refused
    if box.replication is not None:
        yield "gauge", "unsent", "Entries HQ has not confirmed.", box.replication.unsent
    yield "gauge", "ready", "Orders can be taken.", int(box.health.ready)
