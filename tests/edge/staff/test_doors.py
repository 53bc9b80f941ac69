"""What is no command has doors of its own: coupon codes, papers, taking over, figures of open tills."""

import msgspec
import pytest
from httpx import ASGITransport, AsyncClient

from edge.feed_rows import Arrival
from edge.house import HouseHere
from protocol import till_commands as t
from protocol.devices import DeviceKind
from protocol.house import House, Promotion
from protocol.replication import FeedRow

HOUSE = House(
    promotions=(
        Promotion(id="sore", names={"id": "Sore"}, percent="5"),
        Promotion(id="teman", names={"id": "Teman"}, percent="50", code="RAHASIA50"),
    )
)
HALF = 12_500
"""Half of a small rice, by the coupon that goes before the lesser offer."""


@pytest.fixture
async def selling(outlet):
    """An outlet with a coupon."""
    row = FeedRow(1, "house", "*", 1, msgspec.json.encode(HOUSE), "p-house")
    at = Arrival(outlet.box.journal.reading(), "life-1")
    house = HouseHere(outlet.box.journal)
    await outlet.box.database.write(lambda db: house.take_row(db, row, at))
    return outlet


def at_the_box(outlet):
    """A technician at the box's own machine."""
    transport = ASGITransport(outlet.door, client=("127.0.0.1", 40000))
    return AsyncClient(transport=transport, base_url="http://localhost:8080")


async def told(asking):
    async with asking as screen:
        answer = await screen.get("/api/house")
    return "RAHASIA50" in answer.text, [p["id"] for p in answer.json()["house"]["promotions"]]


async def test_nobody_is_told_a_coupon_who_could_not_give_it(selling):
    assert await told(selling.screen()) == (False, ["sore"])
    display = await selling.pair(DeviceKind.KITCHEN)
    assert await told(selling.screen(device=display)) == (False, ["sore"])
    token = await selling.token("budi")
    assert (await told(selling.screen(token)))[0] is True
    async with selling.screen(token) as screen:
        await screen.post("/api/staff/sign-out")
    assert (await told(selling.screen(token)))[0] is False
    for kind in (DeviceKind.COUNTER, DeviceKind.KIOSK):
        device = await selling.pair(kind)
        assert (await told(selling.screen(device=device)))[0] is True
    assert (await told(at_the_box(selling)))[0] is True


async def test_a_code_that_was_typed_is_worked_out_by_the_box(selling, guest):
    place = guest.place("nasi-kecil", codes=("rahasia50",))
    order = (await selling.ask(place, await selling.token("budi")))["order"]
    assert order["totals"]["discounts"] >= HALF


async def test_a_box_is_put_in_charge_by_somebody_who_may(selling):
    async def take_over(screen):
        async with screen as line:
            return (await line.post("/api/box/take-over", json={})).json().get("code")

    assert await take_over(selling.screen()) == "sign_in_first"
    assert await take_over(selling.screen(await selling.token("budi"))) == "not_allowed"
    # These two go on to the next question: a box alone has nobody to take over from.
    assert await take_over(selling.screen(await selling.token("sari"))) == "not_enrolled"
    assert await take_over(at_the_box(selling)) == "not_enrolled"


@pytest.mark.parametrize(
    "path",
    [
        "/api/papers/x/reprint",
        "/api/papers/x/discard",
        "/api/orders/x/receipt",
        "/api/orders/x/tickets",
        "/api/printers/x/test",
        "/api/printers/x/x-report",
    ],
)
async def test_somebody_answers_for_each_paper(selling, guest, path):
    async def asked(screen):
        async with screen as line:
            headers = {"idempotency-key": guest.new_id()}
            return (await line.post(path, json={"screen": "?"}, headers=headers)).json()["code"]

    till = t.OpenShift(shift_id=guest.new_id(), till_id="depan", opening=1)
    await selling.ask(till, await selling.token("budi"))
    assert await asked(selling.screen()) == "sign_in_first"
    assert await asked(selling.screen(await selling.token("sari"))) not in (
        "sign_in_first",
        "not_allowed",
    )


async def test_where_nobody_signs_in_everything_is_as_before(open_outlet):
    outlet = await open_outlet()
    async with outlet.screen() as screen:
        assert (await screen.post("/api/box/take-over", json={})).json()["code"] == "not_enrolled"
        discard = await screen.post("/api/papers/x/discard", json={"screen": "?"})
        assert discard.json()["code"] == "unknown_paper"
        assert (await screen.get("/api/reports/sales")).status_code == 200
