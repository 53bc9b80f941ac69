"""Cooks' displays, and somebody who looks whether each line is with one of them or with a person."""

import asyncio
from random import Random
from typing import TYPE_CHECKING, Any

import msgspec
from simulation.broker import Broker
from simulation.loop import Process, SimLoop
from simulation.oracles import Broken, Evidence
from simulation.screens import Submission
from simulation.site import Site

from edge.deliveries import told_of
from edge.lan.inbox import Message
from protocol import lan
from protocol.deliveries import Delivery
from protocol.kitchen import Ticket

if TYPE_CHECKING:
    from collections.abc import Iterator

    from simulation.world import World

DRAWN_S = (0.05, 0.8)
LOOKED_AFTER_S = 40.0
"""Nobody is waited for so long: four seconds for a display, as many again for the other way."""
LATE_MS = 30_000
"""Lines that were fired since are not looked at yet."""
ON_THE_WAY = (Delivery.QUEUED, Delivery.SENT, Delivery.REROUTED)

_ticket = msgspec.json.Decoder(Ticket).decode
_status = msgspec.json.Decoder(lan.BoxStatus).decode


class Display:
    """Draws what is retained for its station and proves what it has drawn, unless it is dark."""

    def __init__(self, loop: SimLoop, name: str, outlet: str, station: str, dice: Random) -> None:
        self.name = name
        self.outlet = outlet
        self.station = station
        self.dice = dice
        self.process = Process(loop, name)
        self.filters = [lan.tickets_filter(outlet, station), lan.status_topic(outlet)]
        self.dark = False
        self._broker: Broker | None = None
        self._tickets: dict[str, Ticket] = {}
        self._undrawn: dict[str, Ticket] = {}
        self._boot = ""

    def turn_to(self, broker: Broker) -> None:
        """The box was replaced: its broker is the one that is found now."""
        if self._broker is not None:
            self._broker.displays.remove(self)
            self._broker.disconnect(self)
        self._broker = broker
        broker.displays.append(self)
        self.connect()

    def connect(self) -> None:
        """There, and told everything anew."""
        broker = self._broker
        if self.dark or broker is None or not broker.on:
            return
        self._tickets.clear()
        broker.connect(self)
        broker.publish(self._presence(online=True))
        broker.tell_retained(self, self.filters)

    def switch(self, *, dark: bool) -> None:
        """Somebody pulls the plug, or puts it in again."""
        self.dark = dark
        if not dark:
            self.connect()
        elif self._broker is not None and self._broker.on:
            self._broker.disconnect(self)
            self._broker.publish(self._presence(online=False))

    def hear(self, message: Message) -> None:
        """A ticket, its end, or what the box says of itself."""
        if message.topic == self.filters[1]:
            boot = _status(message.payload).boot
            if boot and boot != self._boot:  # it knows nothing of our proof
                self._boot = boot
                self._draw(self._tickets)
            return
        if not message.payload:
            self._tickets.pop(message.topic, None)
            return
        ticket = self._tickets[message.topic] = _ticket(message.payload)
        self._draw({message.topic: ticket})

    def _draw(self, tickets: dict[str, Ticket]) -> None:
        drawing = bool(self._undrawn)
        self._undrawn |= tickets
        if self._undrawn and not drawing:
            self.process.spawn(self._prove(), f"{self.name} draws")

    async def _prove(self) -> None:
        await asyncio.sleep(self.dice.uniform(*DRAWN_S))
        drawn, self._undrawn = self._undrawn, {}
        if self.dark or self._broker is None or not self._broker.on:
            return
        shown = tuple(
            lan.ShownTicket(
                ticket_id=t.ticket_id,
                order_id=t.order_id,
                station_id=t.station_id,
                position=t.position,
                line_ids=tuple(x.line_id for x in t.lines if x.status == "fired"),
            )
            for t in drawn.values()
        )
        said = lan.Shown(device=self.name, name=self.name, tickets=shown)
        topic = lan.shown_topic(self.outlet, self.name)
        self._broker.publish(Message(topic, msgspec.json.encode(said)))

    def _presence(self, *, online: bool) -> Message:
        said = lan.Presence(
            device=self.name,
            name=self.name,
            kind="kitchen",
            online=online,
            stations=(self.station,),
        )
        topic = lan.presence_topic(self.outlet, self.name)
        return Message(topic, msgspec.json.encode(said), retain=True)


def look_later(world: "World", site: Site, submission: Submission) -> None:
    """Something was fired and the box said yes: look in a while whether anybody has it."""
    if "order.fired" in submission.events and site.box is not None:
        world.loop.create_task(_look(world, site, submission), name="somebody looks")


async def _look(world: "World", site: Site, submission: Submission) -> None:
    asked: Any = submission.envelope.command
    box, error_ms = site.box, site.clock.offset_ms
    await asyncio.sleep(LOOKED_AFTER_S)
    if box is None or not site.up or site.box is not box or site.clock.offset_ms != error_ms:
        return  # who begins anew has time anew
    if site.disk.room is not None:
        return
    world.looks += 1
    late_ms = box.journal.reading().wall_ms - LATE_MS
    for line in site.ask(lambda db: told_of(db, asked.order_id, 1 << 60)) or ():
        if line.state in ON_THE_WAY and line.at_ms < late_ms:
            world.unseen.append(
                Broken(
                    "23",
                    f"a line of {asked.order_id} is {line.state.value} at {line.station_id} of"
                    f" {site.name} {LOOKED_AFTER_S:.0f} s after it was fired",
                    (submission.envelope.command_id, asked.order_id),
                )
            )


def invariant_23_every_line_is_with_somebody(seen: Evidence) -> "Iterator[Broken]":
    """Each fired line was soon with a display or with a person, whenever somebody looked."""
    yield from seen.world.unseen
