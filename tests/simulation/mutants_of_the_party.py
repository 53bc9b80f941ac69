"""Rules of checks, tables that join, money given back, and of the figures about them, switched off."""

from typing import Any

from msgspec.structs import replace as changed
from simulation.mutation import Undo, mutant, replace

from cloud import sales_rows
from cloud.projections import sales
from edge.delivery_moves import Moves
from protocol import bill_sums, checks, kitchen
from protocol.rules import floor_folding, folding, refunding, splitting, tendering, transferring

SPLIT = "protocol/test_splitting.py"
MOVE = "protocol/test_transferring.py"
BACK = "protocol/test_refunding.py"
PAY = "protocol/test_tendering.py"


@mutant(20, f"{SPLIT}::test_what_is_ordered_later_falls_to_the_first_check_that_is_not_paid")
def checks_stay_as_they_were_split() -> Undo:
    """What is ordered or struck after a split changes no check."""
    return replace(folding, "rechecked", lambda order: order)


@mutant(20, f"{SPLIT}::test_evenly_the_odd_rupiah_is_not_lost")
def odd_rupiah_are_dropped() -> Undo:
    """Each check is its share, rounded down."""

    def share_out(amount: int, weights: Any) -> list[int]:
        return [int(amount * w / sum(weights)) for w in weights]

    return replace(checks, "share_out", share_out)


@mutant(20, f"{SPLIT}::test_what_is_struck_is_off_its_check_but_never_below_what_was_paid")
def paid_checks_may_shrink() -> Undo:
    """What was paid on a check does not keep it from coming to less."""
    return replace(checks, "_not_below", lambda fair, floors: fair)


@mutant(20, f"{SPLIT}::test_a_paid_check_is_not_split_anew_until_its_money_is_given_back")
def paid_checks_are_split_anew() -> Undo:
    """An order is split anew although somebody has paid a check of it."""
    return replace(splitting, "paid_checks", lambda order: ())


@mutant(20, f"{SPLIT}::test_each_check_is_paid_by_itself_and_then_the_order_is")
def a_check_takes_money_for_all() -> Undo:
    """On one check all that the order owes can be paid."""
    return replace(tendering, "dues", lambda order: {x.check_id: order.due for x in order.checks})


@mutant(20, f"{PAY}::test_cash_is_rounded_where_it_settles_and_counts_in_full")
def cash_knows_no_coins() -> Undo:
    """Cash is asked for to the last rupiah."""
    return replace(tendering, "rounding_of", lambda state, order, amount: 0)


@mutant(20, f"{PAY}::test_money_goes_into_the_open_till")
def cash_needs_no_till() -> Undo:
    """Cash is taken although no till is open and the house wants one."""
    return replace(tendering, "till_refused", lambda state, order, tender: None)


@mutant(20, f"{MOVE}::test_what_staff_took_off_a_line_goes_with_it")
def discounts_stay_behind() -> Undo:
    """What staff took off a line is charged again when the guest changes the table."""
    return replace(transferring, "_adjustments_with", lambda source, target, ids, merged: ())


@mutant(20, f"{MOVE}::test_a_line_that_comes_back_has_what_was_changed_over_there")
def carts_remember_what_left() -> Undo:
    """A line that comes back is again what the order's cart says of it."""
    return replace(floor_folding, "came_over", lambda cart, lines: cart)


@mutant(20, f"{MOVE}::test_an_order_that_was_paid_on_keeps_its_lines")
def paid_orders_lose_their_lines() -> Undo:
    """Lines leave an order that was paid on, and its money stays behind."""
    real = transferring._orders_refused

    def refused(state: Any, command: Any) -> Any:
        no = real(state, command)
        return None if no is not None and no.code == "transfer_paid" else no

    return replace(transferring, "_orders_refused", refused)


@mutant(23, f"{MOVE}::test_what_the_kitchen_sees_moves_without_being_struck_or_new")
def cooks_see_moved_lines_struck() -> Undo:
    """What goes to another table is shown struck out to its cook."""
    return replace(kitchen, "TRANSFERRED", "never")


@mutant(
    23,
    "edge/delivery/test_lines_go_over.py::test_what_nobody_has_waits_for_proof_as_long_as_it_did",
)
def moved_lines_are_waited_for_no_more() -> Undo:
    """Nobody waits for proof of a line once it went to another order."""
    return replace(Moves, "note", lambda self, event, order: None)


@mutant(20, f"{BACK}::test_refused_is")
def any_amount_is_given_back() -> Undo:
    """More goes back than was paid."""
    return replace(refunding, "_amount_refused", lambda *_: None)


@mutant(20, f"{BACK}::test_service_and_tax_of_a_dish_go_back_with_it")
def refunds_are_menu_prices() -> Undo:
    """A dish that is given back is worth what the menu asks, without service and tax."""
    return replace(
        refunding, "shares_of", lambda order: {x.line_id: x.amount for x in order.live_lines}
    )


@mutant(20, f"{BACK}::test_cash_goes_back_rounded_like_it_came")
def refunds_know_no_coins() -> Undo:
    """Cash is given back to the last rupiah."""
    return replace(refunding, "rounding_of", lambda state, order, amount: 0)


@mutant(24, "protocol/test_reports.py::test_money_given_back_counts_on_the_day_it_was_given")
def refunds_change_past_days() -> Undo:
    """A refund counts on the date of its sale, which was reported long ago."""
    return replace(bill_sums, "refund_date", lambda order, refund: order.business_date)


@mutant(24, "cloud/test_floor_figures.py::test_the_boxs_report_is_hqs_report")
def merged_orders_count_as_called_off() -> Undo:
    """HQ counts an order that was merged among the cancelled ones."""
    counted = sales_rows.WRITE_HOURS.replace("NOT counts AND NOT merged", "NOT counts")
    return replace(sales_rows, "WRITE_HOURS", counted)


@mutant(24, "cloud/test_floor_figures.py::test_the_boxs_report_is_hqs_report")
def hq_forgets_refunds() -> Undo:
    """HQ keeps no refund."""
    real = sales_rows.rows_of
    return replace(sales, "rows_of", lambda order: real(changed(order, refunds=())))
