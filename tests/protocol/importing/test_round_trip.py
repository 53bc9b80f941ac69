"""Our own CSV: what is written is what is read, and what was sold before stays itself."""

import csv
import io

import pytest
from msgspec.structs import replace

from protocol.importing import FORMATS
from protocol.importing.changes import changes_between
from protocol.importing.own_csv_export import own_csv_of
from protocol.importing.reading import FILE_BYTES_MAX

WARUNG = """kind,plu,category,item,item_en,variant,size,price,station,modifiers,min,max,photo,when
,104,Kopi,Kopi Susu,Milk coffee,Es,R,18000,Bar,Gula,,,/pictures/kopi,
,105,Kopi,Kopi Susu,,Es,L,23000,,-,,,,
,201,Makan,Nasi,Rice,,,25000,,,,,,pagi
modifier,,Gula,Tanpa gula,No sugar,,,,,,0,1,,
modifier,,Gula,Gula aren,Palm sugar,,,2000,,,,,,
"""


@pytest.mark.parametrize("name", FORMATS)
def test_a_menu_goes_out_as_a_spreadsheet_and_comes_back_itself(read, cone, noodles, name):
    given, currency, language = {
        "csv": (WARUNG, "IDR", "id"),
        "square": (cone, "USD", "en"),
        "platform": (noodles, "THB", "th"),
    }[name]
    menu = read(name, given, currency, language).menu
    sheet = own_csv_of(menu)
    assert read("csv", sheet, currency, language, current=menu).menu == menu
    # With semicolons, as a spreadsheet set to Indonesian saves it.
    rows = list(csv.reader(io.StringIO(sheet.decode("utf-8-sig"))))
    out = io.StringIO()
    csv.writer(out, delimiter=";").writerows(rows)
    assert read("csv", out.getvalue(), currency, language, current=menu).menu == menu


def test_a_variant_has_its_own_modifiers_when_its_row_says_so(read):
    menu = read("csv", WARUNG, "IDR", "id").menu
    coffee = menu.items[0]
    assert [v.modifier_group_ids for v in coffee.variants] == [None, ()]
    assert (coffee.photo, menu.items[1].availability) == ("/pictures/kopi", {"id": "pagi"})


def test_a_dish_keeps_its_id_under_a_new_name_and_a_new_one_gets_its_own(read, noodles):
    menu = read("platform", noodles, "THB", "th").menu
    sheet = own_csv_of(menu).decode("utf-8-sig").replace("Pad Thai", "Pad Thai special")
    header = sheet.splitlines()[0].split(",")
    row = dict.fromkeys(header, "") | {
        "plu": "999",
        "category": "ก๋วยเตี๋ยว",
        "item": "ข้าว",
        "price": "9",
    }
    sheet = "\r\n".join([*sheet.splitlines(), ",".join(row.values())])
    again = read("csv", sheet, "THB", "th", current=menu).menu
    assert again.items[0].id == menu.items[0].id
    assert again.items[0].names["en"] == "Pad Thai special"
    assert again.items[1].id != menu.items[0].id
    assert [g.id for g in again.modifier_groups] == [g.id for g in menu.modifier_groups]


def test_a_menu_from_another_system_takes_over_by_plu(read, cone):
    sheet = "plu,category,item,price\n77,Ice,Vanilla,4.00\n"
    before = read("csv", sheet).menu
    after = read("square", cone, current=before).menu
    assert after.items[0].id == before.items[0].id
    assert [v.id for v in after.items[0].variants if v.plu == "77"] == [
        before.items[0].variants[0].id
    ]
    assert read("square", cone, current=after).menu == after


def test_a_cell_that_a_spreadsheet_would_work_out_stays_a_text(read):
    menu = read("csv", "plu,category,item,price\n1,Kopi,'=1+1,5\n2,Kopi,@home,6\n").menu
    assert [i.names["en"] for i in menu.items] == ["=1+1", "@home"]
    sheet = own_csv_of(menu).decode()
    assert "'=1+1" in sheet
    assert "'@home" in sheet
    assert read("csv", sheet, current=menu).menu == menu


def test_two_dishes_of_one_name_are_kept_apart_by_an_id(read):
    sheet = "plu,category,item,price,id\n1,Deals,Bucket,5,a\n2,Deals,Bucket,6,b\n"
    menu = read("csv", sheet).menu
    assert [[v.plu for v in i.variants] for i in menu.items] == [["1"], ["2"]]
    assert read("csv", own_csv_of(menu), current=menu).menu == menu


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"PK\x03\x04" + b"\0" * 50, "is a workbook or a zip archive, not text"),
        (b"\x1f\x8b\x08\0", "is a compressed file"),
        (b"%PDF-1.7", "is a PDF"),
        (b"\xd0\xcf\x11\xe0", "an old Excel workbook"),
        (b"x" * (FILE_BYTES_MAX + 1), "is larger than 8 MB"),
        (b"\xef\xbb\xbf \r\n", "is empty"),
        ("plu,category,item,price\n1,Kopi,Café,5".encode("latin-1"), "row 2: is not UTF-8"),
        (b"plu,category,item,price\n1,Kopi,Latte,-5", "row 2: price '-5' is not an amount"),
        (b"plu,category,item,price\n1,K,A,5\n1,K,B,6", "row 3: plu '1' is in row 2 already"),
    ],
)
@pytest.mark.parametrize("name", FORMATS)
def test_what_is_no_menu_is_refused_with_a_sentence(read, name, data, said):
    reading = read(name, data)
    assert reading.menu is None
    if name == "csv" or not said.startswith("row"):
        assert said in str(reading.faults[0])


def test_utf_16_as_a_spreadsheet_saves_unicode_text_is_read(read):
    text = "plu\tcategory\titem\tprice\n1\tกาแฟ\tลาเต้\t50\n"
    assert read("csv", text.encode("utf-16"), "THB", "th").menu.items[0].names == {"th": "ลาเต้"}


def test_a_menu_that_is_no_restaurants_is_refused(read):
    rows = "".join(f"{n},Kopi,Item {n},5\n" for n in range(5_001))
    reading = read("csv", "plu,category,item,price\n" + rows)
    assert "at most 5000" in str(reading.faults[0])


def test_what_a_new_menu_changes_is_said_in_sentences(read, cafe_menu):
    latte, rice, *rest = cafe_menu.items
    dear = replace(rice, variants=(replace(rice.variants[0], price=250_000),))
    milk, extras = cafe_menu.modifier_groups
    new = replace(
        cafe_menu,
        items=(latte, dear, *rest),
        modifier_groups=(replace(milk, min=0), replace(extras, modifiers=extras.modifiers[:1])),
    )
    assert changes_between(cafe_menu, new) == [
        "price: Nasi goreng (201) Rp 250.000, was Rp 25.000 (is that right?)",
        "modifiers: of Milk are chosen 0 to 1, was 1 to 1",
        "modifiers: Extras are now Extra shot Rp 4.000",
    ]
    assert changes_between(cafe_menu, replace(cafe_menu, version=9)) == []
