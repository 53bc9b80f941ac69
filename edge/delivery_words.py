"""What staff are told when no cook has a ticket: the stations, and the numbers to call out."""

from collections.abc import Callable, Mapping, Sequence

from protocol.ids import StationId
from protocol.menu import Names, name_in

NUMBERS_MAX = 6
"""Numbers that are named; of more it is said how many they are."""


def unseen_words(
    unseen: Mapping[StationId, Sequence[str]],
    served: Callable[[StationId], bool],
    names: Mapping[StationId, Names],
) -> tuple[str, str] | None:
    """English and Indonesian, or None when every ticket is with somebody.

    A station with neither display nor printer is named once with how many orders it misses: nobody
    can read a list of all of them, and it is the station that needs somebody.
    """
    blind = {s: numbers for s, numbers in unseen.items() if not served(s)}
    seen = {s: numbers for s, numbers in unseen.items() if served(s)}
    if not unseen:
        return None
    said_en, said_id = [], []
    if seen:
        lists_en = "; ".join(f"{_name(s, names, 'en')} {_list(n, 'more')}" for s, n in seen.items())
        lists_id = "; ".join(f"{_name(s, names, 'id')} {_list(n, 'lagi')}" for s, n in seen.items())
        said_en.append(
            f"The kitchen has not confirmed {lists_en}. Call it out; this goes by itself once a"
            " display shows it or a printer prints it."
        )
        said_id.append(
            f"Dapur belum mengonfirmasi {lists_id}. Sampaikan langsung; pesan ini hilang sendiri"
            " setelah layar menampilkan atau printer mencetaknya."
        )
    for station, numbers in blind.items():
        count = len(numbers)
        orders = "1 order" if count == 1 else f"{count} orders"
        said_en.append(
            f"Nobody sees station {_name(station, names, 'en')}: {orders}. Open its kitchen display"
            " or give it a printer, and call the orders out until then."
        )
        said_id.append(
            f"Tidak ada yang melihat stasiun {_name(station, names, 'id')}: {count} pesanan. Buka"
            " layar dapurnya atau beri printer, dan sampaikan langsung sampai saat itu."
        )
    return " ".join(said_en), " ".join(said_id)


def _list(numbers: Sequence[str], more: str) -> str:
    named = ", ".join(dict.fromkeys(numbers[:NUMBERS_MAX]))
    left = len(numbers) - NUMBERS_MAX
    return f"{named} (+{left} {more})" if left > 0 else named


def _name(station: StationId, names: Mapping[StationId, Names], language: str) -> str:
    return name_in(names.get(station, {}), language) or station
