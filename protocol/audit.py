"""The audit trail: who took something off, opened a drawer, approved or signed in; told in words.

The journal is the trail, and this says what of it is one and how it reads. Box and HQ use the same.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import msgspec

from protocol import events as e
from protocol import floor_events as f
from protocol.audit_words import PAPERS, SAID
from protocol.bill import AdjustmentKind
from protocol.box_events import DevicePaired, DeviceRevoked
from protocol.menu import Names, name_in
from protocol.money import Currency, format_amount
from protocol.orders import TRANSFERRED
from protocol.rules.allowing import WORDS
from protocol.rules.wording import TENDERS
from protocol.tills import CashKind

AUDITED = (
    *("line.voided", "line.reduced", "order.cancelled", "bill.adjusted", "bill.unadjusted"),
    *("payment.refunded", "order.reopened", "cash.moved", "drawer.opened", "shift.opened"),
    *("shift.closed", "approval.given", "staff.signed_in", "staff.signed_out", "staff.refused"),
    *("staff.pin_changed", "day.closed", "device.paired", "device.revoked", "paper.reprinted"),
    *("paper.requested", "paper.discarded", "coupon.given"),
)
"""Types of entries that belong to the trail; both stores have an index over exactly these."""
AUDITED_SQL = "type IN ({})".format(", ".join(f"'{tag}'" for tag in AUDITED))
"""The same as both stores' indexes say it: word for word, or they would not be used."""
AUDIT_ROWS_MAX = 500
"""Most rows of one page."""


class AuditKind(StrEnum):
    """What sort of thing was done; lists are sorted out by it."""

    VOID = "void"
    CANCEL = "cancel"
    DISCOUNT = "discount"
    COMP = "comp"
    REFUND = "refund"
    REOPEN = "reopen"
    CASH = "cash"
    DRAWER = "drawer"
    TILL = "till"
    APPROVAL = "approval"
    SIGN_IN = "sign_in"
    PIN = "pin"
    DAY = "day"
    DEVICE = "device"
    REPRINT = "reprint"
    PAPER = "paper"


class AuditRow(msgspec.Struct, frozen=True, kw_only=True):
    """One deed: when, who (a name, or the screen), what in words by language, how much."""

    at_ms: int
    kind: AuditKind
    who: str
    what: Names
    amount: int | None = None
    order_id: str | None = None
    number: str = ""
    reason: str = ""
    approved_by: str = ""


class AuditPage(msgspec.Struct, frozen=True, kw_only=True):
    """The deeds of a business date, newest first; `more`: the oldest of them are not shown."""

    business_date: str
    rows: tuple[AuditRow, ...]
    more: bool = False


class Known(msgspec.Struct, frozen=True):
    """What ids stand for: people, numbers of orders, lines as (names, quantity, amount), tills."""

    people: Mapping[str, str]
    numbers: Mapping[str, str]
    lines: Mapping[str, tuple[Names, int, int]]
    currency: Currency
    tills: Mapping[str, str] = {}

    def till(self, till_id: str) -> tuple[str, str]:
        """A till by its name; one that nobody named, by its id: in English and Indonesian."""
        name = self.tills.get(till_id, "")
        return (name, name) if name else (f"till {till_id}", f"laci {till_id}")

    def person(self, staff_id: str | None) -> str:
        """What somebody is called; a stranger, or a screen, is called as it calls itself."""
        return self.people.get(staff_id or "", staff_id or "")

    def money(self, minor: int) -> str:
        """An amount as people read it."""
        return format_amount(minor, self.currency)


def told(event: e.Event, actor: str, known: Known) -> AuditRow | None:
    """An entry as a row of the trail; None for one that is no deed of anybody (a moved line)."""
    match event:
        case e.LineVoided() | e.LineReduced():
            return _void(event, actor, known)
        case e.OrderCancelled():
            by = known.person(event.approved_by)
            return _row(event, AuditKind.CANCEL, actor, known, reason=event.reason, approved_by=by)
        case f.BillAdjusted():
            return _adjusted(event, actor, known)
        case f.CouponGiven():
            return _coupon(event, actor, known)
        case f.AdjustmentRemoved():
            return _row(event, AuditKind.DISCOUNT, actor, known)
        case f.PaymentRefunded():
            return _refunded(event, actor, known)
        case f.OrderReopened():
            by = known.person(event.approved_by)
            return _row(event, AuditKind.REOPEN, actor, known, reason=event.reason, approved_by=by)
        case f.ApprovalGiven():
            return _approved(event, known)
        case f.CashMoved() | f.DrawerOpened() | f.ShiftOpened() | f.ShiftClosed() | f.DayClosed():
            return _of_tills(event, actor, known)
        case f.SignedIn() | f.SignedOut() | f.SignInFailed() | f.PinChanged():
            return _of_people(event, known)
        case DevicePaired() | DeviceRevoked():
            who = event.approved_by if isinstance(event, DevicePaired) else event.revoked_by
            thing = event.name if isinstance(event, DevicePaired) else event.device
            return _row(event, AuditKind.DEVICE, who, known, thing=thing)
        case f.PaperReprinted() | f.PaperRequested() | f.PaperDiscarded():
            return _of_papers(event, actor, known)
    return None


def _row(  # one parameter for each thing that a sentence can speak of
    event: Any,
    kind: AuditKind,
    who: str,
    known: Known,
    *,
    said: str = "",
    thing: str = "",
    thing_id: str = "",
    till: str = "",
    item: Names | None = None,
    units: int = 0,
    amount: int | None = None,
    order_id: str | None = None,
    reason: str = "",
    approved_by: str = "",
) -> AuditRow:
    order_id = order_id or getattr(event, "order_id", None)
    number = known.numbers.get(order_id or "", "")
    words = {"number": number, "units": str(units)}
    words["amount"] = "" if amount is None else known.money(amount)
    en, id_ = SAID[said or e.tag_of(event)]
    both = known.till(till) if till else (thing, thing_id or thing)
    return AuditRow(
        at_ms=event.at_ms,
        kind=kind,
        who=known.person(who),
        what={
            "id": id_.format(
                **words, thing=both[1], thing_id=both[1], item=name_in(item or {}, "id")
            ),
            "en": en.format(
                **words, thing=both[0], thing_id=both[1], item=name_in(item or {}, "en")
            ),
        },
        amount=amount,
        order_id=order_id,
        number=number,
        reason=reason,
        approved_by=approved_by,
    )


def _void(event: e.LineVoided | e.LineReduced, actor: str, known: Known) -> AuditRow | None:
    if event.reason == TRANSFERRED:
        return None
    names, quantity, amount = known.lines.get(event.line_id, ({}, 1, 0))
    units = quantity
    if isinstance(event, e.LineReduced):
        units, amount = event.by, amount * event.by // max(1, quantity)
    return _row(
        event,
        AuditKind.VOID,
        actor,
        known,
        item=names,
        units=units,
        amount=amount or None,
        reason=event.reason,
        approved_by=known.person(event.approved_by),
    )


def _adjusted(event: f.BillAdjusted, actor: str, known: Known) -> AuditRow:
    off = event.adjustment
    comp = off.kind is AdjustmentKind.COMP
    names = known.lines.get(off.line_id or "", ({}, 1, 0))[0]
    return _row(
        event,
        AuditKind.COMP if comp else AuditKind.DISCOUNT,
        actor,
        known,
        said="comp" if comp else "",
        item=names,
        thing=name_in(off.names, "en") or off.percent or off.code,
        thing_id=name_in(off.names, "id"),
        amount=off.given,
        reason=off.reason,
        approved_by=known.person(off.approved_by),
    )


def _coupon(event: f.CouponGiven, actor: str, known: Known) -> AuditRow:
    return _row(
        *(event, AuditKind.DISCOUNT, actor, known),
        said="coupon_back" if event.back else "",
        thing=event.code,
        amount=None if event.back else event.given,
    )


def _refunded(event: f.PaymentRefunded, actor: str, known: Known) -> AuditRow:
    back = event.refund
    en, id_ = TENDERS.get(back.tender, (back.tender, back.tender))
    moment = _At(at_ms=back.at_ms, order_id=event.order_id, tag=e.tag_of(event))
    return _row(
        moment,
        AuditKind.REFUND,
        actor,
        known,
        said=moment.tag,
        thing=en,
        thing_id=id_,
        amount=back.amount + back.tip,
        reason=back.reason,
        approved_by=known.person(back.approved_by),
    )


class _At(msgspec.Struct, frozen=True):
    """What a row needs of an event that keeps its time and order elsewhere."""

    at_ms: int
    order_id: str | None
    tag: str


def _approved(event: f.ApprovalGiven, known: Known) -> AuditRow:
    en, id_ = WORDS[event.action]
    order = event.subject if event.subject in known.numbers else None
    return _row(
        event,
        AuditKind.APPROVAL,
        event.by,
        known,
        thing=en,
        thing_id=id_,
        amount=event.amount,
        order_id=order,
    )


def _of_tills(
    event: f.CashMoved | f.DrawerOpened | f.ShiftOpened | f.ShiftClosed | f.DayClosed,
    actor: str,
    known: Known,
) -> AuditRow:
    match event:
        case f.CashMoved():
            return _row(
                event,
                AuditKind.CASH,
                actor,
                known,
                said=CashKind(event.kind).value,
                till=event.till_id,
                amount=event.amount,
                reason=event.reason,
                approved_by=known.person(event.approved_by),
            )
        case f.DrawerOpened():
            by = known.person(event.approved_by)
            return _row(
                *(event, AuditKind.DRAWER, actor, known),
                till=event.till_id,
                reason=event.reason,
                approved_by=by,
            )
        case f.DayClosed():
            thing = "/".join(reversed(event.business_date.split("-")))  # as papers write it
            return _row(event, AuditKind.DAY, actor, known, thing=thing, units=event.number_z)
    shift = event.shift
    amount = shift.opening if isinstance(event, f.ShiftOpened) else shift.over_short
    return _row(
        event,
        AuditKind.TILL,
        actor,
        known,
        said="tried" if shift.tried and isinstance(event, f.ShiftClosed) else "",
        units=shift.tried,
        till=shift.till_id,
        amount=amount or 0,
        reason=shift.reason,
    )


def _of_papers(
    event: f.PaperReprinted | f.PaperRequested | f.PaperDiscarded, actor: str, known: Known
) -> AuditRow:
    again = isinstance(event, f.PaperReprinted)
    en, id_ = PAPERS.get(event.kind, (event.kind, event.kind))
    if number := known.numbers.get(getattr(event, "order_id", None) or "", ""):
        en, id_ = f"{en} of {number}", f"{id_} {number}"
    return _row(
        event,
        AuditKind.REPRINT if again else AuditKind.PAPER,
        actor,
        known,
        thing=f"{en} ({event.printer})",
        thing_id=f"{id_} ({event.printer})",
    )


def _of_people(
    event: f.SignedIn | f.SignedOut | f.SignInFailed | f.PinChanged, known: Known
) -> AuditRow:
    if isinstance(event, f.PinChanged):
        return _row(event, AuditKind.PIN, event.staff_id, known)
    units = event.tries if isinstance(event, f.SignInFailed) else 0
    return _row(event, AuditKind.SIGN_IN, event.staff_id, known, thing=event.screen, units=units)
