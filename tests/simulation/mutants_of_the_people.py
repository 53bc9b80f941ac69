"""Rules of who may do what switched off: permissions, approvals, and what somebody made up."""

from typing import Any

from msgspec.structs import replace as with_
from simulation.mutation import Undo, both, mutant, replace

from edge import asking, order_state
from edge.approvals import Approvals
from edge.proofs import Proofs
from protocol.rules import allowing
from protocol.staff import Actor, May

RULES = "protocol/test_allowing.py"
EACH_ROLE = f"{RULES}::test_each_role_may_what_it_is_there_for"
ONE_THING = f"{RULES}::test_an_approval_is_for_one_thing"
GUEST = f"{RULES}::test_a_guest_orders_at_the_kiosk_and_touches_nobody_elses"
APPROVALS = "edge/staff/test_approvals.py"
OFFERED = "edge/staff/test_offered.py"
ANYTHING = frozenset(May)


@mutant(3, EACH_ROLE)
def anybody_may_do_anything() -> Undo:
    """Whoever is signed in may do everything, whatever their role."""
    return replace(allowing, "_not_allowed", lambda name, need, guest: None)


@mutant(3, f"{RULES}::test_what_only_a_screen_says_was_accepted_needs_its_permission")
def a_screens_word_is_permission() -> Undo:
    """What a screen says was accepted before is not asked about again, proven or not."""
    real = allowing.refused

    def refused(state: Any, command: Any, events: Any, moment: Any) -> Any:
        return None if state.offered else real(state, command, events, moment)

    return replace(allowing, "refused", refused)


@mutant(3, EACH_ROLE)
def anybody_takes_off_what_the_kitchen_has() -> Undo:
    """A fired dish is struck without a manager."""
    return replace(allowing, "_taken_off", lambda order, event: 0)


@mutant(3, EACH_ROLE)
def anybody_cancels_what_the_kitchen_has() -> Undo:
    """An order of which the kitchen cooks is called off without a manager."""
    return replace(allowing, "_fired", lambda order: False)


@mutant(3, f"{RULES}::test_part_of_a_line_needs_what_that_part_comes_to")
def a_part_counts_as_the_whole() -> Undo:
    """Taking one of three off needs an approval of what all three cost."""
    real = allowing._taken_off

    def taken_off(order: Any, event: Any) -> int:
        line = allowing.find_line(order, getattr(event, "line_id", ""))
        return line.amount if line is not None and real(order, event) else 0

    return replace(allowing, "_taken_off", taken_off)


@mutant(3, f"{RULES}::test_many_small_discounts_are_one_large_one")
def discounts_are_looked_at_one_by_one() -> Undo:
    """Ten times ten percent is never over the limit."""
    real = allowing._is_over

    def is_over(state: Any, order: Any, command: Any, given: Any) -> bool:
        return bool(real(state, with_(order, adjustments=()), command, given))

    return replace(allowing, "_is_over", is_over)


@mutant(3, f"{RULES}::test_a_discount_in_money_does_not_outgrow_the_bill")
def discounts_outgrow_the_bill() -> Undo:
    """The tenth of a feast stays when only a tea is left of it."""
    return replace(allowing, "_for_shrinking", lambda state, events, subject: iter(()))


@mutant(3, EACH_ROLE)
def presets_need_nobody() -> Undo:
    """A discount that HQ wants to be asked about is given by anybody."""
    real = allowing._is_over

    def is_over(state: Any, order: Any, command: Any, given: Any) -> bool:
        return command.preset_id is None and bool(real(state, order, command, given))

    return replace(allowing, "_is_over", is_over)


@mutant(3, f"{RULES}::test_what_a_manager_approved_does_not_count_against_the_cashier")
def approved_discounts_use_up_the_limit() -> Undo:
    """After a discount that a manager approved a cashier may give none."""
    kind = allowing.AdjustmentKind.DISCOUNT
    return replace(allowing, "_counts", lambda adjustment: adjustment.kind is kind)


@mutant(3, f"{RULES}::test_many_small_amounts_out_of_the_drawer_are_one_large_one")
def small_amounts_leave_unseen() -> Undo:
    """Each amount out of the drawer is held against the limit alone."""
    return replace(
        allowing,
        "_is_much_paid_out",
        lambda state, amount: amount > state.house.limits.paid_out,
    )


@mutant(3, EACH_ROLE)
def the_drawer_pays_out_any_amount() -> Undo:
    """No amount out of the drawer needs a manager."""
    return replace(allowing, "_is_much_paid_out", lambda state, amount: False)


@mutant(3, EACH_ROLE)
def anybody_opens_the_drawer() -> Undo:
    """The drawer is opened without a sale by whoever may use a till."""
    table = {**allowing.BY_COMMAND, allowing.t.OpenDrawer: May.TILL}
    return replace(allowing, "BY_COMMAND", table)


@mutant(3, EACH_ROLE)
def anybody_gives_money_back() -> Undo:
    """A cashier refunds alone."""
    table = {**allowing.BY_COMMAND, allowing.f.RefundPayment: May.PAY}
    return replace(allowing, "BY_COMMAND", table)


@mutant(3, EACH_ROLE)
def anybody_clocks_anybody() -> Undo:
    """Somebody's working hours are written down by whoever stands there."""
    real = allowing._needs

    def needs(state: Any, command: Any, events: Any) -> Any:
        clocking = isinstance(command, (allowing.t.ClockIn, allowing.t.ClockOut))
        return iter(()) if clocking else real(state, command, events)

    return replace(allowing, "_needs", needs)


@mutant(3, f"{RULES}::test_a_house_may_leave_voids_to_cashiers")
def the_houses_word_on_voids_is_not_heard() -> Undo:
    """A house that leaves voids to its cashiers has them ask all the same."""
    real = allowing._for_taking_off

    def for_taking_off(state: Any, events: Any, subject: str) -> Any:
        limits = with_(state.house.limits, void_fired=True)
        return real(with_(state, house=with_(state.house, limits=limits)), events, subject)

    return replace(allowing, "_for_taking_off", for_taking_off)


@mutant(3, GUEST)
def guests_touch_anybodys_order() -> Undo:
    """A kiosk changes orders of the counter, and orders in the counter's name."""
    return replace(allowing, "_guest_refused", lambda state, command, events: None)


@mutant(3, f"{RULES}::test_a_guest_cancels_until_the_kitchen_has_begun")
def guests_cancel_what_is_cooking() -> Undo:
    """A guest takes an order back that the kitchen works on."""
    return replace(allowing, "_fired", lambda order: False)


@mutant(3, f"{RULES}::test_a_display_bumps_and_nothing_else")
def displays_take_money() -> Undo:
    """Whoever is nobody may do everything that a kitchen display asks for."""
    return replace(allowing, "_not_allowed", lambda name, need, guest: None)


@mutant(2, f"{APPROVALS}::test_used_twice_it_is_refused_the_second_time", ONE_THING)
def approvals_serve_again() -> Undo:
    """An approval that was used is good for another time."""
    real = allowing._cannot_serve

    def cannot_serve(approval: Any, moment: Any) -> Any:
        return real(approval and with_(approval, used=False), moment)

    return replace(allowing, "_cannot_serve", cannot_serve)


@mutant(2, f"{APPROVALS}::test_it_is_good_after_a_restart_and_still_only_once")
def what_was_used_is_not_written_down() -> Undo:
    """That an approval was used is known until the box restarts."""
    return replace(order_state, "use_approval", lambda db, approval_id, command_id: None)


@mutant(2, f"{APPROVALS}::test_two_that_use_it_at_once_are_not_both_taken")
def two_at_once_share_an_approval() -> Undo:
    """Of commands that are decided together each finds the approval unused."""

    def use(self: Any, approval: Any, command_id: str) -> None:
        self._used.append((approval.approval_id, command_id))

    return replace(order_state.OrderState, "use_approval", use)


@mutant(
    2,
    "edge/staff/test_approvals_return.py"
    "::test_what_allowed_a_void_allows_nothing_more_on_the_box_that_comes_after",
)
def approvals_come_back_unused() -> Undo:
    """After a loss an approval that was used is as good as new."""
    from edge import returned_money

    return replace(returned_money, "use_approvals", lambda db, history: None)


@mutant(3, ONE_THING)
def approvals_never_expire() -> Undo:
    """An approval waits for whenever somebody wants to use it."""
    real = allowing._cannot_serve

    def cannot_serve(approval: Any, moment: Any) -> Any:
        return real(approval and with_(approval, expires_ms=moment.now_ms), moment)

    return replace(allowing, "_cannot_serve", cannot_serve)


@mutant(3, f"{APPROVALS}::test_it_waits_for_ten_minutes")
def approvals_wait_for_a_day() -> Undo:
    """An approval is good for a day."""
    from edge import approvals

    return replace(approvals, "APPROVAL_LIVES_MS", 24 * 3600 * 1000)


@mutant(3, ONE_THING)
def approvals_are_for_any_amount() -> Undo:
    """What was approved for a tea is good for a feast."""
    real = allowing._covers
    return replace(allowing, "_covers", lambda given, need: real(with_(given, amount=None), need))


@mutant(3, ONE_THING)
def approvals_are_for_any_order() -> Undo:
    """What was approved for one table is good for another."""
    real = allowing._covers
    return replace(
        allowing, "_covers", lambda given, need: real(with_(given, subject=need.subject), need)
    )


@mutant(3, ONE_THING)
def approvals_are_for_anything() -> Undo:
    """Who approved a refund has approved a void."""
    real = allowing._covers
    return replace(
        allowing, "_covers", lambda given, need: real(with_(given, action=need.may), need)
    )


@mutant(3, f"{RULES}::test_an_approval_that_nobody_knows_is_none")
def made_up_approvals_are_passed_over() -> Undo:
    """An approval that nobody gave is no reason for anything."""
    return replace(allowing, "_cannot_serve", lambda approval, moment: None)


@mutant(3, f"{APPROVALS}::test_who_may_not_do_it_cannot_approve_it")
def anybody_approves() -> Undo:
    """A cashier approves what no cashier may do."""
    real = Approvals.give

    async def give(self: Any, asked: Any, asked_by: Any, door: Any) -> Any:
        check = self.desk.check

        async def checked(staff_id: str, pin: str, at: Any) -> Any:
            person = await check(staff_id, pin, at)
            return with_(person, also=tuple(May)) if hasattr(person, "also") else person

        self.desk.check = checked
        try:
            return await real(self, asked, asked_by, door)
        finally:
            del self.desk.check

    return replace(Approvals, "give", give)


@mutant(3, f"{OFFERED}::test_a_cashier_who_makes_up_an_earlier_yes_gives_nothing_away")
def any_earlier_yes_is_believed() -> Undo:
    """That a box said yes is believed without its proof."""
    return replace(Proofs, "believes", lambda self, envelope, digest: True)


@mutant(3, f"{OFFERED}::test_what_a_manager_did_comes_back_by_whoever_offers_it")
def a_proof_is_good_for_any_command() -> Undo:
    """The proof of one command proves another."""
    real = Proofs._made

    def made(self: Any, pepper: bytes, envelope: Any, digest: bytes) -> str:
        same = with_(envelope, command_id="any")
        return str(real(self, pepper, same, bytes(len(digest))))

    return replace(Proofs, "_made", made)


@mutant(
    3,
    "edge/staff/test_sign_in.py::test_a_counter_asks_who_it_is_and_then_takes_orders_in_their_name",
)
def nobody_has_to_sign_in() -> Undo:
    """A counter takes orders although nobody is signed in."""
    everybody = Actor(staff_id="", name="", may=ANYTHING)
    return replace(asking, "_unpaired", lambda envelope: everybody)


@mutant(3, "edge/staff/test_sign_in.py::test_a_kiosk_orders_as_a_guest_and_can_nothing_else")
def a_kiosk_is_staff() -> Undo:
    """A paired kiosk may all that a cashier may."""
    return replace(asking, "GUEST", Actor(staff_id="", name="", may=ANYTHING))


@mutant(3, "edge/staff/test_sign_in.py::test_devices_are_let_in_by_somebody_who_may")
def anybody_lets_devices_in() -> Undo:
    """What is no command is done for whoever asks."""
    return replace(asking.Asking, "lacks", lambda self, caller, may=None: None)


@mutant(
    3, "edge/staff/test_blind.py::test_a_cashier_sees_no_figures_of_an_open_till_and_a_manager_does"
)
def the_count_is_not_blind() -> Undo:
    """Whoever counts a drawer may look at what should be in it."""
    return both(
        replace(asking.Asking, "lacks", lambda self, caller, may=None: None),
        replace(asking.Asking, "blind", lambda self, caller: None),
    )
