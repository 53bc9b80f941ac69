"""Old boxes at a new HQ, new boxes at an old one, and either upgraded in place: orders tie out.

The old ones are the programs that were shipped, unpacked from `tests/golden/releases/`.
"""

import asyncio
import contextlib
import shutil
import sqlite3

import httpx
import pytest

from tests.contract.releases import RELEASES, ask, unpack

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(240)]

RICE = 25_000
NO_KITCHEN = "kitchen_unseen"
"""This shop has neither a kitchen display nor a printer, and after four seconds its box says so."""
LISTED = "SELECT order_id, number, status FROM orders ORDER BY order_id"


@pytest.fixture(params=RELEASES, ids=[r.stem for r in RELEASES])
def old(request, tmp_path):
    release = unpack(request.param, tmp_path / "release")
    said = ask(release, "import edge.product as p; print(p.__file__, p.VERSION)").split()
    assert said == [str(tmp_path / "release/edge/product.py"), request.param.stem]
    return release


async def test_an_old_box_sells_at_a_new_hq_and_is_upgraded_in_place(old, open_shop):
    shop = await open_shop(box=old)
    sold = [await shop.sell() for _ in range(4)]
    # What only a newer box understands comes down, and does not stop the older one.
    await shop.publish_prices(RICE + 1_000)
    await shop.hq.publish(shop.dearer(shop.warung, "kopi-tubruk", 9_500))
    await shop.wait_until(lambda: shop.box.has_menu(2), "the next menu")
    sold.append(await shop.sell())
    await shop.zero_lag(shop.box)
    assert shop.orders_on_disk() == {s["order_id"]: s["number"] for s in sold}
    await shop.box.kill()

    shop.box.become()
    await shop.box.restart()
    assert shop.orders_on_disk() == {s["order_id"]: s["number"] for s in sold}
    # What the older build could not use comes into force now.
    await shop.wait_until(lambda: shop.costs(RICE + 1_000), "the prices")
    sold += [await shop.sell(costs=RICE + 1_000) for _ in range(3)]
    await shop.is_known(sold[:5])
    await shop.ends_well(sold)


async def test_a_new_box_sells_at_an_old_hq_which_is_upgraded_beneath_it(old, open_shop):
    shop = await open_shop(hq=old)
    sold = [await shop.sell() for _ in range(4)]
    await shop.all_is_sent()
    shop.is_well_for_an_old_hq(await shop.box.read("/health"))
    # More than a hello says now meets a hello that reads less: every way up is asked again.
    await shop.box.kill()
    await shop.box.restart()
    sold.append(await shop.sell())
    await shop.all_is_sent()

    selling = asyncio.create_task(shop.keep_selling(4))
    await shop.hq.kill()
    shop.hq.become()
    await shop.hq.restart()
    sold += await selling
    await shop.ends_well(sold)


async def test_a_restored_box_at_an_old_hq_sells_on_and_gets_the_rest_once_hq_can_give_it(
    old, open_shop
):
    shop = await open_shop(hq=old)
    sold = [await shop.sell() for _ in range(2)]
    await shop.all_is_sent()
    await shop.box.stop()
    data = shop.box.database.parent
    shutil.copytree(data, data.with_name("copy"))
    await shop.box.restart()
    sold += [await shop.sell() for _ in range(3)]
    await shop.all_is_sent()
    await shop.box.stop()
    shutil.rmtree(data)
    data.with_name("copy").rename(data)

    # The old HQ knows nothing of giving back. What is new goes up all the same.
    await shop.box.restart()
    sold.append(await shop.sell())
    await shop.wait_until(lambda: shop.is_at_hq(sold[-1]), "the new order at HQ")
    assert len(shop.orders_on_disk()) == 3
    assert len({s["number"] for s in sold}) in {5, 6}

    await shop.hq.kill()
    shop.hq.become()
    await shop.hq.restart()
    await shop.wait_until(lambda: len(shop.orders_on_disk()) == 6, "what was lost")
    await shop.ends_well(sold, alarms={"box_restored"})


async def test_old_and_new_boxes_of_one_business_at_one_hq(old, open_shop):
    shop = await open_shop(box=old)
    other = await shop.another()
    ours, theirs = [await shop.sell()], [await other.sell()]
    await shop.publish_prices(RICE + 2_000)
    await shop.wait_until(lambda: other.costs(RICE + 2_000), "the prices")
    ours.append(await shop.sell())
    theirs.append(await other.sell(costs=RICE + 2_000))
    await shop.zero_lag(shop.box)
    await other.ends_well(theirs)
    assert {row["aggregate_id"] for row in await shop.placed_at_hq()} == {
        s["order_id"] for s in ours
    }


# ---------------------------------------------------------------- parts


class Shop:
    """One box at one HQ, either of which may be of another release."""

    def __init__(self, hq, box, tools):
        self.hq, self.box = hq, box
        self.wait_until, self.zero_lag, self.ensure_whole = tools["waits"]
        self.start_box, self.request = tools["makes"]
        self.warung, self.dearer = tools["menus"]
        self._tools = tools
        self._sent = {}

    async def another(self):
        box = await self.start_box(self.hq, name="Kedai Braga")
        await self.wait_until(box.has_menu, "the menu")
        return Shop(self.hq, box, self._tools)

    async def all_is_sent(self):
        """An older HQ has it, whether or not it understands it."""

        async def sent():
            return (await self.box.read("/health"))["unsent"] == 0

        await self.wait_until(sent, "not all is sent")

    async def sell(self, costs=RICE):
        """A guest orders and pays; the same tap twice is one order."""
        wish = self.request(lines=[("nasi-goreng", 1)])
        answers = [await self.box.insist(wish) for _ in range(2)]
        assert [a.status_code for a in answers] == [200, 200], answers[0].text
        order = answers[0].json()["order"]
        assert order["totals"]["total"] == costs
        money = {"payment_id": wish["lines"][0]["line_id"], "tendered": costs}
        money["command_id"] = wish["lines"][0]["line_id"]
        path = f"/api/orders/{order['order_id']}/payments"
        paid = await self.box.insist(money, path)
        assert paid.status_code == 200, paid.text
        self._sent[order["order_id"]] = (wish, path, money)
        return order

    async def keep_selling(self, count):
        sold = []
        for _ in range(count):
            sold.append(await self.sell())
            await asyncio.sleep(0.5)
        return sold

    async def is_known(self, sold):
        """Screens that never heard the first answer ask the upgraded box: nothing is done twice."""
        for order in sold:
            wish, path, money = self._sent[order["order_id"]]
            for body, where in ((wish, "/api/orders"), (money, path)):
                again = await self.box.insist(body, where)
                assert (again.status_code, again.json()["repeated"]) == (200, True), again.text

    async def publish_prices(self, rice):
        book = {"version": 0, "prices": [{"id": "nasi-goreng", "amount": rice}]}
        answer = await self.hq.client.post("/api/prices", json=book)
        assert answer.status_code == 200, answer.text

    async def costs(self, price):
        with contextlib.suppress(httpx.TransportError):
            text = (await self.box.client.get("/api/menu")).text
            return f'"price":{price}' in text.replace(" ", "")

    def is_well_for_an_old_hq(self, health):
        wrong = [s for s in health["sentences"] if not s["ok"] and s["code"] != NO_KITCHEN]
        assert not wrong, "an HQ of yesterday is no reason to alarm anybody"

    def orders_on_disk(self):
        with contextlib.closing(
            sqlite3.connect(f"file:{self.box.database}?mode=ro", uri=True)
        ) as d:
            return {order_id: number for order_id, number, _ in d.execute(LISTED)}

    async def placed_at_hq(self):
        rows = await self.hq.ledger(self.box.outlet_id)
        return [r for r in rows if r["type"] == "order.placed" and not r["duplicate"]]

    async def is_at_hq(self, order):
        return order["order_id"] in {r["aggregate_id"] for r in await self.placed_at_hq()}

    async def ends_well(self, sold, alarms=frozenset()):
        """Each sale once, at the box and at HQ, entry by entry; the doctor finds nothing else."""
        await self.zero_lag(self.box)
        ids = sorted(s["order_id"] for s in sold)
        assert sorted(r["aggregate_id"] for r in await self.placed_at_hq()) == ids
        assert sorted(self.orders_on_disk()) == ids
        here, there = await self.box.sales(), await self.hq.sales(self.box.outlet_id)
        assert here.totals == there.totals
        assert (here.totals.orders, here.totals.amount_minor) == (
            len(sold),
            sum(s["totals"]["total"] for s in sold),
        )
        found = await self.box.doctor()
        wrong = {f["code"] for f in found["findings"] if not f["ok"]} - {NO_KITCHEN}
        assert wrong == {f"alarm.{code}" for code in alarms}
        assert found["same"] is True
        if not alarms:
            assert await self.box.stop() == 0
            await self.ensure_whole(self.box)


@pytest.fixture
def open_shop(start, wait_until, zero_lag, ensure_whole, order_request, warung, dearer):
    async def opened(*, hq=None, box=None):
        at = await start.hq(release=hq)
        await at.publish(warung)
        sells = await start.box(at, release=box)
        await wait_until(sells.has_menu, "the menu")
        tools = {
            "waits": (wait_until, zero_lag, ensure_whole),
            "makes": (start.box, order_request),
            "menus": (warung, dearer),
        }
        return Shop(at, sells, tools)

    return opened
