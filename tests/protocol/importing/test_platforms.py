"""Delivery-platform menus: every dish, size and option group with its rules."""

import json

import pytest

from protocol.menu import groups_of
from tests.data_readers import DATA, find_missing

SET = "foodpanda-bangkok-menus"
MENUS = ("honmono_sushi", "kfc", "koi", "pizza_mania", "saigon", "somtum", "starbucks")


def test_dishes_sizes_and_option_groups_come_with_their_rules(read, noodles):
    reading = read("platform", noodles, "THB", "th")
    (item,) = reading.menu.items
    assert item.names == {"th": "ผัดไทย", "en": "Pad Thai"}
    assert [(v.price, v.names["en"]) for v in item.variants] == [(6050, "Small"), (8000, "Large")]
    meat, more = reading.menu.modifier_groups
    assert [(g.min, g.max) for g in (meat, more)] == [(1, 1), (0, 3)]
    assert [m.price for m in (*meat.modifiers, *more.modifiers)] == [0, 2000, 1000]
    small, large = (groups_of(item, variant) for variant in item.variants)
    assert (small, large) == ((meat.id,), (meat.id, more.id)), "each size asks its own questions"
    assert reading.menu.languages == ("th", "en")
    assert "reduced price 80, not 90" in str(reading.notes[0])


def test_a_group_that_nobody_could_satisfy_asks_nothing(read, noodles):
    noodles["topping_groups"][0]["options"] = []
    reading = read("platform", noodles, "THB")
    assert [(g.min, g.max) for g in reading.menu.modifier_groups] == [(0, 1), (0, 3)]
    assert "nobody could order it" in " ".join(map(str, reading.notes))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda m: m["vendor"].update(currency="LAK"), "priced in LAK; this business sells in THB"),
        (lambda m: m["items"][0]["variations"][0].update(price=-1), "price -1 is not a possible"),
        (lambda m: m["items"][0]["variations"][0].update(price=0.005), "not a possible amount"),
        (lambda m: m["items"][0]["variations"][0].update(price=1e300), "not a possible amount"),
        (lambda m: m["items"][0]["variations"][0].update(price=None), "has no price"),
        (lambda m: m["items"][0].update(variations=[]), "has no price"),
        (lambda m: m["items"][0].update(name={}), "has no name"),
        (lambda m: m["items"][0].update(name={"en": "x" * 201}), "longer than 200"),
        (lambda m: m["topping_groups"][0].update(quantity_minimum=2), "at least 2 and at most 1"),
        (lambda m: m["items"].append(m["items"][0]), "is there twice"),
        (lambda m: m.update(items=[]), "has no dishes"),
        (lambda m: m.pop("items"), "does not have the form"),
    ],
)
def test_what_cannot_be_sold_is_refused_and_named(read, noodles, change, said):
    change(noodles)
    reading = read("platform", noodles, "THB")
    assert reading.menu is None
    assert said in " ".join(map(str, reading.faults))


@pytest.mark.parametrize("name", MENUS)
def test_real_menus_of_bangkok_come_in_whole(read, name):
    if missing := find_missing(SET):
        pytest.skip(missing)
    known = json.loads((DATA / SET / "known_answers.json").read_text("utf-8"))["menus"][name]
    data = (DATA / SET / f"{name}.json").read_bytes()
    menu = read("platform", data, "THB", "th").menu
    variants = [(item, variant) for item in menu.items for variant in item.variants]
    groups = menu.modifier_groups
    assert {
        "items": len(menu.items),
        "categories": len(menu.categories),
        "variations": len(variants),
        "topping_groups": len(groups),
        "topping_options": sum(len(g.modifiers) for g in groups),
        "max_topping_groups_on_a_variation": max(len(groups_of(i, v)) for i, v in variants),
        "sum_of_variation_prices": f"{sum(v.price for _, v in variants) / 100:.10g}",
        "dearest": f"{max(v.price for _, v in variants) / 100:.10g}",
    }.items() <= known.items()
    file = json.loads(data)
    told = {
        str(g["id"]): (g["quantity_minimum"], g["quantity_maximum"]) for g in file["topping_groups"]
    }
    assert all((g.min, g.max) == told[g.id] for g in groups if g.modifiers)
    again = read("platform", data, "THB", "th", current=menu).menu
    assert again == menu, "importing twice changes nothing"
