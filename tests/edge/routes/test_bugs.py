"""A bug of ours is told in words, to the one who met it: nothing else waits behind it."""

import msgspec
import pytest

from edge import taking


@pytest.fixture
def buggy(monkeypatch):
    """Rules that cannot decide a held order."""
    real = taking.decide

    def sometimes(state, command, moment):
        assert not getattr(command, "hold", False), "a bug in the rules"
        return real(state, command, moment)

    monkeypatch.setattr(taking, "decide", sometimes)


async def test_a_bug_is_a_problem_in_words_at_every_door(
    buggy, both_ways, body, ensure_problem, caplog
):
    for way in both_ways:
        ensure_problem(await way.post("/api/orders", json=body(hold=True)), "bug", 500)
    assert "a bug in the rules" in caplog.text


async def test_one_of_many_that_meets_a_bug_takes_no_answer_from_the_others(buggy, post, guest):
    asked = [guest.asks(guest.place(hold=hold)) for hold in (False, True, False)]
    answers = (await post("/api/commands", msgspec.json.encode(asked))).json()
    assert [a.get("code", a["type"]) for a in answers] == ["accepted", "bug", "accepted"]
