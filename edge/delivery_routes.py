"""Where else a station's lines may go when nobody there confirms them."""

from collections.abc import Sequence

from edge.config import PrinterConfig
from protocol.ids import StationId


def other_route(
    station: StationId,
    backup: StationId | None,
    printers: Sequence[PrinterConfig],
    *,
    shown: bool,
) -> tuple[str, bool] | None:
    """The other route and whether it is a printer; None when there is none.

    First the displays of the station's `backup` station (`shown`: one is connected); then the
    printer that stands in for the station's own; then one of the backup station's. A printer that
    has the lines anyway is no other route.
    """
    if backup is not None and backup != station and shown:
        return backup, False
    own = [p for p in printers if station in p.stations]
    stand_ins = [p.backup for p in own]
    stand_ins += [p.id for p in printers if backup is not None and backup in p.stations]
    others = {p.id for p in printers} - {p.id for p in own}
    found = next((p for p in stand_ins if p in others), None)
    return None if found is None else (found, True)
