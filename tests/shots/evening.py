"""What happened at the demo's outlet before anybody looks: orders at tables, some made, some paid."""

from typing import NamedTuple

import msgspec
from httpx import AsyncClient

from edge.platform import Platform
from protocol import commands as c
from protocol.ids import CommandId, LineId, OrderId, PaymentId, StationId
from protocol.menu import Menu, MenuIndex
from protocol.orders import DiningOption, Order, OrderStatus

PATIENCE_S = 20


class Party(NamedTuple):
    """Guests at a table or at the counter, what they have, and how far it is."""

    name: str
    """What scenes call it; no guest sees it."""
    table: str | None
    covers: int | None
    plus: tuple[str, ...]
    to: str = ""
    tab: str | None = None


PARTIES = (
    Party("cooking", "2", 4, ("401", "407", "104", "201")),
    Party("two", "4", 2, ("106", "601")),
    Party("made", "7", 2, ("403", "306", "306"), "bumped"),
    Party("eight", "10", 8, ("402", "402", "406", "408", "301", "303", "104")),
    Party("paid", "12", 3, ("104", "109", "501"), "paid"),
    Party("gone", "15", 2, ("407", "407", "203"), "paid"),
    Party("ready", None, None, ("104", "104", "602"), "ready", "Bu Sri Wahyuni"),
    Party("also ready", None, None, ("101", "501"), "ready"),
    Party("waiting", None, None, ("401",), tab="Pak Bambang"),
)


class Evening:
    """Commands of a cashier who signed in with a PIN that the demo shows."""

    def __init__(self, client: AsyncClient, platform: Platform) -> None:
        self._client = client
        self._platform = platform
        self._session = ""

    async def happen(self, name: str, pin: str) -> dict[str, str]:
        """Take all orders and bring each as far as it is to be; returns their numbers by party."""
        await self._sign_in(name, pin)
        menu = msgspec.json.decode((await self._client.get("/api/menu")).content, type=Menu)
        index = MenuIndex(menu)
        return {party.name: (await self._order(index, party)).number for party in PARTIES}

    async def _order(self, menu: MenuIndex, party: Party) -> Order:
        seats = [i % party.covers + 1 if party.covers else None for i in range(len(party.plus))]
        order = await self._ask(
            c.PlaceOrder(
                order_id=OrderId(self._platform.new_id()),
                lines=tuple(
                    self._line(menu, plu, seat) for plu, seat in zip(party.plus, seats, strict=True)
                ),
                dining_option=DiningOption.DINE_IN if party.table else DiningOption.TAKEAWAY,
                table=party.table,
                covers=party.covers,
                tab_name=party.tab,
            )
        )
        to = party.to
        if to in ("bumped", "ready", "paid"):
            for station in sorted({s for line in order.lines for s in line.station_ids}):
                bump = c.BumpTicket(order_id=order.order_id, station_id=StationId(station))
                order = await self._ask(bump)
        if to in ("ready", "paid"):
            order = await self._ask(
                c.TenderPayment(
                    order_id=order.order_id,
                    payment_id=PaymentId(self._platform.new_id()),
                    tendered=order.due,
                    tender="qris",
                )
            )
        if to == "paid":
            served = c.ChangeOrderStatus(order_id=order.order_id, status=OrderStatus.SERVED)
            order = await self._ask(served)
        return order

    def _line(self, menu: MenuIndex, plu: str, seat: int | None) -> c.NewLine:
        item, variant = menu.by_plu[plu]
        groups = (menu.groups[g] for g in item.modifier_group_ids)
        chosen = tuple(
            c.NewChoice(modifier_id=m.id) for g in groups for m in g.modifiers[: max(g.min, 0)]
        )
        line_id = LineId(self._platform.new_id())
        return c.NewLine(line_id=line_id, variant_id=variant.id, choices=chosen, seat=seat)

    async def _ask(self, command: c.Command) -> Order:
        envelope = c.Envelope(
            command_id=CommandId(self._platform.new_id()), command=command, screen="evening"
        )
        answer = await self._client.post(
            "/api/commands",
            content=msgspec.json.encode(envelope),
            headers={"content-type": "application/json", "x-session": self._session},
        )
        if answer.status_code != 200:
            raise RuntimeError(f"the box refused {command}: {answer.text}")
        order = msgspec.json.decode(answer.content, type=c.Accepted).order
        assert order is not None
        return order

    async def _sign_in(self, name: str, pin: str) -> None:
        people = (await self._client.get("/api/staff")).json()["people"]
        staff_id = next(p["staff_id"] for p in people if p["name"].startswith(name))
        asked = {"staff_id": staff_id, "pin": pin}
        answer = await self._client.post("/api/staff/sign-in", json=asked)
        answer.raise_for_status()
        self._session = answer.json()["token"]
