"""Where else a station's lines may go when nobody there confirms them."""

from collections.abc import Callable, Sequence

from edge.config import PrinterConfig, stand_ins_of
from protocol.ids import StationId


def other_route(
    station: StationId,
    backup: StationId | None,
    printers: Sequence[PrinterConfig],
    *,
    shown: bool,
    prints: Callable[[str], bool] = lambda _: True,
) -> tuple[str, bool] | None:
    """The other route and whether it is a printer; None when there is none.

    First the displays of the station's `backup` station (`shown`: one is connected); then a printer
    that stands in for the station's own; then one of the backup station's. A printer that has the
    lines anyway is no other route. One that prints now (`prints`) goes before one that does not.
    """
    if backup is not None and backup != station and shown:
        return backup, False
    known = {p.id: p for p in printers}
    own = [p.id for p in printers if station in p.stations]
    found = [stand_in for p in own for stand_in in stand_ins_of(p, known)]
    found += [p.id for p in printers if backup is not None and backup in p.stations]
    others = [p for p in found if p not in own]
    best = next((p for p in others if prints(p)), others[0] if others else None)
    return None if best is None else (best, True)
