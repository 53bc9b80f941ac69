"""Rules of bills and offers switched off."""

from fractions import Fraction
from typing import Any

import msgspec
from simulation.mutation import Undo, mutant, replace

from edge import moved_twice as edge_moved_twice
from edge import taking as taking_at_the_box
from protocol import discounts, offers, pricing, tax
from protocol.rules import adjusting, promoting, refunding, taking

BILLS = "protocol/test_bills.py"
OFFERS = "protocol/test_offers.py"
PAID = "protocol/test_offers_when_paid.py"
STAFF = "protocol/test_adjusting.py"


@mutant(20, f"{BILLS}::test_a_discount_is_never_more_than_the_bill")
def bills_go_below_nothing() -> Undo:
    """An amount off is taken off whatever is left."""

    def amount_off(left: int, percent: str | None, amount: int | None, rounding: Any) -> int:
        return real(left, percent, amount, rounding) if amount is None else amount

    real = discounts.amount_off
    return replace(discounts, "amount_off", amount_off)


@mutant(20, f"{BILLS}::test_a_fixed_tax_inside_a_price_is_never_more_than_that_price")
def a_tax_is_more_than_what_it_is_inside_of() -> Undo:
    """So much for each, whatever it costs: what is left to be taxed is below nothing."""
    return replace(tax.Factors, "held", lambda self, price, units: tax.Units(units, units))


@mutant(20, f"{BILLS}::test_service_comes_first_and_tax_is_on_both")
def service_is_not_taxed() -> Undo:
    """Tax is on the food alone, although the service charge is part of what guests pay."""

    def taxes(live: Any, left: Any, weights: Any, service: int, plan: Any) -> Any:
        return real(live, left, weights, 0, plan)

    real = pricing._taxes_of_all
    return replace(pricing, "_taxes_of_all", taxes)


@mutant(20, f"{BILLS}::test_a_bill_that_is_all_given_away_costs_nothing")
def service_on_what_is_on_the_house() -> Undo:
    """A service charge that comes before discounts is asked for comps, too."""

    def take_off(lines: Any, adjustments: Any, rounding: Any) -> Any:
        off = real(lines, adjustments, rounding)
        return off._replace(left=[max(left, 1) for left in off.left])

    real = pricing.take_off
    return replace(pricing, "take_off", take_off)


@mutant(20, f"{BILLS}::test_what_lines_contribute_adds_up_to_the_total")
def rounding_is_nobodys() -> Undo:
    """What lines contribute leaves out what rounding gave or took."""

    def bill_of(lines: Any, terms: Any) -> Any:
        bill = real(lines, terms)
        shares = tuple(
            share._replace(
                contribution=Fraction(share.amount - share.discounts) + share.service + share.taxes
            )
            for share in bill.shares
        )
        return bill._replace(shares=shares)

    real = pricing.bill_of
    return replace(pricing, "bill_of", bill_of)


@mutant(20, f"{BILLS}::test_comps_come_before_offers_and_offers_before_what_staff_give")
def discounts_as_they_were_entered() -> Undo:
    """Who came first takes first: the same bill costs this or that."""
    return replace(discounts, "in_turn", list)


@mutant(18, f"{PAID}::test_once_a_check_was_paid_offers_stand_as_they_were")
def offers_change_after_a_check_was_paid() -> Undo:
    """Offers are worked out anew although a guest of the party has paid their check."""
    return replace(promoting, "stand", lambda order: False)


@mutant(18, f"{PAID}::test_a_dish_that_is_struck_takes_the_offer_along_also_where_some_was_paid")
def an_offer_outlives_what_earned_it() -> Undo:
    """Offers stand once anything is paid: the dish that earned one is struck, and it stays."""
    return replace(promoting, "stand", lambda order: bool(order.payments))


@mutant(18, f"{PAID}::test_nothing_is_struck_that_the_offers_then_leave_unpaid_for")
def what_was_paid_for_is_struck() -> Undo:
    """A void is not asked what the bill comes to once the offers have followed."""
    return replace(taking, "goes_below_paid", lambda state, after, moment: False)


@mutant(18, f"{OFFERS}::test_a_happy_hour_does_not_end_for_what_is_on_the_table")
def happy_hour_by_the_clock_on_the_wall() -> Undo:
    """An offer goes by the time of the last change, not by when something was ordered (FS-30)."""

    def is_timely(self: Any, promotion: Any, line: Any) -> bool:
        return real(self, promotion, msgspec.structs.replace(line, priced_ms=0))

    real = offers._Desk._is_timely
    return replace(offers._Desk, "_is_timely", is_timely)


@mutant(20, f"{OFFERS}::test_what_one_offer_has_taken_another_does_not_take_again")
def offers_upon_offers() -> Undo:
    """Every offer finds all lines untouched."""

    def earned(self: Any, promotion: Any) -> Any:
        self.free = {line.line_id: line.quantity for line in self.lines}
        return real(self, promotion)

    real = offers._Desk.earned
    return replace(offers._Desk, "earned", earned)


@mutant(20, f"{STAFF}::test_no_discount_is_over_a_hundred_percent_or_below_nothing")
def any_percentage() -> Undo:
    """Whatever is typed is a discount."""
    return replace(adjusting, "_sound", lambda off: off)


@mutant(18, "protocol/test_tips_back.py::test_the_whole_payment_goes_back_with_its_tip")
def a_tip_stays_when_its_payment_goes_back() -> Undo:
    """All of a payment is given back, and the drawer keeps its tip."""
    return replace(refunding, "_tip_of", lambda state, order, command: command.tip or 0)


@mutant(16, "edge/test_moved_twice.py::test_it_counts_where_it_came_first_and_is_struck_elsewhere")
def a_line_counts_at_two_tables() -> Undo:
    """Two boxes each moved a line to another order, and nobody says so."""
    return replace(edge_moved_twice, "moved_twice", lambda arrivals, orders, stands: [])


@mutant(
    3, f"{OFFERS}::test_who_gives_a_coupon_at_the_counter_is_told_and_a_guest_at_the_kiosk_is_not"
)
def coupons_are_nobodys_deed() -> Undo:
    """What came off by a coupon is in no trail."""
    return replace(promoting, "coupons_told", lambda *given: ())


@mutant(18, "edge/test_coupon_uses.py::test_after_the_last_one_it_is_refused_in_words")
def coupons_are_never_used_up() -> Undo:
    """A coupon for two orders is given to everybody who shows it."""
    return replace(taking_at_the_box, "count_uses", lambda db, coupons: {})
