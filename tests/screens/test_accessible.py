"""Every screen in its main states, looked at by axe: nothing serious, contrast included."""

import httpx
import pytest
from shots.axe import SCRIPT, grave_findings
from shots.evening import PATIENCE_S, Evening
from shots.scenes import SCENES
from shots.stage import ONLY, Stage, addresses, is_asked, open_browser, run_demo

from edge.demo.people import CASHIER
from edge.platform import Platform

pytestmark = [
    pytest.mark.screens,
    pytest.mark.postgres,
    pytest.mark.broker,
    pytest.mark.timeout(600),
]
LEAST_STATES = 30
"""Fewer were looked at: a scene has lost its way."""


async def test_no_screen_has_a_serious_finding(shop, tmp_path):
    """`ONLY=kiosk` looks at some; `shop` only says whether screens can run here."""
    del shop
    if not SCRIPT.exists():
        pytest.skip("axe-core is not installed: npm ci")
    found, seen = {}, []

    async def look(page, state):
        seen.append(state)
        if wrong := await grave_findings(page):
            found[f"{name}/{state}"] = wrong

    async with run_demo(tmp_path / "demo") as demo, open_browser() as browser:
        urls = addresses(demo)
        async with httpx.AsyncClient(base_url=urls["root"], timeout=PATIENCE_S) as client:
            await Evening(client, Platform()).happen(CASHIER.name, CASHIER.pin)
        for name, scene in SCENES.items():
            if is_asked(name, ONLY):
                stage = Stage(browser, urls, {}, look)
                await scene(stage)
                await stage.close()
    assert found == {}
    assert ONLY or len(seen) >= LEAST_STATES, seen
