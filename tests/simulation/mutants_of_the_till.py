"""Rules of drawers switched off: opened once, moved in while open, counted blind, once."""

from typing import Any

from msgspec.structs import replace as with_
from simulation.mutation import Story, Undo, mutant, replace

from edge import standing
from protocol import rules
from protocol import till_commands as t
from protocol.rules import till_keeping

TILLS = "edge/test_tills.py"


def decided(command: type, name: str, change: Any) -> Undo:
    """Another state for one rule of `till_keeping`: the table of rules is asked, so it is changed there."""
    real = getattr(till_keeping, name)
    table = {
        **rules.RULES,
        command: lambda state, asked, moment: real(change(state), asked, moment),
    }
    return replace(rules, "RULES", table)


@mutant(24, f"{TILLS}::test_an_open_till_is_not_opened_again")
def a_till_has_two_shifts_at_once() -> Undo:
    """A till that somebody has open is opened by somebody else."""
    return decided(t.OpenShift, "open_shift", lambda state: with_(state, shift=None))


@mutant(24, f"{TILLS}::test_a_till_that_hq_does_not_know_is_not_opened")
def any_drawer_is_a_till() -> Undo:
    """A till that HQ does not know is opened."""

    def open_house(state: Any) -> Any:
        return with_(state, house=with_(state.house, tills=()))

    return decided(t.OpenShift, "open_shift", open_house)


@mutant(
    24,
    f"{TILLS}::test_of_two_cashiers_who_close_one_shift_the_second_hears_the_first_ones_count",
)
def the_last_count_stands() -> Undo:
    """Of two who count one drawer the second one's count replaces the first's."""

    def still_open(state: Any) -> Any:
        shift = state.shift
        return with_(state, shift=shift and with_(shift, closed_ms=None))

    return decided(t.CloseShift, "close_shift", still_open)


@mutant(
    24,
    f"{TILLS}::test_what_is_counted_beyond_the_limit_needs_a_reason_and_never_tells_by_how_much",
)
def a_drawer_may_lack_anything() -> Undo:
    """A difference of any size needs no reason."""

    def lenient(state: Any) -> Any:
        limits = with_(state.house.limits, over_short=1 << 60)
        return with_(state, house=with_(state.house, limits=limits))

    return decided(t.CloseShift, "close_shift", lenient)


@mutant(
    24,
    f"{TILLS}::test_what_is_counted_beyond_the_limit_needs_a_reason_and_never_tells_by_how_much",
)
def a_refusal_tells_what_should_be_there() -> Undo:
    """Whoever counts wrong is told what to say."""
    real = till_keeping.refuse

    def refuse(code: str, **params: Any) -> Any:
        more = {"expected": "Rp 100.000"} if code == "over_short_reason" else {}
        return real(code, **params, **more)

    return replace(till_keeping, "refuse", refuse)


@mutant(24, f"{TILLS}::test_more_than_should_be_there_leaves_only_when_somebody_answers_for_it")
def a_drawer_gives_more_than_it_holds() -> Undo:
    """A zero too many leaves the drawer without anybody noticing."""
    return replace(till_keeping, "_may_over", lambda state, command: True)


@mutant(24, f"{TILLS}::test_cash_and_drawer_are_not_moved_in_a_shift_that_is_over_or_unknown")
def cash_moves_in_a_counted_drawer() -> Undo:
    """Cash is moved in a shift that was closed."""
    real = till_keeping._open_one

    def open_one(state: Any, shift_id: str, own_id: str, moment: Any) -> Any:
        shift = state.shift
        return real(
            with_(state, shift=shift and with_(shift, closed_ms=None)), shift_id, own_id, moment
        )

    return replace(till_keeping, "_open_one", open_one)


@mutant(2, f"{TILLS}::test_one_move_sent_twice_under_another_name_is_one_move")
def one_move_counts_twice() -> Undo:
    """Cash that was moved once and told twice is counted twice."""
    real = till_keeping._open_one

    def open_one(state: Any, shift_id: str, own_id: str, moment: Any) -> Any:
        return real(with_(state, taken_ids=frozenset()), shift_id, own_id, moment)

    return replace(till_keeping, "_open_one", open_one)


@mutant(24, f"{TILLS}::test_what_a_drawer_should_hold_is_opening_cash_and_what_was_moved")
def drops_are_still_in_the_drawer() -> Undo:
    """What went to the safe is expected in the drawer."""

    def expected_in(shift: Any, cash: int) -> int:
        return int(shift.opening + cash + shift.paid_in - shift.paid_out)

    return replace(till_keeping, "expected_in", expected_in)


@mutant(24, f"{TILLS}::test_sales_in_the_same_breath_as_the_count_are_in_it")
def a_count_misses_the_last_sale() -> Undo:
    """What is paid in the same moment as the count is not expected in the drawer."""
    from edge.taking import Taking

    return replace(Taking, "_flush", lambda self, db, work: None)


@mutant(24, f"{TILLS}::test_a_clock_that_is_not_to_be_believed_stops_no_till_and_is_written_down")
def an_unsure_time_looks_sure() -> Undo:
    """A shift that was counted under a wrong clock does not say so."""
    return replace(till_keeping, "_unsure", lambda moment: False)


@mutant(24, f"{TILLS}::test_nor_by_trying_how_much_can_be_taken_out")
def what_a_drawer_holds_is_found_by_trying() -> Undo:
    """Somebody tries amounts until one passes, and knows what should be there."""
    return replace(standing, "_tried", lambda db, shift_id: 0)


@mutant(24, Story(3, 0.4, "display"))
def sales_are_not_in_the_drawer() -> Undo:
    """What a drawer should hold leaves out what was sold."""
    return replace(standing, "cash_in", lambda db, shift_id: 0)
