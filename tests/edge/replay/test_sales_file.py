"""Sales out of a spreadsheet: rows become whole orders, and every broken row is told apart."""

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from edge.replay.menu_file import read_menu
from edge.replay.sales_file import SalesFault, read_sales
from protocol.menu import MenuIndex
from protocol.money import CURRENCIES

DEMO = Path(__file__).parents[3] / "edge" / "demo"
JAKARTA = ZoneInfo("Asia/Jakarta")
HEADER = "order,time,plu,quantity,amount,tender"


@pytest.fixture
def read(sales, rupiah):
    """Reads sales from lines of text, in rupiah and Jakarta's time unless told otherwise."""

    def read_lines(*lines: str, outlet: str = "", zone=JAKARTA, currency=rupiah):
        return read_sales(sales(*lines), currency, zone, outlet=outlet)

    return read_lines


def test_our_own_sample_fits_our_own_menu(rupiah):
    menu = MenuIndex(read_menu(DEMO / "menu.csv", rupiah))

    sample = read_sales(DEMO / "sales_sample.csv", rupiah, JAKARTA)

    assert sample.faults == []
    assert len(sample.orders) == 26
    assert {line.plu for order in sample.orders for line in order.lines} <= menu.by_plu.keys()
    assert {order.tender for order in sample.orders} == {"cash", "qris", "ewallet", "card"}


def test_rows_of_an_order_need_not_stand_together(read):
    together = read(
        HEADER,
        "1,2025-03-01 08:00:00,a,1,5,",
        "1,2025-03-01 08:00:00,b,2,6,",
        "2,2025-03-01 09:00:00,c,3,7,",
    )
    apart = read(
        HEADER,
        "1,2025-03-01 08:00:00,a,1,5,",
        "2,2025-03-01 09:00:00,c,3,7,",
        "1,,b,2,6,",
    )

    def content(found):
        return [(o.key, o.at_ms, [(x.plu, x.quantity, x.amount) for x in o.lines]) for o in found]

    assert content(together.orders) == content(apart.orders)
    assert [order.key for order in apart.orders] == ["1", "2"]


def test_the_first_row_says_when(read):
    sales = read(HEADER, "1,2025-03-01 08:00:00,a,1,,", "1,2025-03-01 08:20:00,b,1,,")

    (order,) = sales.orders
    assert order.local.isoformat() == "2025-03-01T08:00:00"
    assert order.at_ms == 1_740_790_800_000  # 01:00 UTC


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("2,2025-03-01 09:00:00,,1,,", "has no plu"),
        ("2,2025-03-01 09:00:00,a,0,,", "quantity '0' is not a whole number from 1 to 999"),
        ("2,2025-03-01 09:00:00,a,1.5,,", "quantity '1.5'"),
        ("2,2025-03-01 09:00:00,a,,,", "quantity ''"),
        ("2,2025-03-01 09:00:00,a,1,-500,", "amount '-500'"),
        ("2,2025-03-01 09:00:00,a,1,25.000,", "IDR is kept in whole amounts"),
        ("2,2025-03-01 09:00:00,a,1,9999999999999,", "more than this product counts"),
        ("2,01/03/2025 09:00,a,1,,", "is not a time like"),
        ("2,2025-02-30 09:00:00,a,1,,", "is not a time like"),
        ("2,,a,1,,", "is not a time like"),
        ("2,2025-03-01 09:00:00,a,1,,," + "x", "needs quotes"),
        ("2,2025-03-01 09:00:00,a,1,," + "x" * 201, "tender is over 200 letters"),
    ],
)
def test_a_broken_row_is_told_with_its_number(read, row, reason):
    sales = read(HEADER, "1,2025-03-01 08:00:00,a,1,,", "", row, "", "3,2025-03-01 10:00:00,a,1,,")

    assert any(fault.row == 4 and reason in fault.reason for fault in sales.faults), sales.faults
    assert "2" not in {order.key for order in sales.orders}


def test_an_order_with_one_broken_row_is_left_out_whole(read):
    sales = read(
        HEADER,
        "1,2025-03-01 08:00:00,a,1,,",
        "2,2025-03-01 08:00:00,a,1,,",
        "1,2025-03-01 08:00:00,b,none,,",
    )

    assert [order.key for order in sales.orders] == ["2"]
    assert sales.left_out == ["1"]


def test_beside_a_row_of_nobody_no_order_is_known_to_be_whole(read):
    sales = read(
        HEADER,
        "1,2025-03-01 08:00:00,a,1,,",
        "2,2025-03-01 08:01:00,a,1,,",
        ",2025-03-01 08:01:00,b,1,,",
        "3,2025-03-01 08:02:00,a,1,,",
        "4,2025-03-01 08:03:00,a,1,,",
    )

    assert [order.key for order in sales.orders] == ["1", "4"]
    assert {fault.row for fault in sales.faults} == {3, 4, 5}


def test_after_an_open_quote_nothing_is_trusted(read):
    sales = read(HEADER, '1,2025-03-01 08:00:00,"a,1,,', "2,2025-03-01 08:00:00,a,1,,")

    assert not sales.usable
    assert "nothing after it could be read" in sales.faults[0].reason


def test_an_order_paid_in_two_ways_is_not_guessed(read):
    sales = read(HEADER, "1,2025-03-01 08:00:00,a,1,,cash", "1,,b,1,,qris")

    assert "'qris', but 'cash' in row 2" in sales.faults[0].reason
    assert sales.orders == []


def test_numbers_that_start_again_each_day_are_noticed(read):
    sales = read(HEADER, "1,2025-03-01 08:00:00,a,1,,", "1,2025-03-02 08:00:00,b,1,,")

    assert "2025-03-01/1" in sales.faults[0].reason


def test_an_hour_that_never_was_is_noticed(read):
    new_york = ZoneInfo("America/New_York")

    sales = read(
        HEADER,
        "1,2015-03-08 02:30:00,a,1,,",
        "2,2015-03-08 03:30:00,a,1,,",
        "3,2015-11-01 01:30:00,a,1,,",
        zone=new_york,
        currency=CURRENCIES["USD"],
    )

    assert [order.key for order in sales.orders] == ["2", "3"]
    assert "never was" in sales.faults[0].reason


def test_one_outlet_needs_no_choice_and_several_do(read):
    rows = ("order,outlet,time,plu,quantity", "1,A,2025-03-01 08:00:00,a,1")

    assert read(*rows).orders[0].outlet == "A"
    with pytest.raises(SalesFault, match="choose one of: A, B"):
        read(*rows, "2,B,2025-03-01 08:00:00,a,1")
    with pytest.raises(SalesFault, match="no sales of outlet 'C'; it has: A"):
        read(*rows, outlet="C")
    with pytest.raises(SalesFault, match="names no outlets"):
        read(HEADER, "1,2025-03-01 08:00:00,a,1,,", outlet="A")


def test_a_misspelt_column_is_not_read_as_absent(read):
    sales = read("order,time,plu,quantity,ammount", "1,2025-03-01 08:00:00,a,1,500")

    assert not sales.usable
    assert sales.orders == []
    assert "did you mean 'amount'" in sales.faults[0].reason
