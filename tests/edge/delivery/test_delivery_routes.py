"""Where else a station's lines go: displays before paper, and never to who has them already."""

import pytest

from edge.config import PrinterConfig
from edge.delivery_routes import other_route


def printer(name, *stations, backup=None):
    return PrinterConfig(id=name, name=name, host="printer", stations=stations, backup=backup)


BAR, GRILL, SPARE = printer("p-bar", "bar"), printer("p-grill", "grill"), printer("p-spare")
BAR_WITH_SPARE = printer("p-bar", "bar", backup="p-spare")
BOTH = printer("p-both", "bar", "grill")


@pytest.mark.parametrize(
    ("backup", "printers", "shown", "wanted"),
    [
        ("grill", (BAR, GRILL), True, ("grill", False)),
        ("grill", (BAR, GRILL), False, ("p-grill", True)),
        ("grill", (BAR_WITH_SPARE, GRILL, SPARE), False, ("p-spare", True)),
        (None, (BAR_WITH_SPARE, SPARE), False, ("p-spare", True)),
        (None, (BAR, GRILL), False, None),
        ("grill", (BOTH,), False, None),
        ("grill", (BOTH, GRILL), False, ("p-grill", True)),
        ("grill", (), False, None),
        ("bar", (BAR,), True, None),
        (None, (printer("p-bar", "bar", backup="gone"),), False, None),
    ],
)
def test_the_first_route_that_is_another_one(backup, printers, shown, wanted):
    assert other_route("bar", backup, printers, shown=shown) == wanted
