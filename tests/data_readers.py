"""Readers for sales that nobody here made up: each becomes a menu CSV and sales CSVs of our form.

The data lie outside the repository (licences): beside the checkout, or where `KEDAI_TEST_DATA`
says. Without them the tests that need them are skipped.
"""

import csv
import gzip
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

DATA = Path(
    os.environ.get("KEDAI_TEST_DATA") or Path(__file__).parent.parent.parent / "shared" / "data"
)

Record = dict[str, str]


@dataclass(frozen=True)
class Outlet:
    """One outlet's sales, ready to be replayed, and the name the known answers have for it."""

    key: str
    name: str
    sales: Path


@dataclass(frozen=True)
class DataSet:
    """A menu and the sales of one or more outlets, with the totals somebody else computed."""

    name: str
    currency: str
    zone: str
    language: str
    menu: Path
    outlets: tuple[Outlet, ...]
    known: dict[str, Any]


def find_missing(name: str) -> str:
    """Why a data set cannot be read here; empty when it can."""
    place = DATA / name
    return "" if (place / "known_answers.json").is_file() else f"no data at {place}"


def read_pizza(folder: Path) -> DataSet:
    """Pizza place 2015: one outlet, a year; each size is a PLU of its own, no amounts recorded."""
    source = DATA / "pizza-place-2015"
    types = {row["pizza_type_id"]: row for row in _rows(source / "pizza_types.csv")}
    menu = _write(
        folder / "pizza-menu.csv",
        (
            {
                "plu": row["pizza_id"],
                "category": types[row["pizza_type_id"]]["category"],
                "item": types[row["pizza_type_id"]]["name"],
                "description": types[row["pizza_type_id"]]["ingredients"],
                "size": row["size"],
                "price": row["price"],
                "station": "Oven",
            }
            for row in _rows(source / "pizzas.csv")
        ),
    )
    orders = {row["order_id"]: row for row in _rows(source / "orders.csv")}
    sales = _write(
        folder / "pizza-sales.csv",
        (
            {
                "order": row["order_id"],
                "time": f"{orders[row['order_id']]['date']} {orders[row['order_id']]['time']}",
                "plu": row["pizza_id"],
                "quantity": row["quantity"],
            }
            for row in _rows(source / "order_details.csv")
        ),
    )
    outlets = (Outlet("pizza", "Pizza place", sales),)
    # The file names no place; its hours are read as New York's, where none of them is skipped.
    return DataSet("pizza", "USD", "America/New_York", "en", menu, outlets, _known(source))


def read_coffee(folder: Path) -> DataSet:
    """Coffee shops, April 2019: three outlets; what was charged often is not what the menu says."""
    source = DATA / "ibm-coffee-3-outlets"
    menu = _write(
        folder / "coffee-menu.csv",
        (
            {
                "plu": row["product_id"],
                "category": row["product_category"],
                "item": row["product"].strip(),
                "price": row["current_retail_price"].strip().removeprefix("$"),
                "station": "Bar",
            }
            for row in _rows(source / "product.csv")
        ),
    )
    rows = list(_rows(source / "sales_receipts_201904.csv.gz"))
    places = {
        row["sales_outlet_id"]: row["Neighorhood"] for row in _rows(source / "sales_outlet.csv")
    }
    outlets = tuple(
        Outlet(
            key,
            f"{key} {places[key]}",
            _write(folder / f"coffee-{key}.csv", _receipts(rows, key)),
        )
        for key in sorted({row["sales_outlet_id"] for row in rows})
    )
    return DataSet("coffee", "USD", "America/New_York", "en", menu, outlets, _known(source))


def read_sedukopi(folder: Path) -> DataSet:
    """Sedukopi: 18 outlets with sales, rupiah, five ways to pay, notes for the kitchen."""
    source = DATA / "sedukopi-20-outlets"
    menu = _write(
        folder / "sedukopi-menu.csv",
        (
            {
                "plu": row["item_id"],
                "category": row["category"],
                "item": row["name"],
                "price": row["price"],
                "station": "Dapur" if row["category"] in ("Makanan", "Snack") else "Bar",
                "available": row["is_available"],
            }
            for row in _rows(source / "menu_items.csv")
        ),
    )
    orders = {row["order_id"]: row for row in _rows(source / "orders.csv")}
    by_outlet: dict[str, list[Record]] = {}
    for row in _rows(source / "order_details.csv"):
        order = orders[row["order_id"]]
        by_outlet.setdefault(order["outlet_id"], []).append(_sedukopi_row(order, row))
    outlets = tuple(
        Outlet(
            row["outlet_id"],
            f"{row['outlet_id']} {row['name']}",
            _write(folder / f"sedukopi-{row['outlet_id']}.csv", by_outlet[row["outlet_id"]]),
        )
        for row in _rows(source / "outlets.csv")
        if row["outlet_id"] in by_outlet
    )
    return DataSet("sedukopi", "IDR", "Asia/Jakarta", "id", menu, outlets, _known(source))


READERS = {
    "pizza-place-2015": read_pizza,
    "ibm-coffee-3-outlets": read_coffee,
    "sedukopi-20-outlets": read_sedukopi,
}

TENDERS = {
    "Tunai": ("cash", ""),
    "QRIS": ("qris", ""),
    "GoPay": ("ewallet", "GoPay"),
    "OVO": ("ewallet", "OVO"),
    "Kartu Debit": ("card", "Kartu Debit"),
}


def minor(text: str, currency: str) -> int:
    """Minor units of an amount in the known answers."""
    return int(Decimal(text) * (1 if currency == "IDR" else 100))


def _receipts(rows: list[Record], outlet: str) -> Iterator[Record]:
    for row in rows:
        if row["sales_outlet_id"] != outlet:
            continue
        here = row["instore_yn"].strip()
        yield {
            # Transaction numbers start again in each outlet every day.
            "order": f"{row['transaction_date']}/{row['transaction_id']}",
            "outlet": outlet,
            "time": f"{row['transaction_date']} {row['transaction_time']}",
            "plu": row["product_id"],
            "quantity": row["quantity"],
            "amount": row["line_item_amount"],
            "dining_option": "takeaway" if here == "N" else "dine_in",
            "staff": row["staff_id"],
        }


def _sedukopi_row(order: Record, line: Record) -> Record:
    tender, label = TENDERS[order["payment_method"]]
    return {
        "order": order["order_id"],
        "outlet": order["outlet_id"],
        "time": f"{order['order_date']} {order['order_time']}",
        "plu": line["item_id"],
        "quantity": line["quantity"],
        "amount": line["subtotal"],
        "note": line["notes"],
        "dining_option": order["order_type"],
        "tender": tender,
        "tender_label": label,
        "staff": order["staff_id"],
    }


def _known(source: Path) -> dict[str, Any]:
    known: dict[str, Any] = json.loads((source / "known_answers.json").read_text("utf-8"))
    return known


def _rows(path: Path) -> Iterator[Record]:
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8-sig", newline="") as file:
        yield from csv.DictReader(file)


def _write(path: Path, rows: Iterable[Record]) -> Path:
    made = list(rows)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(made[0]))
        writer.writeheader()
        writer.writerows(made)
    return path
