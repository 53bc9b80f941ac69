"""Whatever the OpenAPI page allows, and whatever it forbids: the box never stumbles over it."""

import asyncio

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.generation import GenerationMode

LIVES_ON = ("get", "/api/feed"), ("get", "/api/shown/{counter}")
"""A stream that never ends, and a wait for the next picture: `test_feed.py` and `test_presence.py`
read them."""


async def test_no_request_makes_the_box_stumble(box, url):
    asked = await asyncio.to_thread(ask_about_everything, url)
    assert len(asked) > 15, "every address but the stream was asked"
    assert box.database.broken is None


def ask_about_everything(url):
    schema = schemathesis.openapi.from_url(f"{url}/api/schema/openapi.json")
    schema.config.update(base_url=url)
    asked = set()
    for found in schema.get_all_operations():
        operation = found.ok()
        if (operation.method.lower(), operation.path) not in LIVES_ON:
            ask(operation, GenerationMode.POSITIVE)
            if operation.body or list(operation.query):
                ask(operation, GenerationMode.NEGATIVE)
            asked.add(operation.label)
    return asked


def ask(operation, mode):
    @settings(
        max_examples=15,
        derandomize=True,
        database=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def one(case):
        answer = case.call(timeout=5)
        asked = f"{case.method} {case.formatted_path} {case.query} {case.body!r:.300}"
        assert answer.status_code < 500 or answer.status_code == 503, f"{asked}: {answer.text}"

    one()
