"""Sales nobody here made up, converted to our form, still add up to what others computed."""

from collections import defaultdict
from collections.abc import Callable
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest

from edge.replay.menu_file import read_menu
from edge.replay.sales_file import SoldLine, SoldOrder, read_sales
from protocol.menu import Menu, MenuIndex, name_in
from protocol.money import CURRENCIES
from tests.data_readers import READERS, DataSet, find_missing, minor

pytestmark = pytest.mark.data


class Sold(NamedTuple):
    """One line of one order at one outlet, with what it cost in minor units."""

    outlet: str
    order: SoldOrder
    line: SoldLine
    amount: int


class Ledger(NamedTuple):
    """Everything a data set holds, as our own files tell it."""

    data: DataSet
    menu: MenuIndex
    sold: list[Sold]


@pytest.fixture(scope="module", params=READERS)
def ledger(request, tmp_path_factory) -> Ledger:
    if missing := find_missing(request.param):
        pytest.skip(missing)
    data = READERS[request.param](tmp_path_factory.mktemp("data"))
    currency = CURRENCIES[data.currency]
    menu = read_menu(data.menu, currency, language=data.language)
    assert isinstance(menu, Menu), menu
    index = MenuIndex(menu)
    sold = []
    for outlet in data.outlets:
        sales = read_sales(outlet.sales, currency, ZoneInfo(data.zone))
        assert sales.faults == []
        sold += [
            Sold(outlet.name, order, line, _amount(index, line))
            for order in sales.orders
            for line in order.lines
        ]
    return Ledger(data, index, sold)


def test_orders_lines_units_and_revenue(ledger):
    known = ledger.data.known
    orders = {(s.outlet, s.order.key) for s in ledger.sold}

    assert len(orders) == known["orders"]
    assert len(ledger.sold) == known["lines"]
    assert sum(s.line.quantity for s in ledger.sold) == known["units"]
    assert sum(s.amount for s in ledger.sold) == minor(known["revenue"], ledger.data.currency)


def test_by_day_and_hour(ledger):
    known = ledger.data.known

    _compare(ledger, known["by_day"], lambda s: s.order.local.date().isoformat())
    _compare(ledger, known["by_hour_of_day"], lambda s: str(s.order.local.hour))


def test_by_category(ledger):
    categories = ledger.menu.categories
    language = ledger.data.language

    def category(sold: Sold) -> str:
        item, _ = ledger.menu.by_plu[sold.line.plu]
        return name_in(categories[item.category_id].names, language)

    _compare(ledger, ledger.data.known["by_category"], category)


def test_by_item(ledger):
    def item(sold: Sold) -> str:
        name = name_in(ledger.menu.by_plu[sold.line.plu][0].names, ledger.data.language)
        # This set's answers tell products of one name apart by their number.
        return f"{name} #{sold.line.plu}" if ledger.data.name == "coffee" else name

    _compare(ledger, ledger.data.known["by_item"], item)


def test_by_whatever_else_the_set_knows(ledger):
    known = ledger.data.known
    checks: dict[str, Callable[[Sold], str]] = {
        "by_size": lambda s: ledger.menu.by_plu[s.line.plu][1].size or "",
        "by_sku": lambda s: s.line.plu,
        "by_outlet": lambda s: s.outlet,
        "by_note": lambda s: s.line.note or "(none)",
        "by_order_type": lambda s: s.order.dining_option.value,
        "by_staff_id": lambda s: s.order.staff,
    }
    found = [name for name in checks if name in known]

    assert found
    for name in found:
        _compare(ledger, known[name], checks[name])


def test_by_payment(ledger):
    known = ledger.data.known.get("by_payment_method")
    words = {"cash": "Tunai", "qris": "QRIS"}

    if known is None:  # a set that does not say how was paid: the outlet's own tender
        assert {(s.order.tender, s.order.tender_label) for s in ledger.sold} == {("cash", "")}
    else:
        _compare(ledger, known, lambda s: s.order.tender_label or words[s.order.tender])


def _amount(menu: MenuIndex, line: SoldLine) -> int:
    price = menu.by_plu[line.plu][1].price
    return price * line.quantity if line.amount is None else line.amount


def _compare(ledger: Ledger, known: dict, key_of: Callable[[Sold], str]) -> None:
    """Each figure the known answers have per key equals ours, and neither has other keys."""
    orders, totals = defaultdict(set), defaultdict(lambda: [0, 0, 0])
    for sold in ledger.sold:
        key = key_of(sold)
        orders[key].add((sold.outlet, sold.order.key))
        for at, more in enumerate((1, sold.line.quantity, sold.amount)):
            totals[key][at] += more
    ours = {
        key: {"orders": len(orders[key]), "lines": lines, "units": units, "revenue": revenue}
        for key, (lines, units, revenue) in totals.items()
    }
    theirs = {
        # One product's name ends in a space, which our files do not keep.
        " ".join(key.split()): {**answer, "revenue": minor(answer["revenue"], ledger.data.currency)}
        for key, answer in known.items()
    }
    assert {
        key: {name: figure for name, figure in figures.items() if name in theirs.get(key, figures)}
        for key, figures in ours.items()
    } == theirs
