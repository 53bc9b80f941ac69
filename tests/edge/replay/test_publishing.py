"""A menu file goes to HQ whole or not at all, and says what it changes."""

import pytest

from edge.replay.publishing import BrokenMenu, HqFault, import_menu


async def test_a_first_menu_is_all_new(hq, warung_csv):
    published = await import_menu(warung_csv, hq.url, "secret-key", "IDR")

    assert (published.version, published.items, published.variants) == (1, 3, 5)
    assert published.changed
    assert "new: Kopi Tubruk Panas (101) Rp 8.000" in published.changes
    assert hq.menu.items[0].names["en"] == "Black Coffee"


async def test_the_same_menu_again_publishes_nothing(hq, warung_csv):
    await import_menu(warung_csv, hq.url, "secret-key", "IDR")

    again = await import_menu(warung_csv, hq.url, "secret-key", "IDR")

    assert (again.version, again.changed, again.changes) == (1, False, [])
    assert hq.menu.version == 1


async def test_what_changed_is_told(hq, warung_csv):
    await import_menu(warung_csv, hq.url, "secret-key", "IDR")
    text = warung_csv.read_text().replace(",25000,", ",27000,").replace("tidak", "ya")
    text = text.replace(",102,Kopi,Kopi Tubruk,,Es,", ",103,Kopi,Kopi Tubruk,,Es,")
    warung_csv.write_text(text)

    published = await import_menu(warung_csv, hq.url, "secret-key", "IDR")

    assert published.version == 2
    assert published.changes == [
        "new: Kopi Tubruk Es (103) Rp 10.000",
        "removed: Kopi Tubruk Es (102) Rp 10.000",
        "price: Nasi Goreng Besar (202) Rp 27.000, was Rp 25.000",
        "offered again: Lontong (203) Rp 12.000",
    ]


async def test_a_change_of_modifiers_alone_is_published(hq, warung_csv):
    await import_menu(warung_csv, hq.url, "secret-key", "IDR")
    warung_csv.write_text(warung_csv.read_text().replace(",4000,", ",5000,"))

    published = await import_menu(warung_csv, hq.url, "secret-key", "IDR")

    assert (published.version, len(published.changes)) == (2, 1)
    assert "modifiers" in published.changes[0]


async def test_a_menu_with_a_fault_is_not_published(hq, warung_csv):
    warung_csv.write_text(warung_csv.read_text().replace("18000", "18.000"))

    with pytest.raises(BrokenMenu) as caught:
        await import_menu(warung_csv, hq.url, "secret-key", "IDR")

    assert [fault.where for fault in caught.value.faults] == ["row 4"]
    assert hq.requests == 0


async def test_a_wrong_key_is_said_so(hq, warung_csv):
    with pytest.raises(HqFault, match="does not know this key"):
        await import_menu(warung_csv, hq.url, "guess", "IDR")


async def test_an_hq_out_of_reach_is_said_so(hq, warung_csv):
    await hq.shut()
    try:
        with pytest.raises(HqFault, match="does not answer"):
            await import_menu(warung_csv, hq.url, "secret-key", "IDR")
    finally:
        await hq.open()


async def test_an_unknown_currency_is_said_so(hq, warung_csv):
    with pytest.raises(ValueError, match="known are IDR"):
        await import_menu(warung_csv, hq.url, "secret-key", "XYZ")
