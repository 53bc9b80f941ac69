"""Variants with modifier groups of their own: no milk foam on the iced one."""

from msgspec.structs import replace

from protocol import commands as c
from protocol.menu import MenuIndex, faults_of, groups_of


def test_a_variant_is_asked_its_own_questions_only(counter, cafe_menu):
    latte, *rest = cafe_menu.items
    small, large = latte.variants
    plain = replace(small, modifier_group_ids=())
    menu = replace(cafe_menu, items=(replace(latte, variants=(plain, large)), *rest))
    assert faults_of(menu) == []
    assert groups_of(menu.items[0], plain) == ()
    assert groups_of(menu.items[0], large) == latte.modifier_group_ids

    counter.menu = MenuIndex(menu)
    with_milk = counter.line("latte-s", "dairy")
    assert counter.take(asked(counter, with_milk)).code == "unknown_modifier"
    plain_large = replace(counter.line("latte-l"), choices=())
    assert counter.take(asked(counter, plain_large)).code == "modifier_count"
    plain_small = replace(counter.line("latte-s"), choices=())
    assert isinstance(counter.take(asked(counter, plain_small)), list), "nobody asks about milk"


def asked(counter, line):
    return c.PlaceOrder(order_id=counter.new_id(), lines=(line,))


def test_a_group_that_the_item_does_not_have_is_a_fault(cafe_menu):
    latte, *rest = cafe_menu.items
    odd = replace(latte.variants[0], modifier_group_ids=("soup",))
    menu = replace(cafe_menu, items=(replace(latte, variants=(odd,)), *rest))
    assert faults_of(menu) == ["'Latte' (101) names 'soup', which is no modifier group of its item"]
