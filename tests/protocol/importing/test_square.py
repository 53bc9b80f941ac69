"""Square catalogues: what comes along, what cannot, and a shop's own two months of edits."""

import gzip
import json

import pytest

from protocol.importing import Wanted
from protocol.importing.changes import changes_between
from protocol.importing.square import Catalogue, menu_of
from protocol.money import CURRENCIES
from tests.data_readers import DATA, find_missing

SET = "square-catalog-icecream"


def test_sizes_prices_modifiers_pictures_and_categories_come_along(read, cone):
    menu = read("square", cone).menu
    (item,) = menu.items
    assert (item.names, item.descriptions) == ({"en": "vanilla cone"}, {"en": "Two scoops"})
    sizes = [(v.names["en"], v.price, v.plu) for v in item.variants]
    assert sizes == [("small", 300, "101"), ("large", 450, "77")], "a SKU is the PLU"
    assert item.photo == "https://pictures.example/cone.jpg"
    assert [c.names for c in menu.categories] == [{"en": "ice cream"}]
    (group,) = menu.modifier_groups
    assert (group.min, group.max) == (0, 1)
    assert [(m.names["en"], m.price) for m in group.modifiers] == [("fudge", 75), ("none", 0)]


def test_an_item_may_ask_otherwise_of_the_same_list(read, cone):
    other = json.loads(json.dumps(cone[0]).replace('"CONE"', '"CUP"').replace('"S"', '"CS"'))
    other["item_data"]["variations"].pop()
    told = other["item_data"]["modifier_list_info"][0]
    told |= {"min_selected_modifiers": 1, "max_selected_modifiers": 2}
    menu = read("square", {"objects": [*cone, other]}).menu
    assert [(g.min, g.max) for g in menu.modifier_groups] == [(0, 1), (1, 2)]
    assert menu.items[0].modifier_group_ids != menu.items[1].modifier_group_ids


def test_what_has_no_price_is_left_out_and_said(read, cone):
    del cone[0]["item_data"]["variations"][0]["item_variation_data"]["price_money"]
    reading = read("square", cone)
    assert [v.plu for v in reading.menu.items[0].variants] == ["77"]
    assert [n.where for n in reading.notes] == ["vanilla cone, small"]


@pytest.mark.parametrize(
    ("price", "said"),
    [
        ({"amount": -1}, "-1 is no amount"),
        ({"amount": "300"}, "'300' is no amount"),
        ({"amount": 1.5}, "1.5 is no amount"),
        ({"amount": 10**15}, "costs more"),
        ({"amount": 300, "currency": "CAD"}, "priced in CAD; this business sells in USD"),
    ],
)
def test_a_price_that_cannot_be_is_refused_with_its_item(read, cone, price, said):
    cone[0]["item_data"]["variations"][1]["item_variation_data"]["price_money"] = price
    reading = read("square", cone)
    assert reading.menu is None
    assert said in str(reading.faults[0])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([{"type": "ITEM"}], "has no id"),
        ({"version": 3}, "no list of objects"),
        ([1], "no list of objects"),
        ([], "no items with a price"),
        ("[{", "is not JSON"),
        ("[" * 100_000, "nested deeper"),
        ('{"upserts": [], "deletes": []}\n{"upserts": [{}]}', "line 2: is no Square catalogue"),
    ],
)
def test_what_is_no_catalogue_is_refused(read, given, said):
    reading = read("square", given)
    assert reading.menu is None
    assert said in str(reading.faults[0])


def test_a_file_of_edits_is_read_from_an_empty_catalogue_on(read, cone):
    dearer = json.loads(json.dumps(cone[0]).replace("450", "475"))
    edits = [{"upserts": cone, "deletes": []}, {"upserts": [dearer], "deletes": ["PIC"]}]
    menu = read("square", "\n".join(map(json.dumps, edits))).menu
    assert [v.price for v in menu.items[0].variants] == [300, 475]
    assert menu.items[0].photo is None


def test_a_catalogue_has_the_same_name_whatever_way_it_came_about(cone):
    whole, piecemeal = Catalogue(cone), Catalogue(reversed(cone))
    piecemeal.apply([{"id": "X", "type": "ITEM"}])
    assert piecemeal.digest() != whole.digest()
    piecemeal.apply([], ["X", "never there"])
    assert piecemeal.digest() == whole.digest()
    piecemeal.apply([dict(cone[1], extra=1)])
    assert piecemeal.digest() != whole.digest()


def test_an_ice_cream_shops_edits_end_where_they_ended():
    """Every state on the way is the known one, can be sold from, and keeps what it had."""
    if missing := find_missing(SET):
        pytest.skip(missing)
    known = json.loads((DATA / SET / "known_answers.json").read_text("utf-8"))
    catalogue, menu, doubts, edits = Catalogue(), None, [], 0
    with gzip.open(DATA / SET / "catalog_history_part1.jsonl.gz", "rt", encoding="utf-8") as lines:
        for edit in map(json.loads, lines):
            catalogue.apply(edit["upserts"], edit["deletes"])
            assert catalogue.digest() == edit["state_sha256"]
            reading = menu_of(catalogue, Wanted(CURRENCIES["USD"], "en"))
            assert not reading.faults
            if menu is not None:
                said = changes_between(menu, reading.menu)
                doubts += [x for x in said if x.startswith("price") and "30.01" in x]
            menu = reading.menu
            edits += 1
    after = known["state_after_part1"]
    assert edits == known["events_in_part1"]
    variants = [v for item in menu.items for v in item.variants]
    assert (len(variants), sum(v.price for v in variants)) == (
        after["variations"],
        after["sum_of_variation_prices_cents"],
    )
    assert sum(bool(i.modifier_group_ids) for i in menu.items) == after["items_with_modifier_lists"]
