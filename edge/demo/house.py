"""The demo's house rules: a café in Bandung with taxes, a happy hour, a floor plan and two tills."""

from collections.abc import Callable

import msgspec

from edge.http_client import open_client
from protocol.bill import AdjustmentKind, BillRules, Names, RuleBook, Service, Tax
from protocol.house import (
    Bundle,
    DiscountPreset,
    House,
    KioskPlan,
    Limits,
    Promotion,
    Reasons,
    Section,
    Span,
    Table,
    TillPlan,
)
from protocol.menu import Menu, MenuIndex

TIMEOUT_S = 30.0
Ids = Callable[..., tuple[str, ...]]
"""Variants by their PLUs, those that the menu has."""

PBJT = Tax(id="pbjt", names={"id": "PBJT", "en": "Restaurant tax (PBJT)"}, amount="10")
SERVICE = Service(names={"id": "Layanan", "en": "Service"}, percent="5")
"""On what is eaten here; the tax is taken on it as well, as the outlet's revenue."""

COFFEE, TOAST, RICE, TEA = ("101", "104", "106"), "601", "401", "203"
"""PLUs of the demo's menu that offers are about."""


async def publish_house(hq_url: str, key: str) -> int:
    """Give the demo's outlets their rules, unless a visitor has published some; returns the version.

    Raises what the HTTP client raises, and RuntimeError with HQ's answer when it refuses them.
    """
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    async with open_client(hq_url, timeout_s=TIMEOUT_S, headers=headers) as hq:
        shown = (await hq.get("/api/house")).json()
        if shown["version"]:
            return int(shown["version"])
        menu = msgspec.json.decode((await hq.get("/api/menus/current")).content, type=Menu)
        body = msgspec.json.encode(house_of(menu))
        answer = await hq.put("/api/house?replaces=0", content=body)
        if answer.status_code != 200:
            raise RuntimeError(f"HQ does not take the demo's house rules: {answer.text}")
        return int(answer.json()["version"])


def house_of(menu: Menu) -> House:
    """The rules for a menu; what it does not have is left out of them."""
    index = MenuIndex(menu)

    def ids(*plus: str) -> tuple[str, ...]:
        return tuple(index.by_plu[plu][1].id for plu in plus if plu in index.by_plu)

    return House(
        bill=RuleBook(rules=(BillRules(version=1, taxes=(PBJT,), service=SERVICE),)),
        promotions=_promotions(ids),
        discounts=(
            _preset("regular", "Pelanggan tetap", "Regular guest", percent="10"),
            _preset("staff", "Makan karyawan", "Staff meal", percent="50", needs_approval=True),
            _preset("voucher", "Voucher 20 ribu", "Voucher 20,000", amount=20_000),
            _preset("house", "Dari kami", "On the house", percent="100", kind=AdjustmentKind.COMP),
        ),
        reasons=_reasons(),
        limits=Limits(discount_percent="10", paid_out=100_000, over_short=5_000),
        sections=_sections(),
        tills=(
            TillPlan(id="front", name="Laci depan", printer="receipt"),
            TillPlan(id="bar", name="Laci bar"),
        ),
        tips=("5", "10", "15"),
        kiosk=KioskPlan(
            greeting={"id": "Selamat datang di Kedai Dago", "en": "Welcome to Kedai Dago"},
            hours=(Span(from_time="00:00", until_time="00:00"),),
            upsell=ids("501", "602", "306"),
            ask_table=True,
        ),
        favourites=ids("104", "101", "201", "401", "407", "501", "601", "306"),
    )


def _promotions(ids: Ids) -> tuple[Promotion, ...]:
    afternoon = Span(weekdays=(1, 2, 3, 4, 5), from_time="15:00", until_time="18:00")
    combo = ids(TOAST), ids(*COFFEE)
    offers = [
        Promotion(
            id="happy-hour",
            names={"id": "Kopi sore", "en": "Happy hour"},
            ids=ids(*COFFEE),
            percent="20",
            spans=(afternoon,),
            rank=2,
        ),
        Promotion(
            id="first-visit",
            names={"id": "Kunjungan pertama", "en": "First visit"},
            amount=15_000,
            min_spend=50_000,
            code="KEDAI",
            rank=3,
        ),
    ]
    if all(combo):
        breakfast = Promotion(
            id="breakfast",
            names={"id": "Paket sarapan", "en": "Breakfast set"},
            bundle=tuple(Bundle(ids=place) for place in combo),
            bundle_price=30_000,
            spans=(Span(from_time="06:00", until_time="10:30"),),
            rank=1,
        )
        offers.insert(0, breakfast)
    return tuple(offers)


def _preset(preset_id: str, indonesian: str, english: str, **offer: object) -> DiscountPreset:
    values = {"id": preset_id, "names": {"id": indonesian, "en": english}, **offer}
    return msgspec.convert(values, DiscountPreset)


def _reasons() -> Reasons:
    return Reasons(
        void=(
            _names("Salah ketik", "Typing mistake"),
            _names("Tamu berubah pikiran", "Guest changed their mind"),
            _names("Stok habis", "Sold out"),
        ),
        comp=(
            _names("Lama menunggu", "Waited too long"),
            _names("Makanan tidak sesuai", "Food was not right"),
            _names("Tamu undangan", "Invited guest"),
        ),
        discount=(_names("Pelanggan tetap", "Regular guest"), _names("Keluhan", "Complaint")),
        refund=(_names("Makanan dikembalikan", "Food sent back"), _names("Salah bayar", "Mispaid")),
        cash=(
            _names("Belanja bahan", "Bought ingredients"),
            _names("Uang kembalian", "Change fund"),
            _names("Setor ke brankas", "To the safe"),
        ),
        over_short=(
            _names("Salah kembalian", "Wrong change"),
            _names("Lupa dicatat", "Not written down"),
        ),
    )


def _sections() -> tuple[Section, ...]:
    """A room with a window side and a long table, and a terrace of round tables."""
    window = [_table(n, 4 + 19 * i, 6) for i, n in enumerate(range(1, 6))]
    middle = [_table(n, 4 + 26 * i, 36, seats=2, round=True) for i, n in enumerate(range(6, 10))]
    long = _table(10, 20, 68, width=60, height=14, seats=10)
    terrace = [
        _table(n, 10 + 32 * (i % 3), 16 + 40 * (i // 3), round=True)
        for i, n in enumerate(range(11, 17))
    ]
    return (
        Section(id="inside", names=_names("Dalam", "Inside"), tables=(*window, *middle, long)),
        Section(id="terrace", names=_names("Teras", "Terrace"), tables=tuple(terrace)),
    )


def _table(number: int, x: int, y: int, **changes: object) -> Table:
    values = {"id": f"t{number}", "name": str(number), "x": x, "y": y, **changes}
    return msgspec.convert({"width": 14, "height": 16, **values}, Table)


def _names(indonesian: str, english: str) -> Names:
    return {"id": indonesian, "en": english}
