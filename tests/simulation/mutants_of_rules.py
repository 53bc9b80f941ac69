"""Pure rules switched off: joins, prices, stock, money, clocks, and that one seed is one story."""

import itertools
import os
from typing import Any

import msgspec
from simulation.mutation import Twice, Undo, both, mutant, replace
from simulation.platforms import SimPlatform

from edge import journal, stock
from edge.journal import Journal
from protocol import pricing
from protocol.cart import Tally
from protocol.clock import stamp_at
from protocol.ids import derive
from protocol.rules import carts, folding, price_verdicts, product_fields, resolving, tendering
from protocol.rules.price_verdicts import Ruling, Verdict

# Tests take these names from the modules when they are loaded, which is after a mutant's patch.


@mutant(16, "protocol/test_carts.py::test_joining_is_commutative_associative_and_idempotent")
def carts_add_up() -> Undo:
    """Joining two carts adds their counters instead of taking the larger of each."""

    def join(one: Tally, other: Tally) -> Tally:
        return Tally(
            added=one.added + other.added,
            taken=one.taken + other.taken,
            seen_added=one.seen_added + other.seen_added,
            seen_taken=one.seen_taken + other.seen_taken,
        )

    return replace(carts, "_join_tallies", join)


@mutant(16, "protocol/test_carts.py::test_what_somebody_added_unseen_survives_a_removal")
def a_removal_takes_what_it_has_not_seen() -> Undo:
    """Removing a line also removes what others add to it unseen."""

    real = carts.quantity

    def quantity(line: Any) -> int:
        removed = any(tally.seen_added for tally in line.tallies.values())
        return 0 if removed else real(line)

    return replace(carts, "quantity", quantity)


@mutant(
    16, "protocol/test_product_fields.py::test_joining_is_commutative_associative_and_idempotent"
)
def the_last_to_arrive_wins() -> Undo:
    """Of two writers of a product field the one heard last wins."""
    return replace(product_fields, "newest", lambda one, other: other)


@mutant(16, "protocol/test_folding_sets.py::test_any_arrival_of_two_branches_makes_the_same_order")
def orders_fold_as_they_arrive() -> Undo:
    """An order is made of its events as they came, not in the order of cause."""
    real = folding.fold_all

    def fold(told: Any, *, read: Any, when: Any) -> Any:
        numbered = list(enumerate(told))
        order, stuck = real(
            numbered,
            read=lambda pair: read(pair[1]),
            when=lambda pair: (pair[0], when(pair[1])[1]),
        )
        return order, None if stuck is None else (stuck[0][1], stuck[1])

    return replace(folding, "fold_all", fold)


@mutant(17, "edge/test_journal.py::test_stamps_only_rise_whatever_the_clock_does")
def stamps_follow_the_wall_clock() -> Undo:
    """Entries are stamped with the wall clock alone."""
    return replace(journal, "receive", lambda last, seen, wall_ms: stamp_at(wall_ms))


@mutant(
    17,
    "edge/test_products.py::test_an_edit_made_after_seeing_a_value_beats_it_with_the_clock_at_1970",
)
def what_was_seen_is_not_heard() -> Undo:
    """The box's clock takes no notice of the stamps that HQ shows it."""
    return replace(Journal, "receive", lambda self, stamp, db=None: None)


@mutant(17, "protocol/test_product_fields.py::test_a_box_in_2099_does_not_win_for_a_hundred_years")
def hq_believes_any_stamp() -> Undo:
    """HQ lets an edit compete with a stamp of the next century."""
    real = product_fields.ingest

    def ingest(cloud: Any, event: Any, now_ms: int) -> Any:
        return real(cloud, event, now_ms)._replace(effective=event)

    return replace(product_fields, "ingest", ingest)


@mutant(18, "protocol/test_folding_sets.py::test_a_paid_line_keeps_its_amount_whatever_prices_come")
def paid_lines_take_new_prices() -> Undo:
    """New prices reach lines that somebody has paid on."""

    def reprice(order: Any, event: Any) -> Any:
        return folding._billed(order, folding.repriced(order.lines, event), event.totals)

    return replace(folding, "_reprice", reprice)


@mutant(18, "protocol/test_price_verdicts.py::test_what_has_a_payment_is_history_or_by_hand_stays")
def the_box_reprices_what_is_paid() -> Undo:
    """The box prices an order anew although money was taken on it."""
    real = price_verdicts.reprice

    def reprice(order: Any, *more: Any) -> Any:
        return real(msgspec.structs.replace(order, payments=()), *more)

    return replace(price_verdicts, "reprice", reprice)


@mutant(18, "cloud/test_price_verdicts.py::test_an_old_price_is_recorded_once_when_it_is_paid")
def stale_prices_pass_in_silence() -> Undo:
    """A line that was paid at an old price leaves no record."""
    from cloud.projections import prices

    silent = Ruling(verdict=Verdict.OK)
    return replace(prices, "verdict", lambda *line, **facts: silent)


@mutant(18, "protocol/test_resolving.py::test_working_it_out_again_is_the_same_decision")
def a_variance_for_each_look() -> Undo:
    """A difference in price is recorded anew each time it is worked out."""
    counter = itertools.count()
    return replace(resolving, "decision_id", lambda *what: derive(*what, str(next(counter))))


@mutant(19, "edge/test_stock.py::test_what_is_shown_is_exact_whatever_hq_has_counted_so_far")
def own_sales_come_off_twice() -> Undo:
    """The box takes its own sales off a level that holds them already."""

    def shown(level: Any, own: Any) -> int:
        return real(level and msgspec.structs.replace(level, as_of={}), own)

    real = stock.shown
    from edge.stock import StockKeeping

    take_row = StockKeeping.take_row

    def take(self: Any, db: Any, row: Any, at: Any) -> None:
        moves = db.execute("SELECT item_id, stream, seq, delta FROM stock_moves").fetchall()
        take_row(self, db, row, at)
        db.executemany("INSERT OR IGNORE INTO stock_moves VALUES (?,?,?,?)", moves)

    return both(replace(stock, "shown", shown), replace(StockKeeping, "take_row", take))


@mutant(20, "protocol/test_orders.py::test_whatever_is_done_to_an_order_it_stays_sound")
def struck_lines_are_billed() -> Undo:
    """A bill counts lines that were struck."""
    return replace(pricing, "_live", list)


@mutant(
    20, "cloud/test_price_verdicts.py::test_what_two_boxes_were_paid_is_seen_and_never_merged_away"
)
def what_was_paid_twice_is_merged_away() -> Undo:
    """An order that was paid twice makes no card, and nobody gives the money back."""
    return both(
        replace(tendering, "overpaid_by", lambda order: 0),
        replace(resolving, "overpaid_by", lambda order: 0),
    )


@mutant(25, Twice(11, 0.1, "network,crash"))
def fed_by_real_chance() -> Undo:
    """Something in the simulation draws from the machine's own entropy."""

    def jitter(self: Any, ceiling_s: float) -> float:
        del self
        return ceiling_s * os.urandom(1)[0] / 256

    return replace(SimPlatform, "jitter", jitter)
