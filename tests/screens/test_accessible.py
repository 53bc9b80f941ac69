"""Every screen in its main states, looked at by axe: nothing at all is found, whatever its weight."""

import httpx
import pytest
from playwright.async_api import Error as PlaywrightError
from shots.axe import SCRIPT, findings
from shots.evening import PATIENCE_S, Evening
from shots.long_names import lengthen
from shots.scenes import FLOOR, SCENES
from shots.stage import ONLY, PHONE, TILL, Stage, addresses, is_asked, open_browser, run_demo

from edge.demo.people import CASHIER
from edge.platform import Platform

pytestmark = [
    pytest.mark.screens,
    pytest.mark.postgres,
    pytest.mark.broker,
    pytest.mark.timeout(900),
]
LEAST_STATES = {TILL: 85, PHONE: 55}
"""Fewer were looked at: a scene has lost its way."""


@pytest.mark.parametrize(
    ("language", "desk", "scenes", "long"),
    [
        pytest.param("en", TILL, SCENES, False, id="everything"),
        pytest.param("id", PHONE, FLOOR, True, id="the counter on a phone, long names"),
    ],
)
async def test_no_screen_has_a_finding(shop, tmp_path, language, desk, scenes, long):
    """`ONLY=kiosk` looks at some; `shop` only says whether screens can run here."""
    del shop
    if not SCRIPT.exists():
        pytest.skip("axe-core is not installed: npm ci")
    found, seen = {}, []

    async def look(page, state):
        seen.append(f"{name}/{state}")
        if wrong := await findings(page):
            found[seen[-1]] = wrong

    async with run_demo(tmp_path / "demo") as demo, open_browser() as browser:
        urls = addresses(demo)
        async with httpx.AsyncClient(base_url=urls["root"], timeout=PATIENCE_S) as client:
            if long:
                await lengthen(urls["hq"], client)
            numbers = await Evening(client, Platform()).happen(CASHIER.name, CASHIER.pin)
        for name, scene in scenes.items():
            if is_asked(name, ONLY):
                stage = Stage(browser, urls, numbers, look, language, desk)
                try:
                    await scene(stage)
                except PlaywrightError as fault:
                    pytest.fail(f"{name} stuck: {fault.message}\n{await stage.describe()}")
                await stage.close()
    assert found == {}
    assert ONLY or len(seen) >= LEAST_STATES[desk], seen
