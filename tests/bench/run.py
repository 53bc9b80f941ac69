"""`make bench`: orders, kitchen, printers, intake and start-up, most next to their bare floor.

`quick` takes a minute; a name (orders, kitchen, display, …) runs that part alone. The table is
for people, `bench.json` for comparing. Read the ratios: absolute figures move with the machine.
"""

import json
import platform
import sqlite3
import sys
import time
from pathlib import Path

import counter
import intake
import kitchen
import kitchen_display
import orders
import printers
import start

PARTS = {
    "orders": orders.measure,
    "kitchen": kitchen.measure,
    "display": kitchen_display.measure,
    "counter": counter.measure,
    "printers": printers.measure,
    "intake": intake.measure,
    "start": start.measure,
}


def main() -> None:
    asked = sys.argv[1:]
    quick = "quick" in asked
    chosen = [name for name in PARTS if name in asked] or list(PARTS)
    outcome: dict = {
        "machine": f"{platform.machine()}, Python {platform.python_version()}, "
        f"SQLite {sqlite3.sqlite_version}",
        "at": time.strftime("%Y-%m-%d %H:%M:%S"),
        "quick": quick,
    }
    for name in chosen:
        print(f"\n{name} …", flush=True)
        outcome[name] = PARTS[name](quick)
        show(outcome[name])
    if "orders" in outcome:
        outcome["ratios"] = ratios(outcome["orders"])
        print("\nratios at 64 clients")
        show(outcome["ratios"])
    Path("bench.json").write_text(json.dumps(outcome, indent=1))
    print("\nwritten to bench.json")


def ratios(rows: list[dict]) -> dict:
    """The box against its floor and against a commit per order, at 64 clients."""
    rate = {r["what"]: r["per_s"] for r in rows if r["clients"] == 64}
    slow = rate["box, flush +5 ms"] / rate["one commit each, flush +5 ms"]
    return {
        "of the bare loop": rate["box"] / rate["bare loop"],
        "times one commit each": rate["box"] / rate["one commit each"],
        "times one commit each, flush +5 ms": slow,
    }


def show(value: object) -> None:
    """A table of rows, or a column of figures."""
    rows = value if isinstance(value, list) else [value]
    columns = list(rows[0])
    text = [[_cell(row[c]) for c in columns] for row in rows]
    widths = [max(len(c), *(len(line[i]) for line in text)) for i, c in enumerate(columns)]
    for line in ([columns] if len(rows) > 1 or isinstance(value, list) else []) + text:
        if isinstance(value, list):
            print("  " + "  ".join(x.rjust(w) for x, w in zip(line, widths, strict=True)))
    if not isinstance(value, list):
        for name, cell in zip(columns, text[0], strict=True):
            print(f"  {name:<36} {cell:>12}")


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.0f}" if value >= 1000 else f"{value:.2f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


if __name__ == "__main__":
    main()
