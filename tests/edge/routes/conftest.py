"""Bodies as screens send them, and the two ways an order may take into the box."""

import msgspec
import pytest
from httpx import ASGITransport, AsyncClient

from edge.app import create_app
from edge.routes.hot import HotPath
from protocol.commands import Accepted

JSON = {"content-type": "application/json"}


@pytest.fixture
def body(guest):
    """A request to place an order, as plain values."""

    def make(*variants, **more):
        lines = [{"line_id": guest.new_id(), "variant_id": v} for v in variants or ("nasi-kecil",)]
        return {
            "order_id": guest.new_id(), "command_id": guest.new_id(), "lines": lines,
        } | more  # fmt: skip

    return make


@pytest.fixture
def post(client):
    """Posts values or raw bytes as JSON."""

    async def send(path, values, **headers):
        content = values if isinstance(values, bytes) else msgspec.json.encode(values)
        return await client.post(path, content=content, headers=JSON | headers)

    return send


@pytest.fixture
def placed(post, body):
    """Places an order; returns it as it is."""

    async def place(*variants, **more):
        answer = await post("/api/orders", body(*variants, **more))
        assert answer.status_code == 200, answer.text
        return msgspec.json.decode(answer.content, type=Accepted).order

    return place


@pytest.fixture
async def both_ways(box):
    """The short way in, and the framework's own handlers of the same addresses."""
    app = create_app(box)
    short = ASGITransport(
        HotPath(app, lambda: box.taking, lambda: box.staffing.asking), raise_app_exceptions=False
    )
    long = ASGITransport(app, raise_app_exceptions=False)
    async with (
        AsyncClient(transport=short, base_url="http://box") as one,
        AsyncClient(transport=long, base_url="http://box") as other,
    ):
        yield one, other


@pytest.fixture
def ensure_problem():
    """The answer is a problem in both languages, with this code."""

    def ensure(answer, code, status):
        problem = answer.json()
        assert (problem["code"], answer.status_code) == (code, status), answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        assert problem["status"] == status
        assert problem["type"] == f"urn:kedai:refusal:{code}"
        said = [problem[k] for k in ("title", "what_to_do", "title_id", "what_to_do_id")]
        assert all(said)
        assert not any("{" in text for text in said), "every place in the sentence is filled in"
        assert problem["title"] != problem["title_id"]
        return problem

    return ensure
