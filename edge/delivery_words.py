"""What staff are told when no cook has a ticket, or a station's displays have gone dark."""

from collections.abc import Callable, Mapping, Sequence

from protocol.ids import StationId
from protocol.menu import Names, name_in

NUMBERS_MAX = 6
"""Numbers that are named; of more it is said how many they are."""


def unseen_words(
    unseen: Mapping[StationId, Sequence[str]],
    served: Callable[[StationId], bool],
    names: Mapping[StationId, Names],
) -> tuple[str, str]:
    """In English and Indonesian, by station: which orders nobody there has.

    A station with neither display nor printer is named once with how many orders it misses: nobody
    can read a list of all of them, and it is the station that needs somebody.
    """
    blind = {s: numbers for s, numbers in unseen.items() if not served(s)}
    seen = {s: numbers for s, numbers in unseen.items() if served(s)}
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
            f"Nobody sees station {_name(station, names, 'en')}: {orders}"
            f" ({_list(numbers, 'more')}). Open its kitchen display or give it a printer, and call"
            " the orders out until then."
        )
        said_id.append(
            f"Tidak ada yang melihat stasiun {_name(station, names, 'id')}: {count} pesanan"
            f" ({_list(numbers, 'lagi')}). Buka layar dapurnya atau beri printer, dan"
            " sampaikan langsung sampai saat itu."
        )
    return " ".join(said_en), " ".join(said_id)


def dark_words(dark: Mapping[StationId, str], names: Mapping[StationId, Names]) -> tuple[str, str]:
    """In English and Indonesian: stations whose displays are all gone, with the last one's name."""
    stations_en = ", ".join(f"{_name(s, names, 'en')} ({by})" for s, by in dark.items())
    stations_id = ", ".join(f"{_name(s, names, 'id')} ({by})" for s, by in dark.items())
    said_en = (
        f"No kitchen display is connected at {stations_en}. Look at its power and Wi-Fi; it catches"
        " up by itself. What nobody confirms is sent another way or called out here."
    )
    said_id = (
        f"Tidak ada layar dapur tersambung di {stations_id}. Periksa listrik dan Wi-Fi; layar"
        " menyusul sendiri. Yang tidak dikonfirmasi dialihkan atau disampaikan di sini."
    )
    return said_en, said_id


def _list(numbers: Sequence[str], more: str) -> str:
    named = ", ".join(dict.fromkeys(numbers[:NUMBERS_MAX]))
    left = len(numbers) - NUMBERS_MAX
    return f"{named} (+{left} {more})" if left > 0 else named


def _name(station: StationId, names: Mapping[StationId, Names], language: str) -> str:
    return name_in(names.get(station, {}), language) or station
