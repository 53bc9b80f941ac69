"""The outlet's own say on the menu: 86 and restore, each harmless to repeat."""

import pytest

from protocol import commands as c
from protocol.events import ItemEightySixed, ItemRestored
from protocol.refusals import Refusal


def test_an_item_is_86_and_restored(counter):
    (sold_out,) = counter.take(c.EightySixItem(item_id="rice", reason="rice cooker broke"))
    assert isinstance(sold_out, ItemEightySixed)
    assert (sold_out.item_id, sold_out.reason) == ("rice", "rice cooker broke")
    counter.eighty_six = frozenset({"rice"})
    (back,) = counter.take(c.RestoreItem(item_id="rice"))
    assert isinstance(back, ItemRestored)


def test_doing_so_again_changes_nothing_and_is_no_error(counter):
    assert counter.take(c.RestoreItem(item_id="rice")) == []
    counter.eighty_six = frozenset({"rice"})
    assert counter.take(c.EightySixItem(item_id="rice")) == []


@pytest.mark.parametrize("command", [c.EightySixItem, c.RestoreItem])
def test_what_is_not_on_the_menu_is_refused(counter, command):
    refusal = counter.take(command(item_id="pizza"))
    assert isinstance(refusal, Refusal)
    assert refusal.code == "unknown_item"


def test_what_left_the_menu_while_it_was_86_can_still_be_restored(counter):
    counter.eighty_six = frozenset({"pizza"})
    assert len(counter.take(c.RestoreItem(item_id="pizza"))) == 1
