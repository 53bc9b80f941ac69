"""A till without a screen: rings orders at the box, and puts tickets on the broker as a box does."""

import json
import os
import time

import httpx

from edge.lan.mqtt import Message
from protocol import lan
from protocol.ids import mint


def new_id() -> str:
    return str(mint(int(time.time() * 1000), os.urandom(10)))


class Till:
    """Speaks to a shop's box over HTTP. Lines are named in English, as on the menu."""

    def __init__(self, shop):
        self.shop = shop
        self._http = httpx.AsyncClient(base_url=shop.url, timeout=10)
        self._variants = {}

    async def close(self):
        await self._http.aclose()

    async def order(self, *names, **more):
        """Ring an order; returns it as the box has it. A name may be a pair with a quantity."""
        body = {"order_id": new_id(), "command_id": new_id(), "lines": await self.lines(*names)}
        return (await self._ask("/api/orders", body | more))["order"]

    async def add(self, order, *names):
        lines = await self.lines(*names)
        return await self.do("lines.add", order_id=order["order_id"], lines=lines)

    async def void(self, order, line, **more):
        line_id = order["lines"][line]["line_id"]
        await self.do("line.void", order_id=order["order_id"], line_id=line_id, **more)

    async def cancel(self, order):
        await self.do("order.status", order_id=order["order_id"], status="cancelled", reason="x")

    async def bump(self, order, station, *lines):
        ids = [order["lines"][i]["line_id"] for i in lines]
        told = {"order_id": order["order_id"], "station_id": station, "line_ids": ids}
        await self.do("ticket.bump", **told)

    async def do(self, kind, **command):
        return await self._ask(
            "/api/commands", {"command_id": new_id(), "command": {"type": kind, **command}}
        )

    async def told(self, order_id, kind):
        """How many entries of a kind the journal has for an order."""
        rows = await self.shop.box.database.read(
            lambda db: db.execute(
                "SELECT count(*) FROM journal WHERE aggregate_id = ? AND type = ?",
                (order_id, kind),
            ).fetchone()
        )
        return rows[0]

    async def lines(self, *names):
        if not self._variants:
            menu = (await self._http.get("/api/menu")).json()
            groups = {group["id"]: group for group in menu["modifier_groups"]}
            for item in menu["items"]:
                choices = [
                    {"modifier_id": groups[g]["modifiers"][0]["id"], "quantity": groups[g]["min"]}
                    for g in item["modifier_group_ids"]
                    if groups[g]["min"]
                ]
                self._variants[item["names"]["en"]] = (item["variants"][0]["id"], choices)
        made = []
        for each in names:
            name, quantity = each if isinstance(each, tuple) else (each, 1)
            variant, choices = self._variants[name]
            line = {"line_id": new_id(), "variant_id": variant, "quantity": quantity}
            made.append(line | {"choices": choices})
        return made

    async def _ask(self, path, body):
        answer = await self._http.post(path, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()


class Pencil:
    """Writes tickets straight onto the broker: any state, any position, any nonsense."""

    def __init__(self, shop):
        self.shop = shop

    def ticket(self, number, *lines, station="bar", age_s=0, **more):
        order_id = new_id()
        fired_ms = int(time.time() * 1000) - age_s * 1000
        drawn = [
            {
                "line_id": new_id(),
                "quantity": 1,
                "names": {"id": "Kopi", "en": "Coffee"},
                "variant_names": {},
                "choices": [],
                "note": "",
                "course": 1,
                "seat": None,
                "status": "fired",
                "fired_ms": fired_ms,
            }
            | line
            for line in (lines or ({},))
        ]
        return {
            "ticket_id": f"{order_id}.{station}",
            "order_id": order_id,
            "number": number,
            "station_id": station,
            "status": "open",
            "dining_option": "dine_in",
            "placed_ms": fired_ms,
            "fired_ms": fired_ms,
            "confidence": "sure",
            "lines": drawn,
            "position": 1,
        } | more

    async def write(self, *tickets, station=None):
        await self.put(
            *((t["ticket_id"], t["station_id"], json.dumps(t).encode()) for t in tickets),
            station=station,
        )

    async def wipe(self, *tickets):
        await self.put(*((t["ticket_id"], t["station_id"], b"") for t in tickets))

    async def put(self, *written, station=None):
        outlet = self.shop.box.outlet.outlet_id
        await self.shop.box.link.publish_many(
            Message(lan.ticket_topic(outlet, station or own, ticket_id), payload, retain=True)
            for ticket_id, own, payload in written
        )
