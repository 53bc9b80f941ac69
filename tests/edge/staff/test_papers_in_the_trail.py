"""Papers that somebody discarded, and pages that no sale asked for, are in the trail with who it was."""

import pytest

from edge.config import PrinterConfig
from edge.printing.virtual import VirtualPrinter

TYPES = ("paper.requested", "paper.discarded")


@pytest.fixture
async def printer(clock):
    virtual = VirtualPrinter(clock.wall_ms)
    await virtual.start()
    yield virtual
    await virtual.stop()


@pytest.fixture
async def outlet(open_outlet, printer):
    kitchen = PrinterConfig(
        id="dapur", name="Dapur", host=printer.host, port=printer.port, stations=("dapur",)
    )
    outlet = await open_outlet(printers=(kitchen,))
    await outlet.told(*((who, outlet.person(who)) for who in outlet.pins))
    return outlet


@pytest.fixture
def post(outlet):
    async def send(token, path, key="key-1"):
        async with outlet.screen(token) as screen:
            headers = {"Idempotency-Key": key}
            return await screen.post(path, json={"screen": "kasir-1"}, headers=headers)

    return send


async def test_who_discarded_a_ticket_and_who_printed_a_page_is_told(
    outlet, printer, guest, post, until
):
    token = await outlet.token("budi")
    for _ in range(2):  # a repeat of the same wish is no second deed
        assert (await post(token, "/api/printers/dapur/test", "page")).status_code == 200
    await printer.wait_for_sheets(1)
    await until(lambda: outlet.box.spool.printed == 1)
    printer.change(paper_out=True)
    await until(lambda: outlet.box.spool.faults["dapur"])
    order = (await outlet.ask(guest.place("nasi-kecil"), token))["order"]
    await until(lambda: outlet.box.spool.follower.lag == 0)
    async with outlet.screen(token) as screen:
        (waits,) = (await screen.get("/api/papers")).json()["papers"]
    for _ in range(2):
        assert (await post(token, f"/api/papers/{waits['job_id']}/discard")).status_code == 200
    deeds = [(actor, e["kind"], e["printer"]) for actor, e in await outlet.events(*TYPES)]
    assert deeds == [("budi", "test_page", "dapur"), ("budi", "kitchen_ticket", "dapur")]
    boss = await outlet.token("sari")
    async with outlet.screen(boss) as screen:
        rows = (await screen.get("/api/audit")).json()["rows"]
    told = [(r["who"], r["what"]["en"], r["what"]["id"]) for r in rows if r["kind"] == "paper"]
    ticket = f"{order['number']} (dapur)"
    assert told == [
        (
            "Budi",
            f"Discarded before it was printed: kitchen ticket of {ticket}",
            f"Membuang sebelum tercetak: tiket dapur {ticket}",
        ),
        ("Budi", "Printed: test page (dapur)", "Mencetak: halaman uji (dapur)"),
    ]


async def test_what_goes_by_itself_is_nobodys_deed(outlet, printer, guest, until, clock):
    """A ticket that was too late, or whose order is over, is discarded by the rules."""
    printer.change(paper_out=True)
    await until(lambda: outlet.box.spool.faults["dapur"])
    token = await outlet.token("sari")
    order = (await outlet.ask(guest.place("nasi-kecil"), token))["order"]
    await until(lambda: outlet.box.spool.follower.lag == 0)
    served = {"status": "served", "screen": "counter-1"}
    async with outlet.screen(token) as screen:
        path = f"/api/orders/{order['order_id']}/status"
        answer = await screen.patch(path, json=served, headers={"Idempotency-Key": "served"})
        assert answer.status_code == 200, answer.text
        await until(lambda: outlet.box.spool.follower.lag == 0)
        assert (await screen.get("/api/papers")).json()["papers"] == []
    assert await outlet.events(*TYPES) == []
