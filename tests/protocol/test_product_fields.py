"""Product fields: the later edit wins by cause, whatever the clocks say, and joining is order-free."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import commands as c
from protocol.clock import Stamp, receive, stamp_at, tick
from protocol.events import ProductEdited
from protocol.products import FIELDS, FieldFault, fault_of, value_of
from protocol.refusals import Refusal
from protocol.rules.product_fields import Written, apply_fields, ingest, join, join_all, newest
from tests.examples import examples

NOW_MS = 1_780_000_000_000
WRITTEN = st.builds(
    Written, st.integers(0, 3), st.sampled_from(("hq", "a", "b")), st.sampled_from("xyz")
)
STATES = st.dictionaries(st.sampled_from(("name:id", "name:en", "photo")), WRITTEN)


@examples(300)
@given(STATES, STATES, STATES)
def test_joining_is_commutative_associative_and_idempotent(a, b, c):
    assert join(a, b) == join(b, a)
    assert join(join(a, b), c) == join(a, join(b, c)) == join_all([c, a, b, a])
    assert join(a, a) == a


@examples(300)
@given(WRITTEN, WRITTEN)
def test_two_edits_never_tie(one, other):
    winner = newest(one, other)
    assert winner in (one, other)
    assert winner == newest(other, one)


CLOCKS = st.sampled_from((0, NOW_MS - 3_600_000, NOW_MS, NOW_MS + 1, 4_070_908_800_000))
"""1970, an hour behind, right, just ahead, 2099."""


@examples(500)
@given(
    st.lists(st.tuples(st.integers(0, 2), st.sampled_from(("edit", "see", "hear"))), max_size=25),
    st.lists(CLOCKS, min_size=3, max_size=3),
)
def test_an_edit_made_after_seeing_a_value_beats_it(steps, clocks):
    """Boxes with clocks of their own; each sends its edits in order and hears what HQ has."""
    hq, now_ms = stamp_at(NOW_MS), NOW_MS
    last = [tick(Stamp(0), ms) for ms in clocks]
    queue: list[list[Stamp]] = [[], [], []]
    seen: list[Written | None] = [None, None, None]
    held = Written(Stamp(0), "", "")
    for n, (box, what) in enumerate(steps):
        now_ms += 1
        if what == "edit":
            last[box] = tick(last[box], clocks[box] + n)
            queue[box].append(last[box])
        if what == "see" and seen[box] is not held:
            seen[box] = held
            last[box] = receive(last[box], held.stamp, clocks[box] + n)
        if what == "hear":
            effective = [hq]
            for stamp in queue[box]:
                told = ingest(hq, stamp, now_ms)
                assert told.cloud > hq
                assert told.effective <= told.cloud, "no stamp beyond HQ's clock"
                assert told.cloud >= stamp_at(now_ms)
                hq = told.cloud
                effective.append(told.effective)
                held = newest(held, Written(told.effective, str(box), f"{n}:{len(effective)}"))
            assert sorted(set(effective[1:])) == effective[1:], "one box's edits keep their order"
            queue[box] = []
    # The causal test proper: see the value that stands, edit, send; it must win.
    for box in range(3):
        last[box] = receive(last[box], held.stamp, clocks[box])
        mine = tick(last[box], clocks[box])
        backlog = [ingest(hq, s, now_ms) for s in queue[box]]
        hq = backlog[-1].cloud if backlog else hq
        told = ingest(hq, mine, now_ms)
        hq = told.cloud
        written = Written(told.effective, str(box), f"last of {box}")
        assert newest(held, written) is written
        held = written


def test_a_box_in_2099_does_not_win_for_a_hundred_years():
    hq = stamp_at(NOW_MS)
    ahead = ingest(hq, stamp_at(4_070_908_800_000), NOW_MS)
    assert ahead.effective >> 16 <= NOW_MS + 1
    later = ingest(ahead.cloud, stamp_at(NOW_MS + 60_000), NOW_MS + 60_000)
    assert later.effective > ahead.effective
    two = ingest(ahead.cloud, stamp_at(4_070_908_800_001), NOW_MS)
    assert two.effective > ahead.effective, "two edits of one box never get one stamp"


@pytest.mark.parametrize(
    ("field", "value", "fault"),
    [
        ("name:id", "Nasi goreng", None),
        ("name:id", "  ", FieldFault.WRONG),
        ("name", "Nasi", FieldFault.UNKNOWN),
        ("name:indonesia", "Nasi", FieldFault.UNKNOWN),
        ("name:en", "x" * 121, FieldFault.TOO_LONG),
        ("description:en", "", None),
        ("description:en", "two\nlines", None),
        ("description:en", "a\x00b", FieldFault.WRONG),
        ("photo", "https://pictures.example/rice.jpg", None),
        ("photo", "/photos/rice.jpg", None),
        ("photo", "javascript:alert(1)", FieldFault.WRONG),
        ("photo:en", "/p.jpg", FieldFault.UNKNOWN),
        ("price", "1", FieldFault.UNKNOWN),
    ],
)
def test_what_may_be_written(field, value, fault):
    assert fault_of(field, value) is fault


def test_fields_lie_over_the_menu(cafe_menu):
    rice = next(i for i in cafe_menu.items if i.id == "rice")
    fields = {
        "name:id": Written(2, "hq", "Nasi goreng kampung"),
        "description:en": Written(2, "a", "With egg"),
        "availability:en": Written(2, "a", "weekends only"),
        "photo": Written(2, "a", "/photos/rice.jpg"),
        "spice": Written(9, "a", "of a newer version"),
    }
    shown = apply_fields(rice, fields)
    assert shown.names == {"id": "Nasi goreng kampung", "en": "Fried rice"}
    assert (shown.descriptions["en"], shown.photo) == ("With egg", "/photos/rice.jpg")
    assert shown.availability == {"en": "weekends only"}
    assert (shown.variants, shown.id) == (rice.variants, rice.id)
    cleared = apply_fields(
        shown, {"description:en": Written(3, "a", ""), "photo": Written(3, "", "")}
    )
    assert (cleared.descriptions, cleared.photo) == ({}, None)
    assert apply_fields(rice, {}) == rice
    for field in FIELDS:
        assert value_of(shown, field if field == "photo" else f"{field}:en")


def edit(counter, field, value, item="rice"):
    return counter.take(c.EditProduct(item_id=item, field=field, value=value))


def test_an_outlet_writes_a_field(counter):
    (event,) = edit(counter, "name:id", "Nasi goreng kampung")
    assert isinstance(event, ProductEdited)
    assert edit(counter, "name:id", "Nasi goreng") == [], "it says so already"


@pytest.mark.parametrize(
    ("field", "value", "item", "code"),
    [
        ("price", "1", "rice", "unknown_field"),
        ("name:id", "x" * 200, "rice", "value_too_long"),
        ("name:id", "", "rice", "wrong_value"),
        ("name:id", "x", "pizza", "unknown_item"),
    ],
)
def test_what_cannot_be_written_is_refused(counter, field, value, item, code):
    refusal = edit(counter, field, value, item)
    assert isinstance(refusal, Refusal)
    assert refusal.code == code
