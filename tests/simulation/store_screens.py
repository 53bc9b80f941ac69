"""Several screens that ask for everything an outlet's day has, in any order, now and then twice."""

from random import Random

from protocol import commands as c
from protocol.ids import mint
from protocol.menu import Category, Item, Menu, Station, Variant
from protocol.orders import LineStatus, Order
from protocol.refusals import Refusal

MENU = Menu(
    version=1,
    currency="IDR",
    stations=(Station(id="dapur", names={"id": "Dapur"}), Station(id="bar", names={"id": "Bar"})),
    fallback_station="dapur",
    categories=(Category(id="semua", names={"id": "Semua"}),),
    modifier_groups=(),
    items=tuple(
        Item(
            id=name,
            category_id="semua",
            names={"id": name.title()},
            variants=(Variant(id=f"{name}-1", names={"id": "Porsi"}, price=price, plu=plu),),
            station_ids=(station,),
        )
        for name, price, station, plu in (
            ("nasi", 25_000, "dapur", "1"),
            ("mie", 22_000, "dapur", "2"),
            ("teh", 6_000, "bar", "3"),
            ("kopi", 18_000, "bar", "4"),
        )
    ),
)
ITEMS = tuple(item.id for item in MENU.items)
COUNTERS = ("counter-1", "counter-2", "kitchen-1", "handheld-1")


class Screens:
    """Makes commands; remembers the orders that were acknowledged, as screens do."""

    def __init__(self, dice: Random) -> None:
        self.dice = dice
        self._orders: dict[str, Order] = {}
        self._sent: list[c.Envelope] = []

    def next(self) -> c.Envelope:
        """What some screen asks next; one in twelve was asked before."""
        if self._sent and self.dice.random() < 1 / 12:
            return self.dice.choice(self._sent[-20:])
        makers = (
            *(self._place,) * 8,
            *(self._add,) * 2,
            *(self._pay,) * 4,
            *(self._bump,) * 3,
            *(self._void, self._fire, self._eighty_six, self._wrong),
        )
        command = self.dice.choice(makers)()
        envelope = self.asks(command)
        self._sent.append(envelope)
        return envelope

    def asks(self, command: c.Command) -> c.Envelope:
        """The command, from some screen."""
        screen = self.dice.choice(COUNTERS)
        return c.Envelope(command_id=self._id(), command=command, screen=screen)

    def simple_order(self, item_id: str) -> c.PlaceOrder:
        """One of these."""
        line = c.NewLine(line_id=self._id(), variant_id=f"{item_id}-1")
        return c.PlaceOrder(order_id=self._id(), lines=(line,))

    def heard(self, envelope: c.Envelope, outcome: object) -> None:
        """The answer of a command reached its screen."""
        order = None if isinstance(outcome, Refusal) else outcome.order
        if order is not None:
            self._orders[order.order_id] = order

    def _id(self) -> str:
        return mint(self.dice.getrandbits(40), self.dice.randbytes(10))

    def _order(self) -> Order | None:
        recent = list(self._orders.values())[-12:]
        return self.dice.choice(recent) if recent else None

    def _lines(self) -> tuple[c.NewLine, ...]:
        return tuple(
            c.NewLine(
                line_id=self._id(),
                variant_id=f"{self.dice.choice(ITEMS)}-1",
                quantity=self.dice.randint(1, 3),
                note=self.dice.choice(("", "", "", "tanpa sambal")),
            )
            for _ in range(self.dice.choice((1, 1, 2, 3)))
        )

    def _place(self) -> c.Command:
        hold = self.dice.random() < 0.2
        return c.PlaceOrder(order_id=self._id(), lines=self._lines(), hold=hold)

    def _add(self) -> c.Command:
        order = self._order()
        return c.AddLines(order_id=order.order_id, lines=self._lines()) if order else self._place()

    def _void(self) -> c.Command:
        order = self._order()
        lines = [x for x in order.lines if x.status != LineStatus.VOIDED] if order else []
        if order is None or not lines:
            return self._place()
        line_id = self.dice.choice(lines).line_id
        return c.VoidLine(order_id=order.order_id, line_id=line_id, reason="salah")

    def _fire(self) -> c.Command:
        order = self._order()
        return c.FireOrder(order_id=order.order_id) if order else self._place()

    def _pay(self) -> c.Command:
        order = self._order()
        if order is None:
            return self._place()
        tendered = self.dice.choice((5_000, 50_000, 500_000))
        return c.TenderPayment(order_id=order.order_id, payment_id=self._id(), tendered=tendered)

    def _bump(self) -> c.Command:
        order = self._order()
        if order is None:
            return self._place()
        return c.BumpTicket(order_id=order.order_id, station_id=self.dice.choice(("dapur", "bar")))

    def _eighty_six(self) -> c.Command:
        item = self.dice.choice(ITEMS)
        again = self.dice.random() < 0.8
        return c.RestoreItem(item_id=item) if again else c.EightySixItem(item_id=item)

    def _wrong(self) -> c.Command:
        return self.simple_order("sate")
