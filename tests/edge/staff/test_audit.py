"""Who did what: from the journal, in two languages, fast enough to look at in the middle of a rush."""

import re
from pathlib import Path

import msgspec
import pytest

from protocol import commands as c
from protocol import floor_commands as f
from protocol.audit import AUDITED, AUDITED_SQL, Known, told
from protocol.events import Event
from protocol.floor_events import CashMoved, DayClosed
from protocol.money import CURRENCIES
from protocol.orders import OrderStatus
from protocol.tills import CashKind

ROOT = Path(__file__).parent.parent.parent.parent


@pytest.fixture
async def read(outlet):
    async def page(token, **params):
        async with outlet.screen(token) as screen:
            return await screen.get("/api/audit", params=params)

    return page


async def test_the_trail_says_who_took_what_off_and_who_said_yes(outlet, guest, read):
    token = await outlet.token("budi")
    order = (await outlet.ask(guest.place("nasi-kecil", "kopi"), token))["order"]
    order_id, line = order["order_id"], order["lines"][0]
    given = (
        await outlet.approve("sari", "void_fired", order_id, line["amount"], token=token)
    ).json()
    void = c.VoidLine(
        order_id=order_id,
        line_id=line["line_id"],
        reason="salah pesan",
        approval_id=given["approval_id"],
    )
    assert (await outlet.ask(void, token))["type"] == "accepted"
    discount = f.Adjust(order_id=order_id, adjustment_id="a1", percent="10", reason="teman")
    assert (await outlet.ask(discount, token))["type"] == "accepted"
    boss = await outlet.token("sari")
    cancel = c.ChangeOrderStatus(order_id=order_id, status=OrderStatus.CANCELLED, reason="pergi")
    assert (await outlet.ask(cancel, boss))["type"] == "accepted"
    answer = await read(boss)
    assert answer.status_code == 200, answer.text
    rows = answer.json()["rows"]
    assert [(r["kind"], r["who"], r.get("number", "")) for r in rows] == [
        ("cancel", "Sari", order["number"]),
        ("sign_in", "Sari", ""),
        ("discount", "Budi", order["number"]),
        ("void", "Budi", order["number"]),
        ("approval", "Sari", order["number"]),
        ("sign_in", "Budi", ""),
    ]
    voided = rows[3]
    assert voided["reason"] == "salah pesan"
    assert voided["amount"] == line["amount"]
    assert voided["what"]["en"].startswith("Voided 1 × ")
    assert voided["what"]["id"].startswith("Membatalkan 1 × ")
    assert all("{" not in r["what"][x] and r["what"][x].strip() for r in rows for x in ("en", "id"))


async def test_only_whoever_closes_the_day_reads_it(outlet, read):
    assert (await read("")).json()["code"] == "sign_in_first"
    assert (await read(await outlet.token("budi"))).json()["code"] == "not_allowed"


async def test_each_business_date_has_its_own(outlet, read, clock):
    boss = await outlet.token("sari")
    assert len((await read(boss)).json()["rows"]) == 1
    assert (await read(boss, date="2026-11-21")).json()["rows"] == []
    assert len((await read(boss, date="2026-11-22")).json()["rows"]) == 1
    assert (await read(boss, date="nonsense")).status_code == 400


async def test_where_nobody_signs_in_it_can_be_read(open_outlet):
    outlet = await open_outlet()
    async with outlet.screen() as screen:
        assert (await screen.get("/api/audit")).json()["rows"] == []


async def test_it_is_read_by_its_index_and_never_through_all_orders(outlet):
    sql = f"EXPLAIN QUERY PLAN SELECT actor FROM journal WHERE {AUDITED_SQL} AND stamp >= 1"
    plan = await outlet.box.database.read(lambda db: str(db.execute(sql).fetchall()))
    assert "journal_of_audit" in plan


@pytest.mark.parametrize("schema", ["edge/migrations.py", "cloud/migrations/0014_people.sql"])
def test_both_stores_have_an_index_over_exactly_what_is_audited(schema):
    text = (ROOT / schema).read_text()
    found = re.search(r"INDEX (?:journal|ledger)_of_audit.*?type IN \((.*?)\)", text, re.DOTALL)
    assert tuple(re.findall(r"'([^']+)'", found[1])) == AUDITED
    kinds = msgspec.inspect.type_info(Event).types
    known = {str(kind.cls.__struct_config__.tag) for kind in kinds}
    assert set(AUDITED) <= known


async def test_a_date_at_the_end_of_the_calendar_is_a_day_without_deeds(outlet):
    token = await outlet.token("sari")
    async with outlet.screen(token) as screen:
        for day in ("9999-12-31", "9000-01-01", "0001-01-01"):
            answer = await screen.get("/api/audit", params={"date": day})
            assert (answer.status_code, answer.json()["rows"]) == (200, [])


def test_a_till_is_called_by_its_name():
    moved = CashMoved(
        shift_id="s1",
        till_id="front",
        move_id="m1",
        kind=CashKind.PAID_IN,
        amount=50_000,
        at_ms=0,
        business_date="2026-11-22",
        reason="kembalian",
        staff=None,
    )
    known = Known({}, {}, {}, CURRENCIES["IDR"], {"front": "Laci depan"})
    assert told(moved, "", known).what == {
        "id": "Memasukkan Rp 50.000 ke Laci depan",
        "en": "Put Rp 50.000 into Laci depan",
    }
    nameless = msgspec.structs.replace(known, tills={})
    assert told(moved, "", nameless).what["en"] == "Put Rp 50.000 into till front"


def test_a_closed_day_is_written_as_on_its_paper():
    closed = msgspec.json.decode(
        (ROOT / "tests/golden/wire/v1/event-day.closed.json").read_bytes(), type=DayClosed
    )
    closed = msgspec.structs.replace(closed, business_date="2026-11-22", number_z=7)
    assert told(closed, "", Known({}, {}, {}, CURRENCIES["IDR"])).what == {
        "id": "Menutup 22/11/2026 dengan Z 7",
        "en": "Closed 22/11/2026 with Z 7",
    }
