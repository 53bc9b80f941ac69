"""A picture's way: put to a dish at HQ, shown at the outlet, with HQ away as well."""

import asyncio
import io

import pytest
from httpx import ASGITransport, AsyncClient
from PIL import Image

from edge import pictures as module
from edge.app import create_app
from protocol.pictures import WIDTHS

pytestmark = pytest.mark.postgres


@pytest.fixture
def photo():
    out = io.BytesIO()
    Image.effect_noise((1200, 900), 60).convert("RGB").save(out, "JPEG")
    return out.getvalue()


async def test_a_dish_is_shown_where_it_is_sold(scene, photo, monkeypatch):
    monkeypatch.setattr(module, "LOOK_EVERY_S", 0.05)
    place, hq = scene
    sent = await hq.client.put("/api/pictures/nasi-goreng", content=photo, headers=hq.headers)
    named = sent.json()["photo"]
    transport = ASGITransport(create_app(place.box))
    async with AsyncClient(transport=transport, base_url="http://box") as screen:
        async with asyncio.timeout(20):
            while place.box.pictures.kept < len(WIDTHS):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        menu = (await screen.get("/api/menu")).json()
        assert [i["photo"] for i in menu["items"] if i["id"] == "nasi-goreng"] == [named]
        place.wire.cut.set()
        answer = await screen.get(named)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/webp")
        assert "immutable" in answer.headers["cache-control"]
        at_hq = await hq.client.get(named, headers=hq.headers)
        assert answer.content == at_hq.content
        assert (await screen.get("/pictures/" + "0" * 32 + "-320.webp")).status_code == 404
        for odd in ("x", "..%2f..%2fbox.db", "a" * 5000):
            assert (await screen.get(f"/pictures/{odd}")).status_code == 404
