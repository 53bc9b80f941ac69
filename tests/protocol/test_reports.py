"""The sales report of a small day: what counts, what does not, and that every table ties out."""

import pytest
from msgspec.structs import replace

from protocol.bill import Refund
from protocol.reports import sales_report

DAY = "2026-05-28"


@pytest.fixture
def day(new_counter):
    """Four orders: two kinds of coffee; rice with a voided set; one cancelled; one at another hour."""
    coffee, rice, cancelled, evening = (new_counter() for _ in range(4))
    coffee.place(coffee.line("latte-s", quantity=2), coffee.line("latte-l", "oat"))
    coffee.pay(20_000)
    coffee.pay(40_000, amount=35_000)
    rice.place(rice.line(), rice.line("set-1"), rice.line())
    rice.void(1)
    rice.pay(50_000, "card")
    rice.move("served")
    cancelled.place(cancelled.line("set-1"))
    cancelled.move("cancelled")
    evening.place(evening.line(quantity=3))
    orders = [x.order for x in (coffee, rice, cancelled, evening)]
    named = [replace(o, order_id=f"order-{n}") for n, o in enumerate(orders)]
    return [*named[:3], replace(named[3], hour=19)]


def rows(figures):
    return {f.key: (f.orders, f.lines, f.units, f.amount_minor) for f in figures}


def test_a_day_is_summed_up(day):
    report = sales_report(day, "IDR", DAY, DAY)
    assert rows([report.totals]) == {"": (3, 5, 8, 180_000)}
    assert rows(report.by_day) == {DAY: (3, 5, 8, 180_000)}
    assert rows(report.by_hour) == {"9": (2, 4, 5, 105_000), "19": (1, 1, 3, 75_000)}
    assert rows(report.by_category) == {"food": (2, 3, 5, 125_000), "coffee": (1, 2, 3, 55_000)}
    assert rows(report.by_item) == {"rice": (2, 3, 5, 125_000), "latte": (1, 2, 3, 55_000)}
    assert rows(report.by_size) == {
        "": (2, 3, 5, 125_000),
        "S": (1, 1, 2, 30_000),
        "L": (1, 1, 1, 25_000),
    }
    assert rows(report.by_tender) == {"cash": (1, 0, 0, 55_000), "card": (1, 0, 0, 50_000)}


def test_neither_cancelled_orders_nor_voided_lines_count_anywhere(day):
    report = sales_report(day, "IDR", DAY, DAY)
    assert "set" not in rows(report.by_item)
    assert report == sales_report([o for o in day if o.status != "cancelled"], "IDR", DAY, DAY)


def test_hours_follow_the_clock_and_the_rest_the_money(day):
    report = sales_report(day, "IDR", DAY, DAY)
    assert [f.key for f in report.by_hour] == ["9", "19"]
    assert [f.key for f in report.by_size] == ["", "S", "L"]
    assert [f.name for f in report.by_item] == ["Fried rice", "Latte"]


def test_the_same_orders_in_any_order_make_the_same_report(day):
    assert sales_report(day[::-1], "IDR", DAY, DAY) == sales_report(day, "IDR", DAY, DAY)


def test_every_table_of_lines_ties_out_to_the_total(day):
    report = sales_report(day, "IDR", DAY, DAY)
    for table in (
        report.by_day,
        report.by_hour,
        report.by_category,
        report.by_size,
        report.by_item,
    ):
        assert sum(f.amount_minor for f in table) == report.totals.amount_minor
        assert sum(f.units for f in table) == report.totals.units


def test_amounts_are_spelled_out_for_files(day):
    assert sales_report(day, "IDR", DAY, DAY).totals.amount == "180000"
    in_cents = sales_report([replace(o, currency="USD") for o in day], "USD", DAY, DAY)
    assert in_cents.totals.amount == "1800.00"


def test_a_day_without_orders_is_a_report_of_nothing():
    report = sales_report([], "USD", DAY, DAY)
    assert (report.totals.amount, report.totals.orders, report.by_hour) == ("0.00", 0, ())


def test_money_given_back_counts_on_the_day_it_was_given(day):
    later = "2026-05-30"
    order = day[1]
    back = Refund(
        refund_id="r",
        amount=25_000,
        credit=25_000,
        tender="cash",
        at_ms=1,
        rounding=-30,
        business_date=later,
    )
    orders = [replace(order, refunds=(back,)), *(o for o in day if o is not order)]
    then, now = (sales_report(orders, "IDR", d, d).bill for d in (DAY, later))
    assert (then.total, then.credited, then.net, then.refunds) == (180_000, 0, 180_000, ())
    assert (now.total, now.credited, now.net) == (0, 25_000, -25_000)
    (cash,) = now.refunds
    assert (cash.tender, cash.count, cash.amount) == ("cash", 1, 25_000)
    assert now.cash_rounding == 30


def test_what_went_over_to_another_order_is_neither_void_nor_sold_twice(new_counter):
    here = new_counter()
    there = new_counter(_ids=here._ids)
    here.place(here.line(), here.line("latte-s"))
    there.place(there.line("set-1"))
    here.void(1)
    here.transfer(there)
    report = sales_report([here.order, there.order], "IDR", DAY, DAY)
    assert (report.totals.orders, report.totals.amount_minor) == (1, 65_000)
    assert (report.bill.gross, report.bill.voids) == (65_000, 0), "a merged order counts in nothing"
    assert {f.key: f.units for f in report.by_item} == {"rice": 1, "set": 1}
