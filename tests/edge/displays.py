"""A kitchen display of its own on the broker: draws what is retained, and proves what it has drawn."""

import msgspec

from edge.lan.mqtt import Message, MqttLink
from protocol import lan
from protocol.kitchen import Ticket


class CookDisplay:
    """Shows the tickets of its stations. `blind`: it is connected and draws nothing."""

    def __init__(self, port, outlet, device, *stations, name=None, blind=False):
        self.device, self.outlet, self.stations = device, outlet, stations
        self.name = name or device.title()
        self.blind = blind
        self.tickets = {}
        """Tickets by the station of their topic and their own id."""
        self.drawn = []
        self.link = MqttLink("127.0.0.1", port, device, will=self.presence(online=False))
        self.link.on_connected.append(self._arrive)

    async def start(self):
        for station in self.stations:
            await self.link.subscribe(lan.tickets_filter(self.outlet, station), self._hear)
        await self.link.start()
        await self.link.wait_connected(5)
        return self

    def presence(self, *, online):
        said = lan.Presence(
            device=self.device,
            name=self.name,
            kind="kitchen",
            online=online,
            stations=self.stations,
        )
        topic = lan.presence_topic(self.outlet, self.device)
        return Message(topic, msgspec.json.encode(said), retain=True)

    async def _arrive(self):
        await self.link.publish_many([self.presence(online=True)])
        if not self.blind:
            await self.prove(*self.tickets.values())

    async def _hear(self, message):
        _, _, _, station, _, ticket_id = message.topic.split("/")
        if not message.payload:
            self.tickets.pop((station, ticket_id), None)
            return
        ticket = msgspec.json.decode(message.payload, type=Ticket)
        self.tickets[station, ticket_id] = ticket
        if not self.blind:
            self.drawn.append(ticket)
            await self.prove(ticket)

    def shown(self, *tickets):
        return lan.Shown(
            device=self.device,
            name=self.name,
            tickets=tuple(
                lan.ShownTicket(
                    ticket_id=t.ticket_id,
                    order_id=t.order_id,
                    station_id=t.station_id,
                    position=t.position,
                    line_ids=tuple(x.line_id for x in t.lines if x.status == "fired"),
                )
                for t in tickets
            ),
        )

    async def prove(self, *tickets):
        if tickets:
            await self.say(msgspec.json.encode(self.shown(*tickets)))

    async def say(self, payload, topic=None, **more):
        topic = topic or lan.shown_topic(self.outlet, self.device)
        await self.link.publish_many([Message(topic, payload, **more)])

    def numbers(self, station):
        return sorted(t.number for (s, _), t in self.tickets.items() if s == station)
