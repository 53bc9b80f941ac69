"""Rules of the close of the day and of its certificate switched off."""

from typing import Any

from msgspec.structs import replace as with_
from simulation.mutants_of_the_till import decided
from simulation.mutation import Undo, both, mutant, replace

from edge import certifying, day_desk, days, order_state, reconciling, returned_money, standing
from edge import tills as tables
from edge.certifying import Certifier
from edge.day_desk import DayDesk
from protocol import certificates
from protocol import till_commands as t
from protocol.rules import till_keeping
from protocol.z_marks import Marks

DAYS = "edge/test_days.py"
RETURNED = "edge/test_returned_days.py"
ADD_UP = "edge/test_days_add_up.py"
ADD_UP += "::test_every_payment_is_in_exactly_one_z_and_z_reports_add_up"
CERTIFYING = "edge/test_certifying.py"
HQ = "cloud/test_days.py"


@mutant(24, f"{DAYS}::test_a_till_that_nobody_counted_holds_the_day_open")
def days_close_over_open_tills() -> Undo:
    """A day is closed while a drawer is not counted."""
    return replace(standing, "open_shifts", lambda db, until: ())


@mutant(24, f"{DAYS}::test_a_till_of_today_does_not_hold_yesterday_open")
def a_till_of_today_holds_yesterday_open() -> Undo:
    """Yesterday cannot be closed while somebody sells today."""
    real = standing.open_shifts
    return replace(standing, "open_shifts", lambda db, until: real(db, "9999-12-31"))


@mutant(24, f"{DAYS}::test_what_is_not_done_is_named_and_closing_takes_knowing_it")
def days_close_over_open_orders() -> Undo:
    """Whoever closes is not told what is not paid."""
    return replace(standing, "open_orders", lambda db, until: ())


@mutant(24, f"{DAYS}::test_a_business_date_has_one_z_and_what_comes_after_it_is_in_the_next")
def a_date_has_several_z_reports() -> Undo:
    """A day that was closed is closed again."""

    def open_dates(state: Any) -> Any:
        found = with_(state.sums.standing, closed={})
        return with_(state, sums=with_(state.sums, standing=found))

    return decided(t.CloseDay, "close_day", open_dates)


@mutant(24, f"{DAYS}::test_a_day_that_has_not_begun_is_not_closed")
def tomorrow_may_be_closed() -> Undo:
    """A day that has not begun is closed."""
    real = till_keeping._day_refused

    def day_refused(command: Any, found: Any, moment: Any) -> Any:
        return real(command, found, with_(moment, business_date="9999-12-31"))

    return replace(till_keeping, "_day_refused", day_refused)


@mutant(24, f"{DAYS}::test_nothing_to_count_is_no_z")
def a_z_counts_nothing() -> Undo:
    """A close without anything to count makes a Z all the same."""
    real = standing.uncounted_figures

    def uncounted(db: Any, last: str, until: str) -> Any:
        empty = standing.figures_between(db, last, "9999-12-31", "9999-12-31")
        return real(db, last, until) or (empty,)

    return replace(standing, "uncounted_figures", uncounted)


@mutant(24, f"{DAYS}::test_closes_that_were_missed_are_caught_up_oldest_first_without_a_gap")
def missed_dates_share_a_z() -> Undo:
    """After days that nobody closed all is in one Z."""

    def uncounted(db: Any, last: str, until: str) -> Any:
        found = standing._dates(db, until)
        return (standing.figures_between(db, last, "", until),) if found else ()

    return replace(standing, "uncounted_figures", uncounted)


@mutant(24, f"{DAYS}::test_money_in_the_same_breath_as_the_close_is_in_exactly_one_z")
def a_close_misses_its_own_moment() -> Undo:
    """What is paid in the same moment as the close is in no Z, or in two."""
    from edge.taking import Taking

    return replace(Taking, "_flush", lambda self, db, work: None)


@mutant(24, ADD_UP)
def what_was_counted_is_counted_again() -> Undo:
    """A Z does not mark the payments that it counts."""

    def close_day(db: Any, event: Any) -> None:
        real(db, event)
        db.execute("UPDATE payments SET z = NULL WHERE z = ?", (event.number_z,))

    real = days.close_day
    return replace(tables, "close_day", close_day)


@mutant(24, ADD_UP)
def late_money_is_in_no_z() -> Undo:
    """What comes after the Z of its date is never counted."""

    def late(db: Any, where: str, span: Any) -> Any:
        here = "z IS NULL AND business_date > coalesce((SELECT max(business_date) FROM days), '')"
        return real(db, where.replace("z IS NULL", here), span)

    real = standing._paid
    return replace(standing, "_paid", late)


@mutant(24, f"{RETURNED}::test_a_replaced_box_counts_nothing_twice_and_its_numbers_go_on")
def a_replaced_box_counts_again() -> Undo:
    """What came back from HQ is in no Z, although one had counted it."""
    return replace(Marks, "first", lambda self, places, business_date: None)


@mutant(24, f"{RETURNED}::test_a_replaced_box_counts_nothing_twice_and_its_numbers_go_on")
def a_replaced_box_begins_at_one() -> Undo:
    """Z reports that came back from HQ are not kept: the numbers begin again."""
    return replace(returned_money, "keep_day", lambda db, event: None)


@mutant(24, f"{RETURNED}::test_two_boxes_that_were_apart_go_on_as_one_line")
def two_lines_of_numbers_stay_apart() -> Undo:
    """After two boxes closed apart the next Z follows one of them and forgets the other."""
    real = days.tips
    return replace(days, "tips", lambda closes: real(closes)[:1])


@mutant(24, f"{RETURNED}::test_an_order_that_was_paid_otherwise_after_its_z_stays_in_that_z")
def an_order_is_counted_where_it_ended_last() -> Undo:
    """An order that was paid anew after its Z is in another one."""

    def of_order(self: Any, times: Any, business_date: str) -> Any:
        found = [self.first(ended, business_date) for ended, _ in times]
        return found[-1] if found else None

    return replace(Marks, "of_order", of_order)


@mutant(24, f"{RETURNED}::test_a_mark_is_the_first_z_that_reaches_the_place_and_holds_the_date")
def marks_pass_over_dates() -> Undo:
    """A Z counts what lies before it whatever date it has."""

    def of(self: Any, stream: str, seq: int, business_date: str) -> Any:
        return real(self, stream, seq, "")

    real = Marks.of
    return replace(Marks, "of", of)


@mutant(24, f"{DAYS}::test_history_from_elsewhere_is_in_no_z")
def history_is_counted() -> Undo:
    """Sales that were imported from another system are in a Z."""
    return replace(order_state, "IN_NO_Z", None)


@mutant(
    24, f"{DAYS}::test_a_counted_order_is_not_opened_again_money_goes_back_on_the_day_it_is_given"
)
def counted_orders_open_again() -> Undo:
    """An order that a Z has counted is opened again, and its bill changes."""
    return replace(standing, "_counted_in", lambda db, order_id: None)


@mutant(
    24, "edge/test_day_routes.py::test_a_screen_with_unsent_work_is_named_before_the_day_is_closed"
)
def unsent_screens_are_passed_over() -> Undo:
    """A day is closed while a screen still holds orders, and nobody hears of it."""
    return replace(DayDesk, "screens", property(lambda self: ()))


@mutant(24, f"{DAYS}::test_a_z_can_be_checked_from_its_bytes_whatever_a_newer_build_wrote_into_it")
def a_z_is_checked_as_it_is_understood() -> Undo:
    """The digest of a Z leaves out what this build does not know."""
    from protocol.events import decode

    def of_bytes(body: bytes, digest: str) -> str:
        del digest
        closed: Any = decode(body)
        return certificates.z_digest(closed)

    return replace(certificates, "z_digest_of_bytes", of_bytes)


# ------------------------------------------------------------------ certificates


@mutant(24, f"{CERTIFYING}::test_what_hq_has_not_yet_is_not_certified")
def what_hq_lacks_is_certified() -> Undo:
    """A day is signed before HQ has what it counts, on the box's own word."""

    async def certify_next(self: Any) -> bool:
        pending = await self.database.read(certifying.uncertified)
        if not pending:
            return False
        closed = pending[0]
        own = await self.database.read(lambda db: certifying.holding_of(db, closed))
        await self.database.write(lambda db: self._sign(db, closed, own))
        return True

    return replace(Certifier, "certify_next", certify_next)


@mutant(24, f"{CERTIFYING}::test_a_day_that_hq_counts_otherwise_is_certified_as_differing")
def differences_are_passed_over() -> Undo:
    """Box and HQ are said to agree whatever each has."""
    return replace(certifying, "differences", lambda box, hq: ())


@mutant(24, f"{CERTIFYING}::test_a_day_is_certified_once_whatever_the_line_loses")
def each_look_certifies_anew() -> Undo:
    """A day that has a certificate gets another."""

    def uncertified(db: Any) -> Any:
        rows = db.execute("SELECT closed FROM days ORDER BY number_z").fetchall()
        return [real_decode(body) for (body,) in rows]

    from edge.days import _closed_decoder

    real_decode = _closed_decoder.decode
    return replace(certifying, "uncertified", uncertified)


@mutant(24, f"{CERTIFYING}::test_certificates_follow_one_another")
def certificates_stand_alone() -> Undo:
    """A certificate does not name the one before: one may be taken out unseen."""
    return replace(certifying, "last_statement", lambda db, number_z: "")


@mutant(
    24,
    "edge/test_reconciling.py::test_a_day_that_a_box_hq_may_have_forgotten_signed_is_signed_again",
)
def what_hq_lost_is_not_signed_again() -> Undo:
    """A day stays with the signature of a box that HQ knows no more."""
    return replace(reconciling, "sign_again", lambda *given: 0)


@mutant(24, f"{CERTIFYING}::test_while_data_comes_back_no_day_is_closed")
def days_close_while_data_comes_back() -> Undo:
    """A box that still hears what it lost says what the day came to."""

    def guard(self: Any, envelope: Any) -> None:
        del self, envelope

    return replace(day_desk.DayDesk, "guard", guard)


@mutant(24, f"{HQ}::test_a_certificate_that_no_box_signed_is_shown_as_such")
def hq_believes_any_signature() -> Undo:
    """HQ shows a day as certified whoever signed it."""
    from cloud.nodes import Nodes

    async def signed(self: Any, *given: Any) -> bool:
        del self, given
        return True

    return replace(Nodes, "signed", signed)


@mutant(24, f"{HQ}::test_figures_that_the_box_made_up_are_found")
def hq_believes_any_figures() -> Undo:
    """HQ shows what the box said of a day and counts nothing itself."""
    from cloud import days as hq_days

    return replace(hq_days, "differences", lambda box, hq: ())


@mutant(24, f"{HQ}::test_while_entries_are_missing_hq_says_nothing_of_the_day")
def hq_counts_what_it_has() -> Undo:
    """HQ counts a day while it lacks some of it."""
    from cloud import day_ledger

    async def heads(tx: Any, at: Any, as_of: Any) -> Any:
        del tx, at, as_of
        return ()

    async def lacks(tx: Any, at: Any, ends: Any) -> bool:
        del tx, at, ends
        return False

    return both(replace(day_ledger, "_heads", heads), replace(day_ledger, "_lacks", lacks))


@mutant(24, f"{HQ}::test_numbers_that_are_missing_twice_or_not_chained_are_named")
def gaps_are_passed_over() -> Undo:
    """Z numbers that HQ never got are missed by nobody."""
    from cloud import days as hq_days

    async def gaps(tx: Any, tenant_id: str, outlets: Any) -> tuple[()]:
        del tx, tenant_id, outlets
        return ()

    return replace(hq_days, "_gaps", gaps)
