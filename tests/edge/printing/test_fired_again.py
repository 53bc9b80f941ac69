"""A firing that a screen offers again after a loss prints what it sent, and nothing that another did."""

from edge.config import Config, PrinterConfig
from edge.outlet import outlet_of
from edge.printing.wanted import wanted_by
from protocol.events import OrderFired

HALF_A_MINUTE_MS = 30_000


def test_what_another_firing_has_sent_is_not_printed_again(order):
    outlet = outlet_of(Config(), None)
    printer = PrinterConfig(id="kitchen", name="Dapur", stations=("kitchen",))
    first, second = (line.line_id for line in order.lines[:2])
    sent_ms = order.lines[0].fired_ms

    def papers(at_ms, *line_ids):
        event = OrderFired(order_id=order.order_id, at_ms=at_ms, line_ids=line_ids)
        return [wanted.line_ids for wanted in wanted_by(event, order, [printer], outlet)]

    assert papers(sent_ms, first, second) == [(first, second)]
    assert papers(sent_ms - HALF_A_MINUTE_MS, first, second) == []
