"""Who may do what: each role, each deed in its circumstances, and what an approval can stand in for."""

import pytest
from msgspec.structs import replace

from protocol import commands as c
from protocol import day_figures
from protocol import floor_commands as f
from protocol import till_commands as t
from protocol.bill import AdjustmentKind, RefundLine
from protocol.house import DiscountPreset, House, Limits
from protocol.orders import Source
from protocol.refusals import REFUSALS, Refusal
from protocol.rules.allowing import BY_COMMAND, WORDS
from protocol.staff import ROLE_MAY, Actor, Given, May, Role
from protocol.tills import CashKind, Shift

HOUSE = House(
    limits=Limits(discount_percent="10", paid_out=50_000),
    discounts=(
        DiscountPreset(id="member", names={"en": "Member"}, percent="25"),
        DiscountPreset(id="boss", names={"en": "Boss"}, percent="50", needs_approval=True),
    ),
)
SHIFT = Shift(
    shift_id="s1",
    till_id="t1",
    opened_ms=1,
    opened_by="x",
    business_date="2026-05-28",
    opening=10**9,
)
EVERYBODY = tuple(Role)
MANAGERS = (Role.OWNER, Role.ADMIN, Role.MANAGER)
CASHIERS = (*MANAGERS, Role.CASHIER)


def actor(role, staff_id="sari"):
    return Actor(staff_id=staff_id, name="Sari", may=ROLE_MAY[role])


@pytest.fixture
def by(new_counter):
    """A counter at which somebody of a role stands, with an order as it was asked for."""

    def made(role, *, hold=False, paid=0, lines=2):
        counter = new_counter(more={"house": HOUSE, "shift": SHIFT})
        counter.place(*(counter.line() for _ in range(lines)), hold=hold)
        if paid:
            counter.pay(paid)
        counter.more["actor"] = actor(role)
        return counter

    return made


def adjust(counter, **given):
    asked = {"order_id": counter.order_id, "adjustment_id": counter.new_id(), "reason": "x"}
    return counter.take(f.Adjust(**asked | given))


def cash(counter, kind, amount):
    move = counter.new_id()
    return counter.take(
        t.MoveCash(shift_id="s1", move_id=move, kind=kind, amount=amount, reason="x")
    )


DEEDS = {
    "place": (CASHIERS, {}, lambda s: s.take(c.AddLines(order_id=s.order_id, lines=(s.line(),)))),
    "pay": (CASHIERS, {}, lambda s: s.pay(500_000)),
    "bump": (EVERYBODY, {}, lambda s: s.bump("kitchen")),
    "fire": (EVERYBODY, {"hold": True}, lambda s: s.take(c.FireOrder(order_id=s.order_id))),
    "serve": (EVERYBODY, {}, lambda s: s.move("served")),
    "86": (EVERYBODY, {}, lambda s: s.take(c.EightySixItem(item_id="rice"))),
    "void of what waits": (CASHIERS, {"hold": True}, lambda s: s.void()),
    "void of what the kitchen has": (MANAGERS, {}, lambda s: s.void()),
    "cancel of what waits": (CASHIERS, {"hold": True}, lambda s: s.move("cancelled", "x")),
    "cancel of what the kitchen has": (MANAGERS, {}, lambda s: s.move("cancelled", "x")),
    "small discount": (CASHIERS, {}, lambda s: adjust(s, percent="10")),
    "large discount": (MANAGERS, {}, lambda s: adjust(s, percent="10.1")),
    "discount in money": (MANAGERS, {}, lambda s: adjust(s, amount=s.order.totals.lines // 5)),
    "preset": (CASHIERS, {}, lambda s: adjust(s, preset_id="member")),
    "preset to ask about": (MANAGERS, {}, lambda s: adjust(s, preset_id="boss")),
    "comp": (
        MANAGERS,
        {},
        lambda s: adjust(s, kind=AdjustmentKind.COMP, line_id=s.order.lines[0].line_id),
    ),
    "refund": (
        MANAGERS,
        {"paid": 500_000},
        lambda s: s.refund(RefundLine(line_id=s.order.lines[0].line_id, quantity=1), reason="x"),
    ),
    "paid in": (CASHIERS, {}, lambda s: cash(s, CashKind.PAID_IN, 10**9)),
    "paid out": (CASHIERS, {}, lambda s: cash(s, CashKind.PAID_OUT, 50_000)),
    "much paid out": (MANAGERS, {}, lambda s: cash(s, CashKind.PAID_OUT, 50_001)),
    "no sale": (
        MANAGERS,
        {},
        lambda s: s.take(t.OpenDrawer(shift_id="s1", open_id=s.new_id(), reason="x")),
    ),
    "own clock": (EVERYBODY, {}, lambda s: s.take(t.ClockIn(staff_id="sari"))),
    "another's clock": (MANAGERS, {}, lambda s: s.take(t.ClockIn(staff_id="budi"))),
    "product": (
        MANAGERS,
        {},
        lambda s: s.take(c.EditProduct(item_id="rice", field="name:en", value="X")),
    ),
}


@pytest.mark.parametrize("role", EVERYBODY)
@pytest.mark.parametrize("deed", DEEDS)
def test_each_role_may_what_it_is_there_for(by, deed, role):
    may, circumstances, do = DEEDS[deed]
    done = do(by(role, **circumstances))
    if role in may:
        assert not isinstance(done, Refusal), done
    else:
        assert isinstance(done, Refusal)
        assert done.code == "not_allowed"


@pytest.mark.parametrize("deed", DEEDS)
def test_where_nobody_signs_in_everything_is_as_before(by, deed):
    _, circumstances, do = DEEDS[deed]
    counter = by(Role.KITCHEN, **circumstances)
    counter.more["actor"] = None
    assert not isinstance(do(counter), Refusal)


@pytest.mark.parametrize("deed", DEEDS)
def test_what_a_box_said_yes_to_is_not_asked_about_again(by, deed):
    _, circumstances, do = DEEDS[deed]
    counter = by(Role.KITCHEN, **circumstances)
    counter.more |= {"offered": True, "proven": True}
    done = do(counter)
    assert not (isinstance(done, Refusal) and REFUSALS[done.code].status == 403)


@pytest.mark.parametrize("deed", DEEDS)
def test_what_only_a_screen_says_was_accepted_needs_its_permission(by, deed):
    roles, circumstances, do = DEEDS[deed]
    if Role.KITCHEN in roles:
        return
    counter = by(Role.KITCHEN, **circumstances)
    counter.more["offered"] = True
    done = do(counter)
    if isinstance(done, Refusal):
        assert done.code == "not_allowed"
    else:
        ((overtaken,),) = [done]
        assert (overtaken.reason, type(overtaken).__name__) == ("not_allowed", "CommandOvertaken")


def test_many_small_discounts_are_one_large_one(by):
    counter = by(Role.CASHIER)
    first, second = (line.line_id for line in counter.order.lines)
    assert not isinstance(adjust(counter, percent="10", line_id=first), Refusal)
    assert adjust(counter, percent="5", line_id=first).code == "not_allowed"
    assert not isinstance(adjust(counter, percent="10", line_id=second), Refusal)
    assert adjust(counter, percent="1").code == "not_allowed"


def test_a_discount_in_money_does_not_outgrow_the_bill(by):
    counter = by(Role.CASHIER, hold=True)
    tenth = counter.order.totals.lines // 10
    assert not isinstance(adjust(counter, amount=tenth), Refusal)
    no = counter.void()
    assert (no.code, no.params["action"]) == ("not_allowed", "discount_over")
    assert int(no.params["amount"]) == tenth
    counter.more["actor"] = actor(Role.MANAGER)
    assert not isinstance(counter.void(), Refusal)


def test_many_small_amounts_out_of_the_drawer_are_one_large_one(by):
    counter = by(Role.CASHIER)
    (moved,) = cash(counter, CashKind.PAID_OUT, 30_000)
    counter.more["shift"] = day_figures.moved(SHIFT, moved)
    no = cash(counter, CashKind.PAID_OUT, 20_001)
    assert (no.code, no.params["action"]) == ("not_allowed", "paid_out_over")
    assert not isinstance(cash(counter, CashKind.PAID_OUT, 20_000), Refusal)
    approved = day_figures.moved(SHIFT, replace(moved, approved_by="sari"))
    counter.more["shift"] = approved
    assert not isinstance(cash(counter, CashKind.PAID_OUT, 50_000), Refusal)


def test_what_a_manager_approved_does_not_count_against_the_cashier(by):
    counter = by(Role.CASHIER)
    counter.more["approval"] = given(counter, May.DISCOUNT_OVER)
    assert not isinstance(adjust(counter, percent="40", approval_id="a"), Refusal)
    counter.more["approval"] = None
    assert not isinstance(adjust(counter, percent="5"), Refusal)


def given(counter, action, amount=None, **more):
    known = {"approval_id": "a", "by": "boss", "subject": counter.order_id, "amount": amount}
    return Given(**known | {"action": action, "expires_ms": counter.now_ms + 600_000} | more)


def void_with(counter, approval):
    counter.more["approval"] = approval
    line_id = counter.order.lines[0].line_id
    command = c.VoidLine(order_id=counter.order_id, line_id=line_id, approval_id="a", quantity=None)
    return counter.take(command)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, None),
        ({"used": True}, "approval_used"),
        ({"expires_ms": 0}, "approval_expired"),
        ({"subject": "another"}, "approval_not_for_this"),
        ({"action": May.REFUND}, "approval_not_for_this"),
        ({"amount": 1}, "approval_not_for_this"),
    ],
)
def test_an_approval_is_for_one_thing(by, changes, code):
    counter = by(Role.CASHIER)
    made = given(counter, **{"action": May.VOID_FIRED, **changes})
    done = void_with(counter, made)
    assert (done.code if isinstance(done, Refusal) else None) == code
    # Whoever may do it alone is told as well that what they show is worth nothing.
    manager = by(Role.MANAGER)
    if code in ("approval_used", "approval_expired"):
        assert void_with(manager, made).code == code


def test_an_approval_that_nobody_knows_is_none(by):
    assert void_with(by(Role.CASHIER), None).code == "approval_unknown"


def test_part_of_a_line_needs_what_that_part_comes_to(by, new_counter):
    counter = new_counter(more={"house": HOUSE})
    counter.place(counter.line(quantity=3))
    counter.more["actor"] = actor(Role.CASHIER)
    line = counter.order.lines[0]
    void = c.VoidLine(order_id=counter.order_id, line_id=line.line_id, quantity=1)
    assert counter.take(void).params["amount"] == str(line.amount // 3)


def test_a_house_may_leave_voids_to_cashiers(by):
    counter = by(Role.CASHIER)
    counter.more["house"] = House(limits=Limits(void_fired=False))
    assert not isinstance(counter.void(), Refusal)


def guest(may):
    return Actor(staff_id=None, name="", may=frozenset({may}))


@pytest.mark.parametrize("source", [Source.KIOSK, Source.COUNTER])
def test_a_guest_orders_at_the_kiosk_and_touches_nobody_elses(new_counter, source):
    counter = new_counter(more={"actor": guest(May.ORDER)})
    assert isinstance(counter.place(source=source), Refusal) is (source is Source.COUNTER)
    if source is Source.COUNTER:
        counter.more["actor"] = None
        counter.place(counter.line(), counter.line(), source=source, hold=True)
        counter.more["actor"] = guest(May.ORDER)
        assert counter.void().code == "guest_may_not"
        assert counter.move("cancelled", "x").code == "guest_may_not"


@pytest.mark.parametrize("hold", [True, False])
def test_a_guest_cancels_until_the_kitchen_has_begun(new_counter, hold):
    counter = new_counter(more={"actor": guest(May.ORDER)})
    counter.place(source=Source.KIOSK, hold=hold)
    done = counter.move("cancelled", "x")
    assert (done.code if isinstance(done, Refusal) else None) == (None if hold else "cooking_began")


def test_a_display_bumps_and_nothing_else(by):
    counter = by(Role.OWNER)
    counter.more["actor"] = guest(May.KITCHEN)
    assert counter.pay(500_000).code == "guest_may_not"
    assert not isinstance(counter.bump("kitchen"), Refusal)


def test_every_permission_has_words_and_every_command_a_known_one():
    assert set(WORDS) == set(May)
    assert set(BY_COMMAND.values()) <= set(May)
