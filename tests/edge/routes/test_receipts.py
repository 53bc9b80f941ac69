"""The guest's digital receipt: one page behind an address nobody can guess, and nothing else."""

import re

import pytest
from httpx import ASGITransport, AsyncClient

from edge.app import front_door
from edge.printing.links import (
    KNOWN_MAX,
    SECRET_BYTES,
    ReceiptLinks,
    base_of,
    known_in,
    secret_in,
)

SECRET = bytes(range(SECRET_BYTES))


def links(secret=SECRET, base="http://box"):
    return ReceiptLinks(secret, base)


class TestCode:
    @pytest.mark.parametrize("order_id", ["0193abcd-1234-7abc-8def-0123456789ab", "order-1", "é"])
    def test_it_is_read_back_by_the_box_that_made_it(self, order_id):
        code = links().code(order_id)
        assert re.fullmatch(r"[a-z2-7]+", code), "it survives a QR code, a phone and a keyboard"
        assert links().find_order(code) == order_id
        assert links().find_order(code.upper()) == order_id

    def test_it_does_not_say_which_order_it_is(self):
        first, second = (links().code(f"0193abcd-1234-7abc-8def-01234567890{n}") for n in "01")
        same = sum(a == b for a, b in zip(first, second, strict=True))
        assert same < len(first) // 2, "two neighbouring orders have nothing in common"

    def test_another_box_neither_makes_nor_reads_it(self):
        other = links(bytes(reversed(SECRET)))
        assert other.code("order-1") != links().code("order-1")
        assert other.find_order(links().code("order-1")) is None

    def test_no_changed_letter_goes_through(self):
        code = links().code("0193abcd-1234-7abc-8def-0123456789ab")
        for at, letter in enumerate(code[:-1]):
            for other in "aq7":
                if other != letter:
                    assert links().find_order(code[:at] + other + code[at + 1 :]) is None

    @pytest.mark.parametrize(
        "code", ["", "a", "aaaa", "0" * 40, "é" * 8, "a" * 10_000, "====", "/"]
    )
    def test_nonsense_is_no_order(self, code):
        assert links().find_order(code) is None

    def test_an_id_that_is_none_has_no_link(self):
        with pytest.raises(ValueError, match="too long"):
            links().code("x" * 100)


def test_the_secret_is_made_once_and_only_its_user_reads_it(tmp_path):
    first = secret_in(tmp_path, SECRET)
    assert secret_in(tmp_path, bytes(SECRET_BYTES)) == first == SECRET
    assert (tmp_path / "receipts.key").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("given", "announced", "port", "base"),
    [
        ("https://struk.example.com/", True, 8080, "https://struk.example.com/"),
        ("", True, 8080, "http://kedai-dago.local:8080"),
        ("", True, 80, "http://kedai-dago.local"),
        ("", False, 8080, ""),
        ("none", True, 8080, ""),
    ],
)
def test_where_guests_reach_the_box(given, announced, port, base):
    assert base_of(given, announced=announced, host="kedai-dago", port=port) == base


def test_a_box_that_guests_cannot_reach_prints_no_code():
    assert links(base="").link("order-1") == ""
    assert (
        links(base="https://struk.example.com/")
        .link("order-1")
        .startswith("https://struk.example.com/r/")
    )


@pytest.fixture
async def paid(box, guest, taken):
    """The address of a paid order's receipt, with a name that is also markup."""
    order = guest.place("nasi-besar", "kopi", tab_name="<b>Sari</b>")
    await taken(order)
    await taken(guest.pay(order.order_id, 100_000))
    return f"/r/{box.receipt_links.code(order.order_id)}"


@pytest.fixture
def taken(box, guest):
    async def take(command):
        return await box.taking.take(guest.asks(command))

    return take


async def test_the_page_says_what_the_paper_says(client, paid):
    page = await client.get(paid)
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    for said in ("Kedai Dago", "Nasi", "32.000", "Kopi", "18.000", "LUNAS / PAID", "100.000"):
        assert said in page.text
    assert "&lt;b&gt;Sari" in page.text
    assert "<b>Sari" not in page.text


async def test_it_needs_no_script_and_asks_nobody_else(client, paid):
    page = await client.get(paid)
    assert "<script" not in page.text
    assert not re.search(r"(src|href)=\"(https?:)?//", page.text)
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert page.headers["referrer-policy"] == "no-referrer"
    assert "noindex" in page.headers["x-robots-tag"]


@pytest.mark.parametrize(
    ("query", "accepted", "said"),
    [
        ("", "", "Pesanan"),
        ("", "en-GB,en;q=0.9,id;q=0.5", "Order"),
        ("", "de-DE,id;q=0.5", "Pesanan"),
        ("?lang=en", "id", "Order"),
        ("?lang=xx", "id", "Pesanan"),
    ],
)
async def test_it_speaks_the_guests_language(client, paid, query, accepted, said):
    page = await client.get(f"{paid}{query}", headers={"accept-language": accepted})
    assert f"{said} A" in page.text


async def test_it_shows_the_order_as_it_stands_now(client, box, guest, taken):
    order = guest.place("nasi-besar")
    await taken(order)
    address = f"/r/{box.receipt_links.code(order.order_id)}"
    assert "BELUM LUNAS" in (await client.get(address)).text
    await taken(guest.pay(order.order_id, 32_000))
    assert "BELUM LUNAS" not in (await client.get(address)).text


async def test_nothing_but_this_receipt(client, box, guest, taken, paid):
    other = guest.place("paket", tab_name="Pak Budi")
    await taken(other)
    page = (await client.get(paid)).text
    assert "Budi" not in page
    assert other.order_id not in page
    assert "order_id" not in page


@pytest.mark.parametrize("code", ["nonsense", "a" * 46, "%00", "..%2f..%2fetc", "é"])
async def test_an_address_of_no_receipt_says_so_in_both_languages(client, code):
    page = await client.get(f"/r/{code}")
    assert page.status_code == 404
    assert "Traceback" not in page.text


async def test_a_code_of_an_order_that_is_not_here_is_no_receipt(client, box):
    page = await client.get(f"/r/{box.receipt_links.code('0193abcd-1234-7abc-8def-0123456789ab')}")
    assert page.status_code == 404
    assert "No such receipt" in page.text


async def test_guests_need_no_pairing_where_screens_do(make_box, menu, guest):
    box = await make_box(menu=menu, pairing="required")
    order = guest.place("nasi-besar")
    await box.taking.take(guest.asks(order))
    transport = ASGITransport(front_door(box), client=("192.168.1.50", 50_000))
    async with AsyncClient(transport=transport, base_url="http://box") as phone:
        assert (await phone.get(f"/api/orders/{order.order_id}")).status_code == 401
        page = await phone.get(f"/r/{box.receipt_links.code(order.order_id)}")
    assert "Kedai Dago" in page.text


def test_codes_of_a_box_that_was_replaced_are_read_once_its_secret_is_known(tmp_path):
    old, new = links(), ReceiptLinks(bytes(range(1, 33)), "https://r", tmp_path)
    code = old.code("order-1")
    assert new.find_order(code) is None
    new.learn([old.secret, b"too short"])
    assert new.find_order(code) == "order-1"
    assert new.code("order-1") != code, "its own papers are its own"
    again = ReceiptLinks(bytes(range(1, 33)), "https://r", tmp_path)
    assert again.find_order(code) == "order-1", "also after a restart"
    assert (tmp_path / "receipts-known.keys").stat().st_mode & 0o777 == 0o600


def test_no_more_boxes_are_remembered_than_an_outlet_can_have_had(tmp_path):
    own = ReceiptLinks(SECRET, "", tmp_path)
    own.learn(bytes([n]) * SECRET_BYTES for n in range(1, KNOWN_MAX + 3))
    kept = known_in(tmp_path)
    assert len(kept) == KNOWN_MAX
    assert bytes([1]) * SECRET_BYTES not in kept


def test_a_damaged_list_of_secrets_is_what_is_left_of_it(tmp_path):
    (tmp_path / "receipts-known.keys").write_bytes(b"zz\n" + SECRET.hex().encode() + b"\n\xff\n")
    assert known_in(tmp_path) == (SECRET,)
