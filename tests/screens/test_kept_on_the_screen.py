"""What a screen keeps outlives the box: an older disk, an empty one, a reload, two tabs, lost answers."""

import asyncio
import shutil

import pytest
from playwright.async_api import expect

pytestmark = pytest.mark.screens

BACK_MS = 30_000
"""A page hears of a new box within ten silent seconds, and offers what it kept at the next heartbeat."""

KEPT = """() => new Promise((found) => {
  const asked = indexedDB.open('kedai-counter');
  asked.onsuccess = () => {
    const all = asked.result.transaction('commands').objectStore('commands').getAll();
    all.onsuccess = () => { asked.result.close(); found(all.result.map((k) => k.position)); };
  };
})"""


@pytest.fixture
def data(tmp_path):
    """The box's disk; `copy` is what somebody saved of it before the day began."""
    return tmp_path / "box"


@pytest.fixture
def put_back(shop, data, tmp_path, cafe_menu):
    """Ends the box, replaces its disk by the copy or by an empty one, and starts it again."""
    copy = tmp_path / "copy"

    async def save():
        await shop.shut()
        shutil.copytree(data, copy)
        await shop.open()

    async def replace(blank=False):
        await shop.shut()
        shutil.rmtree(data)
        if not blank:
            shutil.copytree(copy, data)
        await shop.open()
        if blank:
            await shop.use_menu(cafe_menu, 1)

    replace.save = save
    return replace


async def sell(counter, take, *items):
    """One order, sent to the kitchen; returns the number that the guest was told."""
    for item in items:
        await take(counter, item)
    await counter.get_by_role("button", name="Send to kitchen").click()
    number = await counter.locator("[data-order-number]").inner_text()
    await counter.get_by_role("button", name="New order").click()
    return number.strip()


async def numbers_and_totals(shop):
    return {o["number"]: o["totals"]["total"] for o in await shop.orders()}


async def reappears(shop, before, wait_until):
    async def all_there():
        return await numbers_and_totals(shop) == before

    await wait_until(all_there, "the orders did not come back from the screen", 30)


@pytest.mark.parametrize("blank", [False, True], ids=["older copy", "empty disk"])
async def test_a_box_with_an_older_disk_gets_its_orders_back_from_an_open_page(
    shop, screens, take, put_back, wait_until, blank
) -> None:
    await put_back.save()
    counter = await screens.open(f"{shop.url}/counter/")
    told = [await sell(counter, take, "Cappuccino"), await sell(counter, take, "Americano")]
    before = await numbers_and_totals(shop)
    assert set(told) == set(before)

    await put_back(blank)
    assert await shop.orders() == []
    await reappears(shop, before, wait_until)
    await counter.get_by_role("button", name="Running").click()
    for number in told:
        await expect(counter.locator("[data-order]", has_text=number)).to_have_count(1)
    after = await sell_again(counter, take)
    assert after not in told, "a number that a guest has on paper is not given twice"


async def sell_again(counter, take):
    await counter.get_by_role("button", name="Sell", exact=True).click()
    return await sell(counter, take, "Cappuccino")


async def test_the_same_after_the_page_was_closed_in_between(
    shop, screens, take, put_back, wait_until
) -> None:
    counter = await screens.open(f"{shop.url}/counter/")
    await sell(counter, take, "Cappuccino")
    before = await numbers_and_totals(shop)
    await counter.goto("about:blank")
    await put_back(blank=True)
    assert await shop.orders() == []
    await counter.goto(f"{shop.url}/counter/?lang=en")
    await reappears(shop, before, wait_until)
    await asyncio.sleep(1)
    assert await numbers_and_totals(shop) == before, "offered once more, it is the same order"


async def test_a_payment_comes_back_behind_its_order(
    shop, screens, take, put_back, wait_until
) -> None:
    counter = await screens.open(f"{shop.url}/counter/")
    await take(counter, "Cappuccino")
    await counter.keyboard.press("F9")
    await counter.get_by_role("button", name="Take payment").click()
    await counter.locator("[data-paid]").wait_for()
    (paid,) = await shop.orders()
    await put_back(blank=True)
    await reappears(shop, {paid["number"]: paid["totals"]["total"]}, wait_until)

    async def paid_again():
        (order,) = await shop.orders()
        return order["payments"] == paid["payments"]

    await wait_until(paid_again, "the payment did not come back", 20)


async def test_two_tabs_that_keep_the_same_commands_make_no_second_order(
    shop, screens, take, put_back, wait_until
) -> None:
    first = await screens.open(f"{shop.url}/counter/")
    await sell(first, take, "Cappuccino")
    second = await first.context.new_page()
    await second.goto(f"{shop.url}/counter/?lang=en")
    await second.locator("[data-item]").first.wait_for()
    await sell(second, take, "Americano")
    before = await numbers_and_totals(shop)
    assert len(before) == 2
    await put_back(blank=True)
    await reappears(shop, before, wait_until)
    await asyncio.sleep(2)
    orders = await shop.orders()
    assert len({o["order_id"] for o in orders}) == len(orders) == 2


async def test_an_answer_lost_before_the_box_lost_its_disk_is_one_order(
    shop, screens, take, put_back, wait_until
) -> None:
    counter = await screens.open(f"{shop.url}/counter/")
    lost = asyncio.Event()

    async def lose_the_answers(route):
        if not lost.is_set():
            await route.fetch()
            lost.set()
        await route.abort()

    await counter.route("**/api/commands", lose_the_answers)
    await take(counter, "Cappuccino")
    send = counter.get_by_role("button", name="Send to kitchen")
    await send.dblclick()
    await lost.wait()
    await expect(counter.locator("dialog[open]")).to_contain_text("Kept, not sent yet")
    assert await counter.evaluate(KEPT) == [-1], "on the device before it was ever sent"
    assert len(await shop.orders()) == 1
    await put_back(blank=True)
    assert await shop.orders() == []
    await counter.unroute("**/api/commands")

    async def one_order():
        return len(await shop.orders()) == 1

    await wait_until(one_order, "the order did not come", 30)
    await counter.reload()
    await counter.locator("[data-item]").first.wait_for()
    await asyncio.sleep(2)
    assert len(await shop.orders()) == 1


@pytest.mark.postgres
async def test_a_screen_lets_go_of_what_hq_has(
    start, cafe_menu, wait_until, zero_lag, screens, take
) -> None:
    hq = await start.hq()
    await hq.publish(cafe_menu)
    wan = await start.wan(hq)
    box = await start.box(hq, wan=wan)
    await wait_until(box.has_menu)
    counter = await screens.open(f"{box.url}/counter/")
    wan.set_cut(True)
    await sell(counter, take, "Cappuccino")
    assert len(await counter.evaluate(KEPT)) == 1
    await asyncio.sleep(6)
    assert len(await counter.evaluate(KEPT)) == 1, "kept as long as only the box has it"
    wan.set_cut(False)
    await zero_lag(box)

    async def let_go():
        return await counter.evaluate(KEPT) == []

    await wait_until(let_go, "the copy stays although HQ has it", 30)
