"""A box to measure: the product as it ships, or with one rule of the write path changed.

`BENCH_GROUP=1` gives every command a commit of its own; `BENCH_FLUSH_MS=5` makes each flush slower.
"""

import asyncio
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import uvloop

import edge.database
import edge.taking
from edge.app import listen, serve
from edge.config import Config
from edge.database import Database
from edge.journal import Journal
from edge.menu import Menus
from edge.migrations import migrate
from edge.platform import Platform
from edge.replay.menu_file import read_menu
from protocol.menu import Menu
from protocol.money import CURRENCIES

MENU = Path(edge.database.__file__).parent / "demo" / "menu.csv"


async def prepare(folder: Path, change: Callable[[Menu], Menu] = lambda menu: menu) -> list[str]:
    """A data folder with the demo's menu in force; returns variants that need no modifier."""
    migrate(folder / "box.db")
    database = Database(folder / "box.db")
    await database.start()
    journal = Journal(database, Platform(), node_id="bench", product="bench")
    await journal.start()
    menu = read_menu(MENU, CURRENCIES["IDR"])
    assert not isinstance(menu, list), menu
    menu = change(menu)
    body = msgspec.json.encode(menu)
    reading = journal.reading()
    await database.write(lambda db: Menus(journal).apply(db, body, 1, "bench", reading))
    await database.stop()
    groups = {g.id: g for g in menu.modifier_groups}
    free = [i for i in menu.items if not any(groups[g].min for g in i.modifier_group_ids)]
    return [i.variants[0].id for i in free[:8]]


def slow_flush(milliseconds: float) -> None:
    """Make each commit take longer, as a slow card does; the interpreter is free meanwhile."""
    group = Database._group

    def slower(self, db, items):
        outcome = group(self, db, items)
        time.sleep(milliseconds / 1000)
        return outcome

    Database._group = slower


def main() -> None:
    folder, port = Path(sys.argv[1]), int(sys.argv[2])
    if os.environ.get("BENCH_GROUP"):
        edge.taking.GROUP_MAX = edge.database.GROUP_MAX = int(os.environ["BENCH_GROUP"])
    if os.environ.get("BENCH_FLUSH_MS"):
        slow_flush(float(os.environ["BENCH_FLUSH_MS"]))
    config = Config(
        data_dir=str(folder),
        http_host="127.0.0.1",
        http_port=port,
        announce=False,
        mqtt_port=int(os.environ.get("BENCH_MQTT_PORT", "1")),
    )
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(config, [listen("127.0.0.1", port)]))


if __name__ == "__main__":
    main()
