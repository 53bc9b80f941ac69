"""How the box is: for load balancers, for people, for Prometheus."""

import re

import pytest
from httpx import ASGITransport, AsyncClient

from edge.app import create_app


@pytest.fixture
async def empty(make_box):
    """Speaks to a box that has no menu yet."""
    box = await make_box()
    async with AsyncClient(transport=ASGITransport(create_app(box)), base_url="http://box") as it:
        yield it


async def test_alive_and_ready(client):
    assert (await client.get("/health/live")).json() == {"status": "alive"}
    assert (await client.get("/health/ready")).status_code == 200


async def test_not_ready_without_a_menu_and_says_why(empty):
    answer = await empty.get("/health/ready")
    assert answer.status_code == 503
    assert "menu" in answer.json()["reason"]
    assert (await empty.get("/health/live")).status_code == 200


async def test_not_ready_when_the_disk_failed(client, box):
    box.database.broken = "the disk did not confirm a commit"
    answer = await client.get("/health/ready")
    assert answer.status_code == 503
    assert "disk" in answer.json()["reason"]


async def test_the_page_in_words_adds_up(client, box, placed):
    await placed()
    report = (await client.get("/health")).json()
    assert report["acknowledged"] == box.journal.position
    assert (report["replicated"], report["unsent"]) == (0, 0), "this box has no HQ"
    assert all(s["en"] and s["id"] and s["en"] != s["id"] for s in report["sentences"])
    assert report["ok"] == all(s["ok"] for s in report["sentences"])


async def test_metrics_are_readable_for_prometheus(client, box, post, body, placed):
    await placed()
    await post("/api/orders", body("rendang"))
    answer = await client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    values = dict(re.findall(r"^(kedai_\w+) ([0-9.]+)$", answer.text, re.MULTILINE))
    assert values["kedai_commands_accepted_total"] == "1.0"
    assert values["kedai_commands_refused_total"] == "1.0"
    assert float(values["kedai_journal_position"]) == box.journal.position
    assert values["kedai_ready"] == "1.0"
    for name in values:
        assert f"# HELP {name.removesuffix('_total')}" in answer.text
