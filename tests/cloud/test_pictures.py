"""Pictures of dishes: checked, scaled, named for ever; what is no picture changes nothing."""

import io
import re
import struct
import zlib

import msgspec
import pytest
from PIL import Image

from cloud.imaging import PIXELS_MAX, UPLOAD_BYTES_MAX
from cloud.pictures import UNNAMED_MS
from protocol.pictures import WIDTHS, Picture, is_webp, path_of, picture_at

pytestmark = pytest.mark.postgres


def drawn(form="PNG", size=(1600, 1200), mode="RGB", colour="red", **saving):
    """A picture with a blue corner, so that its turning can be seen."""
    picture = Image.new(mode, size, colour)
    picture.paste("blue", (0, 0, size[0] // 2, size[1] // 2))
    out = io.BytesIO()
    picture.save(out, form, **saving)
    return out.getvalue()


@pytest.fixture
def put(browser):
    """Sends bytes as the picture of an item."""

    async def put(data, item_id="kopi"):
        return await browser.client.put(
            f"/api/pictures/{item_id}", content=data, headers=browser.headers
        )

    return put


@pytest.fixture
async def sold(browser, menu):
    """HQ with a menu."""
    await browser.post("/api/menus/publish", menu())


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
async def test_a_picture_comes_in_all_widths_and_the_menu_names_it(sold, put, browser, box, form):
    before = await box.feed()
    shown = (await put(drawn(form))).json()
    digest, width = picture_at(shown["photo"])
    (row,) = (await box.feed(before.incarnation, before.pos)).rows
    assert (row.kind, row.key) == ("product", "kopi")
    assert shown["photo"] in row.body.decode(), "boxes hear of it as of a new name"
    for width in WIDTHS:
        answer = await browser.get(path_of(digest, width))
        assert "immutable" in answer.headers["cache-control"]
        assert is_webp(answer.content)
        picture = Image.open(io.BytesIO(answer.content))
        assert (picture.format, picture.size) == ("WEBP", (width, width * 3 // 4))


async def test_a_box_fetches_it_over_its_signed_line(sold, put, box, world):
    digest, _ = picture_at((await put(drawn())).json()["photo"])
    path = f"/sync/v1/pictures/{digest}-320.webp"
    answer = await box.request("GET", path, b"", encoding="")
    picture = msgspec.msgpack.decode(answer.content, type=Picture)
    assert (picture.digest, picture.width, is_webp(picture.body)) == (digest, 320, True)
    assert (await world.client.get(path)).status_code == 401
    missing = await box.request("GET", path.replace(digest, "0" * 32), b"", encoding="")
    assert missing.status_code == 404


async def test_the_same_upload_is_the_same_picture_and_another_is_not(sold, put):
    one, again, other = [(await put(drawn(colour=c))).json() for c in ("red", "red", "green")]
    assert one["photo"] == again["photo"] != other["photo"]


async def test_a_telephones_picture_is_turned_upright_and_loses_what_else_it_tells(
    sold, put, browser
):
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned a quarter clockwise
    exif[0x010F] = "Camera of Siti"
    sent = drawn("JPEG", (1600, 1200), exif=exif)
    digest, _ = picture_at((await put(sent)).json()["photo"])
    body = (await browser.get(path_of(digest, 320))).content
    picture = Image.open(io.BytesIO(body)).convert("RGB")
    assert picture.size == (320, 427)
    red, _, blue = picture.getpixel((300, 20))
    assert blue > red, "the corner that was left is right now"
    assert b"Siti" not in body
    assert b"EXIF" not in body


async def test_what_can_be_seen_through_stays_so_and_small_ones_stay_small(sold, put, browser):
    sent = drawn(size=(200, 100), mode="RGBA", colour=(0, 0, 0, 0))
    digest, _ = picture_at((await put(sent)).json()["photo"])
    picture = Image.open(io.BytesIO((await browser.get(path_of(digest, 1080))).content))
    assert (picture.mode, picture.size) == ("RGBA", (200, 100))


def png_that_claims(width, height):
    """A PNG whose header speaks of more dots than its bytes hold."""

    def chunk(kind, body):
        whole = kind + body
        return struct.pack(">I", len(body)) + whole + struct.pack(">I", zlib.crc32(whole))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(b"\0" * 1000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "no JPEG, PNG or WebP"),
        (b"GIF89a" + bytes(100), "no JPEG, PNG or WebP"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "no JPEG, PNG or WebP"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n", "no JPEG, PNG or WebP"),
        (drawn("GIF"), "no JPEG, PNG or WebP"),
        (drawn("TIFF"), "no JPEG, PNG or WebP"),
        (drawn(size=(20, 400)), "at least 64"),
        (png_that_claims(9_000, PIXELS_MAX // 9_000 + 1), "50 million"),
        (png_that_claims(60_000, 60_000), "dots"),
        (png_that_claims(800, 600), "cannot be read"),
        (drawn()[:1500], "cannot be read"),
        (drawn("JPEG")[:2000], "cannot be read"),
    ],
)
async def test_what_is_no_picture_is_refused_and_changes_nothing(sold, put, browser, data, said):
    answer = await put(data)
    assert (answer.status_code, answer.json()["code"]) == (422, "unfit_picture")
    assert said in answer.json()["title"]
    assert not re.search(r"\b(It|are|is)\b", answer.json()["title_id"]), "half in English"
    assert (await browser.read("/api/products"))["products"][0]["photo"] is None


async def test_an_upload_beyond_all_measure_is_not_read(sold, put):
    answer = await put(b"x" * (UPLOAD_BYTES_MAX + 1))
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


async def test_an_item_that_is_not_on_the_menu_gets_none(sold, put, browser, world, tenant):
    assert (await put(drawn(), "durian")).json()["code"] == "unknown_product"
    assert (await browser.get("/pictures/nothing.webp")).status_code == 404
    assert not await world.rows(tenant, "SELECT * FROM pictures")


async def test_a_picture_is_taken_off_and_forgotten_after_three_months(
    sold, put, browser, world, tenant
):
    first = (await put(drawn())).json()["photo"]
    answer = await browser.client.delete("/api/pictures/kopi", headers=browser.headers)
    assert answer.json()["photo"] is None
    assert (await browser.get(first)).status_code == 200, "it may be put back"
    world.clock.now_ms += UNNAMED_MS + 1
    second = (await put(drawn(colour="green"))).json()["photo"]
    assert (await browser.get(first)).status_code == 404
    world.clock.now_ms += UNNAMED_MS + 1
    await put(drawn(colour="yellow"), "kopi")
    assert (await browser.get(second)).status_code == 200, "named until this very moment"


async def test_pictures_belong_to_one_tenant(sold, put, world):
    photo = (await put(drawn())).json()["photo"]
    stranger = await world.browser(await world.tenant("Lain"))
    assert (await stranger.get(photo)).status_code == 404
    assert (await world.client.get(photo)).status_code == 401
