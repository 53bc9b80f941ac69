"""The demo's house rules are what HQ would let anybody publish, for the demo's own menu."""

from pathlib import Path

from edge.demo import house, show
from edge.replay.menu_file import read_menu
from protocol.house_checks import faults_of
from protocol.menu import Menu
from protocol.money import CURRENCIES


def test_hq_finds_no_fault_with_them():
    menu = read_menu(Path(show.MENU), CURRENCIES["IDR"])
    assert isinstance(menu, Menu)
    rules = house.house_of(menu)
    assert faults_of(rules, menu) == []
    assert [p.id for p in rules.promotions] == ["breakfast", "happy-hour", "first-visit"]
    assert sum(len(s.tables) for s in rules.sections) == 16
    assert len(rules.tills) == 2
    assert len(rules.favourites) == 8
