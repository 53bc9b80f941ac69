"""A menu of a thousand dishes, each with a picture, and what a page is asked about drawing it."""

import os
from collections.abc import Iterator
from pathlib import Path

import msgspec

from cloud.imaging import make_ready
from edge.demo.drawings import DRAWINGS, picture_of
from protocol.menu import Item, Menu
from protocol.pictures import WIDTHS, path_of

DISHES = 1_000
DRAWN = 12
"""So many pictures are drawn, and each stands for many dishes under a name of its own: a browser
fetches and unpacks every one of them."""

replace = msgspec.structs.replace

FRAMES = """async ([selector, frames, step]) => {
  const list = document.querySelector(selector);
  const long = [], gaps = [], frame = () => new Promise(requestAnimationFrame);
  const watch = new PerformanceObserver((all) => long.push(...all.getEntries().map((e) => e.duration)));
  watch.observe({type: 'longtask'});
  await frame();
  for (let i = 0, last = performance.now(); i < frames; i++) {
    list?.scrollBy({top: step, behavior: 'instant'});
    await frame();
    gaps.push(performance.now() - last);
    last = performance.now();
  }
  await new Promise((done) => setTimeout(done, 50));
  watch.disconnect();
  return {gaps: gaps.sort((a, b) => a - b), long, travelled: list?.scrollTop ?? 0};
}"""
"""Scrolls a list frame by frame: the gaps between frames and the tasks of more than 50 ms (ms)."""

TAPS = """async ([taps, lines]) => {
  const bill = document.querySelector('[data-panel=bill]');
  const total = () => bill.querySelector('[data-total]').textContent;
  const tiles = [...document.querySelectorAll('[data-item]')].slice(0, 12), spans = [];
  for (let i = 0; i < taps; i++) {
    if (i % lines === 0) {
      bill.querySelector('[aria-label=Clear]')?.click();
      await new Promise((done) => setTimeout(done, 50));
    }
    const before = total(), from = performance.now();
    tiles[i % tiles.length].click();
    await new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn)));
    spans.push(performance.now() - from);
    if (total() === before) throw new Error('the tap did not reach the bill');
    await new Promise((done) => setTimeout(done, 20));
  }
  return spans.sort((a, b) => a - b);
}"""
"""Taps dishes at the counter: from each tap until the frame with its line was drawn (ms, sorted)."""


def large_menu(menu: Menu, count: int = DISHES) -> Menu:
    """The menu's dishes over and over, each with ids, names and a picture of its own."""
    return replace(menu, items=tuple(_dishes(menu.items, count)))


def _dishes(items: tuple[Item, ...], count: int) -> Iterator[Item]:
    for n in range(count):
        base = items[n % len(items)]
        variants = tuple(
            replace(v, id=f"i{n}v{k}", plu=f"{n}-{k}") for k, v in enumerate(base.variants)
        )
        names = {code: f"{name} {n}" for code, name in base.names.items()}
        of_its_own = {"id": f"i{n}", "photo": path_of(_digest(n)), "rank": n, "available": True}
        yield replace(base, variants=variants, names=names, **of_its_own)


def lay_out_pictures(folder: Path, count: int = DISHES) -> None:
    """Put the pictures of a large menu where a box keeps them."""
    drawn = [picture_of(plu) for plu in sorted(DRAWINGS)[:DRAWN]]
    made = [make_ready(jpeg).sizes for jpeg in drawn if jpeg is not None]
    folder.mkdir(parents=True, exist_ok=True)
    first: dict[tuple[int, int], Path] = {}
    for n in range(count):
        which = n % len(made)
        for width, (_, _, body) in zip(WIDTHS, made[which], strict=True):
            file = folder / path_of(_digest(n), width).rpartition("/")[2]
            if (which, width) in first:
                os.link(first[which, width], file)
            else:
                file.write_bytes(body)
                first[which, width] = file


def _digest(n: int) -> str:
    return f"{n:032x}"
