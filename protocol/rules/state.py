"""What a rule may know: the outlet's settings and menu, the order concerned, and the moment."""

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from protocol.clock import Confidence
from protocol.house import NO_HOUSE, House
from protocol.menu import MenuIndex
from protocol.money import CURRENCIES, Currency, format_amount
from protocol.orders import Order
from protocol.prices import NO_PRICES, PriceBook
from protocol.refusals import Refusal
from protocol.staff import Actor, Given, May
from protocol.tills import DayFigures, Outstanding, Shift


class Moment(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """When a command is decided, in the outlet's terms; `at_ms` is Unix milliseconds."""

    at_ms: int
    business_date: str
    hour: int
    confidence: Confidence
    now_ms: int
    """The box's own time: differs from `at_ms` only for imports, which carry their own."""
    local: str = ""
    """The outlet's local time, `2026-05-28T09:05`; empty while the box's clock is known to be wrong:
    nothing that goes by the time of day may stop a sale then."""


class DayStanding(msgspec.Struct, frozen=True, kw_only=True):
    """What a close of the day would find: figures by business date, and what is not done."""

    next_z: int
    previous: str
    """Digest of the last Z; empty before the first."""
    joins: tuple[str, ...] = ()
    """Digests of others that none follows yet: two boxes were apart, and met again."""
    through: int
    figures: tuple[DayFigures, ...]
    """One for each business date that has anything no Z has counted, oldest first."""
    outstanding: tuple[Outstanding, ...] = ()
    as_of: Mapping[str, int] = MappingProxyType({})
    """Last seq of each stream that went on since the last Z."""
    until: str = ""
    """The last Z of this close counts what is dated up to here."""
    closed: Mapping[str, int] = MappingProxyType({})
    """Business dates from the one asked for on that have a Z already, with its number."""


class Sums(msgspec.Struct, frozen=True, kw_only=True):
    """What is summed up over many rows, for the few commands that are decided with it."""

    drawer: int = 0
    """What sales and refunds of `State.shift` brought into its drawer in cash (minor units)."""
    tried: int = 0
    """Counts of the shift, and sums to be taken out of it, that were refused because of what is in it:
    whoever tries often enough knows what should be there."""
    counted_in: int | None = None
    """The Z report that has counted the order; for reopening it and for what changes a bill."""
    other_counted_in: int | None = None
    """The same of the second order of a transfer."""
    standing: DayStanding | None = None
    """Only for a close of the day."""
    coupons: Mapping[str, int] = MappingProxyType({})
    """Orders that have each coupon the command brings, of those with a limit; by promotion id."""


NO_SUMS = Sums()


class State(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a decision depends on, apart from the moment."""

    menu: MenuIndex
    eighty_six: frozenset[str] = frozenset()
    order: Order | None = None
    order_number: str = ""
    """The label the next order placed at this outlet and business date gets."""
    tenders: tuple[str, ...] = ("cash",)
    taken_ids: frozenset[str] = frozenset()
    """Line and payment ids of this command that another order already has."""
    screen: str = ""
    staff: str | None = None
    device_ms: int | None = None
    happened_ms: int | None = None
    accepted: Order | None = None
    """The order as the first answer to this command gave it, when a screen offers it again."""
    offered: bool = False
    """Whether a screen says that a box said yes to this command before."""
    proven: bool = False
    """Whether the box itself knows that, by the proof its answer carried."""
    prices: PriceBook = NO_PRICES
    """Dated prices from HQ: they hold over the menu's own."""
    tracked: frozenset[str] = frozenset()
    """Items that are counted at this outlet: what is sold of them moves their stock."""
    house: House = NO_HOUSE
    actor: Actor | None = None
    """Who asks, as their sign-in says; None where nobody has to sign in."""
    approval: Given | None = None
    """The approval that the command names, if the box has it."""
    other: Order | None = None
    """The second order of a transfer."""
    shift: Shift | None = None
    """The shift that the command names, or the open one of the till it names."""
    tills_open: int = 0
    """How many tills are open, where a command may need to know."""
    sums: Sums = NO_SUMS
    clocked: str = ""
    """How the person whom a clocking names was clocked last: `in`, `break`, `out`, or never."""
    stream_ends: Mapping[str, int] = MappingProxyType({})
    """Last seq of every stream this box has, its own with what this group has staged."""

    def approver(self, subject: str, *actions: May, amount: int = 0) -> str | None:
        """Who approved one of these things about `subject`, as far as `amount` (minor units).

        None when the command names no approval, or one of something else: nobody approved this.
        """
        given = self.approval
        if given is None or given.subject != subject or given.action not in actions:
            return None
        return given.by if given.amount is None or amount <= given.amount else None

    @property
    def currency(self) -> Currency:
        """The currency of the menu."""
        return CURRENCIES[self.menu.menu.currency]

    def money(self, minor: int) -> str:
        """An amount as a person reads it."""
        return format_amount(minor, self.currency)


def refuse(code: str, **params: object) -> Refusal:
    """A refusal with its params as text."""
    return Refusal(code, {k: str(v) for k, v in params.items()})
