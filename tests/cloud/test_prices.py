"""The price book at HQ: checked, numbered, sent as one publish, the same one only once."""

import msgspec
import pytest

from protocol.prices import Price, PriceBook

pytestmark = pytest.mark.postgres


def book(*prices, **changes):
    return PriceBook(version=99, prices=prices or (Price(id="kopi-l", amount=27_000),), **changes)


async def test_a_book_is_numbered_and_reaches_the_box_whole(box, browser, menu):
    await browser.post("/api/menus/publish", menu())
    start = await box.feed()
    published = (await browser.post("/api/prices", book())).json()
    assert (published["version"], published["prices"], published["unchanged"]) == (1, 1, False)
    (row,) = (await box.feed(start.incarnation, start.pos)).rows
    assert (row.kind, row.key, row.version) == ("prices", "*", 1)
    sent = msgspec.json.decode(row.body, type=PriceBook)
    assert (sent.version, sent.currency, sent.prices) == (1, "IDR", book().prices)
    assert await browser.read("/api/prices") == msgspec.json.decode(row.body)


async def test_the_same_book_again_is_not_sent_again(browser):
    assert (await browser.get("/api/prices")).json()["code"] == "no_prices"
    first = (await browser.post("/api/prices", book())).json()
    again = (await browser.post("/api/prices", book())).json()
    assert (again["version"], again["pos"], again["unchanged"]) == (1, first["pos"], True)
    other = book(Price(id="kopi-l", amount=1))
    assert (await browser.post("/api/prices", other)).json()["version"] == 2


@pytest.mark.parametrize(
    ("unfit", "why"),
    [
        (book(currency="USD"), "USD"),
        (book(Price(id="kopi-l", amount=-1)), "cannot be -1"),
        (book(Price(id="kopi-l", amount=1, from_ms=9, until_ms=8)), "before it begins"),
        (book(Price(id="", amount=1)), "names nothing"),
    ],
)
async def test_an_unfit_book_is_refused_in_words(browser, menu, unfit, why):
    await browser.post("/api/menus/publish", menu())
    answer = await browser.post("/api/prices", unfit)
    assert (answer.status_code, answer.json()["code"]) == (422, "unfit_prices")
    assert why in answer.json()["faults"][0]
    assert (await browser.get("/api/prices")).status_code == 404


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"version":"x"}', b'{"prices":1}'])
async def test_what_is_no_book_is_refused(browser, body):
    answer = await browser.client.post("/api/prices", content=body, headers=browser.headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")


async def test_prices_need_a_key_and_belong_to_one_tenant(world, browser):
    await browser.post("/api/prices", book())
    assert (await world.client.get("/api/prices")).status_code == 401
    stranger = await world.browser(await world.tenant("Lain"))
    assert (await stranger.get("/api/prices")).status_code == 404
