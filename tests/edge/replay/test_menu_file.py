"""A menu out of a spreadsheet: what it may say, what it may not, and ids that outlive an edit."""

from pathlib import Path

import pytest

from edge.replay.menu_file import read_menu
from protocol.importing.own_csv import slug
from protocol.menu import Menu, MenuIndex, faults_of
from protocol.money import CURRENCIES
from protocol.routing_checks import unserved_items

DEMO = Path(__file__).parents[3] / "edge" / "demo" / "menu.csv"


@pytest.fixture
def menu_of(tmp_path, rupiah):
    """Reads a menu from lines of text."""

    def read(*lines: str, currency: str = "IDR", language: str = "id", encoding: str = "utf-8"):
        path = tmp_path / "menu.csv"
        path.write_bytes("\n".join(lines).encode(encoding))
        return read_menu(path, CURRENCIES[currency], language=language)

    return read


def test_our_own_cafe_is_a_sound_menu(rupiah):
    menu = read_menu(DEMO, rupiah)

    assert isinstance(menu, Menu), menu
    assert faults_of(menu) == []
    assert menu.languages == ("id", "en")
    assert len(menu.categories) == 6
    assert {s.id: (s.kind, s.backup) for s in menu.stations} == {
        "bar": ("bar", "kitchen"),
        "kitchen": ("kitchen", None),
        "pastry": ("kitchen", "kitchen"),
        "pass": ("expo", None),
    }
    assert menu.fallback_station == "kitchen"
    assert unserved_items(MenuIndex(menu)) == []
    assert {item.course for item in menu.items} == {1, 2, 3}
    assert {"peanut", "crustacean"} <= {a for item in menu.items for a in item.allergens}
    assert all(item.names.keys() == {"id", "en"} for item in menu.items)
    assert all(
        modifier.names["en"] for group in menu.modifier_groups for modifier in group.modifiers
    )
    assert sum(not item.available for item in menu.items) == 1


def test_rows_of_one_item_are_its_variants(warung):
    nasi = next(item for item in warung.items if item.names["id"] == "Nasi Goreng")

    assert [(v.plu, v.names, v.price) for v in nasi.variants] == [
        ("201", {"id": "Kecil"}, 18000),
        ("202", {"id": "Besar"}, 25000),
    ]
    assert nasi.names == {"id": "Nasi Goreng", "en": "Fried Rice"}
    assert nasi.modifier_group_ids == ("pedas", "tambahan")
    assert nasi.station_ids == ("dapur",)


def test_modifiers_are_grouped_with_prices_and_limits(menu_of):
    menu = menu_of(
        "kind,plu,category,item,price,modifiers,min,max",
        "item,1,Kopi,Latte,20000,Susu,,",
        "modifier,,Susu,Oat,8000,,1,2",
        "modifier,,Susu,Sapi,,,,",
    )

    (group,) = menu.modifier_groups
    assert (group.id, group.min, group.max) == ("susu", 1, 2)
    assert [(m.names["id"], m.price) for m in group.modifiers] == [("Oat", 8000), ("Sapi", 0)]


def test_a_changed_price_keeps_every_id(warung, warung_csv, rupiah):
    warung_csv.write_text(warung_csv.read_text().replace("25000", "27500"))

    again = MenuIndex(read_menu(warung_csv, rupiah))

    before = MenuIndex(warung)
    assert again.variants.keys() == before.variants.keys()
    assert again.items.keys() == before.items.keys()
    assert again.groups.keys() == before.groups.keys()
    assert again.by_plu["202"][1].price == 27500


def test_a_renamed_variant_is_still_the_same_plu(warung, warung_csv, rupiah):
    warung_csv.write_text(warung_csv.read_text().replace("Nasi Goreng", "Nasi Goreng Kampung"))

    again = MenuIndex(read_menu(warung_csv, rupiah))

    assert again.variants.keys() == MenuIndex(warung).variants.keys()


def test_a_spreadsheet_set_to_indonesian_is_read(menu_of):
    menu = menu_of(
        "plu;category;item;price;modifiers", "1;Kopi;Tubruk, panas;8000;", encoding="utf-8-sig"
    )

    assert menu.items[0].names == {"id": "Tubruk, panas"}


def test_a_station_row_names_a_station_and_gives_it_its_id(menu_of):
    menu = menu_of(
        "kind,plu,category,item,item_en,price,station",
        "item,1,Kopi,Latte,,20000,Meja Depan;grill",
        "station,front,expo,Meja Depan,Pass,,",
    )

    assert [(s.id, s.names, s.kind) for s in menu.stations] == [
        ("front", {"id": "Meja Depan", "en": "Pass"}, "expo"),
        ("grill", {"id": "grill"}, "kitchen"),
    ]
    assert menu.items[0].station_ids == ("front", "grill")
    assert menu.fallback_station == "grill"


def test_a_category_row_says_who_makes_what_names_no_station(menu_of):
    menu = menu_of(
        "kind,plu,category,item,item_en,price,station,target,allergens",
        "category,,,Kopi,,,Bar;Grill,,",
        "item,1,Kopi,Latte,,20000,,,milk;soy",
        "item,2,Kopi,Toast,,20000,Grill,300,",
        "station,,bar,Bar,,,grill,120,",
    )

    (coffee,) = menu.categories
    assert coffee.station_ids == ("bar", "grill")
    index = MenuIndex(menu)
    routes = [index.route_of(item)[::2] for item in menu.items]
    assert routes == [(("bar", "grill"), 120), (("grill",), 300)]
    assert menu.items[0].allergens == ("milk", "soy")
    assert (menu.stations[0].backup, menu.stations[0].target_s) == ("grill", 120)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("category,,,Teh,,Bar,", "category 'Teh' has no items"),
        ("category,,,Kopi,,Bar,", "category 'Kopi' has row 2 already"),
        ("station,,bar,Bar,,roof,", "the backup 'roof' of station 'bar' is not one"),
        ("item,2,Kopi,Teh,9000,,0", "target '0'"),
        ("station,,bar,Bar,,,soon", "target 'soon'"),
    ],
)
def test_what_is_wrong_with_stations_and_targets_is_named(menu_of, row, reason):
    faults = menu_of(
        "kind,plu,category,item,price,station,target",
        "category,,,Kopi,,Grill,",
        "item,1,Kopi,Latte,20000,,",
        row,
    )
    assert reason in faults[0].said


def test_without_stations_there_is_a_kitchen(menu_of):
    menu = menu_of("plu,category,item,price", "1,Kopi,Latte,20000")

    assert menu.fallback_station == "kitchen"
    assert menu.items[0].station_ids == ()


def test_any_script_has_names_and_ids(menu_of):
    menu = menu_of(
        "plu,category,item,price",
        "1,กาแฟ,ชาไทย,45",
        "2,ขนม,ข้าวเหนียว,60.5",
        currency="THB",
        language="th",
    )

    assert [item.names["th"] for item in menu.items] == ["ชาไทย", "ข้าวเหนียว"]
    assert len({category.id for category in menu.categories}) == 2
    assert slug("Café au lait") == "cafe-au-lait"


@pytest.mark.parametrize(
    ("row", "number", "reason"),
    [
        (",1,Kopi,Latte,20.000,,", 3, "'20.000' has 3 decimals; IDR is kept in whole amounts"),
        (",1,Kopi,Latte,Rp 20000,,", 3, "not an amount"),
        (",1,Kopi,Latte,,,", 3, "price '' is not an amount"),
        (",9,Kopi,Latte,20000,,", 3, "plu '9' is in row 2 already"),
        (",,Kopi,Latte,20000,,", 3, "has no plu"),
        (",1,,Latte,20000,,", 3, "has no category"),
        (",1,Kopi,,20000,,", 3, "has no name"),
        (",1,KOPI,Latte,20000,,", 3, "differs from 'Kopi' only in spelling"),
        (",1,Kopi,Tubruk,20000,,", 3, "has this variant and size already"),
        (",1,Kopi,Latte,20000,Susu,", 3, "no modifier row has it"),
        (",1,Kopi,Latte,20000,,maybe", 3, "neither yes nor no"),
        ("drink,1,Kopi,Latte,20000,,", 3, "none of item, modifier, station, category"),
        (",1,Kopi,Latte,20000,,,,,too,many", 3, "needs quotes"),
        (',1,Kopi,"Latte,20000', 3, "is not CSV"),
    ],
)
def test_what_is_wrong_is_said_with_its_row(menu_of, row, number, reason):
    faults = menu_of(
        "kind,plu,category,item,price,modifiers,available", ",9,Kopi,Tubruk,8000,,", row
    )

    assert isinstance(faults, list), faults
    assert [fault.where for fault in faults] == [f"row {number}"]
    assert reason in str(faults[0])


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ((), "is empty"),
        (("plu,category,item",), "the column 'price' is missing"),
        (("plu,category,item,price,prise",), "did you mean 'price'"),
        (("plu,plu,category,item,price",), "'plu' is there twice"),
        (("plu,category,item,price",), "has no items"),
        (("plu,category,item,price", "1,Caf\xe9,Latte,20000"), "not UTF-8"),
    ],
)
def test_a_file_that_is_no_menu_is_said_so(menu_of, lines, reason):
    faults = menu_of(*lines, encoding="latin-1")

    assert reason in str(faults[0])


def test_a_column_of_ones_own_is_left_alone(menu_of):
    assert isinstance(menu_of("plu,category,item,price,#cost", "1,Kopi,Latte,20000,x"), Menu)
