"""Virtual time: what asyncio promises holds, a seed decides the rest, and the killed stay dead."""

import asyncio
import contextvars

import pytest
from simulation.loop import Deadlock, NotAllowed, Process, SimLoop, run_simulated


def told(seed, story):
    """What a story noted, and the digest of its trace."""
    loop = SimLoop(seed)
    notes = []
    run_simulated(loop, story(loop, notes.append))
    return notes, loop.digest()


async def two_talkers(loop, note):
    """Two processes that would speak at once."""

    async def talk(name):
        for turn in range(20):
            note(f"{name}{turn}")
            await asyncio.sleep(0)

    talkers = [Process(loop, name).spawn(talk(name)) for name in "ab"]
    await asyncio.gather(*talkers)


def test_a_night_costs_nothing():
    async def story(loop, note):
        await asyncio.sleep(12 * 3600)
        note(loop.time())

    assert told(1, story)[0] == [pytest.approx(1_000 + 12 * 3600, abs=1)]


def test_one_seed_tells_one_story_and_another_seed_another():
    first, again, other = told(1, two_talkers), told(1, two_talkers), told(2, two_talkers)
    assert first == again
    assert first[0] != other[0]
    assert first[1] != other[1]


def test_inside_a_process_asyncios_own_order_holds():
    notes, _ = told(3, two_talkers)
    assert [n for n in notes if n[0] == "a"] == [f"a{turn}" for turn in range(20)]


def test_the_killed_never_run_again_not_even_their_last_words():
    async def story(loop, note):
        async def work():
            try:
                await asyncio.sleep(10)
            finally:
                note("goodbye")

        process = Process(loop, "box")
        heard = []
        process.on_death.append(lambda: heard.append("died"))
        process.spawn(work())
        await asyncio.sleep(5)
        process.kill()
        await asyncio.sleep(60)
        note(heard)
        process.spawn(work())
        await asyncio.sleep(60)
        note("the end")

    # When all is over the dead are taken apart, and only then may they speak.
    assert told(1, story)[0][:2] == [["died"], "the end"]


def test_whoever_waits_for_ever_is_found():
    async def story(loop, note):
        await asyncio.Event().wait()

    with pytest.raises(Deadlock):
        told(1, story)


def test_a_thread_is_refused_loudly():
    async def story(loop, note):
        await asyncio.to_thread(print)

    with pytest.raises(NotAllowed):
        told(1, story)


def test_timeouts_groups_and_context_variables_work():
    voice = contextvars.ContextVar("voice", default="nobody")

    async def story(loop, note):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(3):
                await asyncio.sleep(10)
        note(round(loop.time()))

        async def speak(name):
            voice.set(name)
            await asyncio.sleep(1)
            return voice.get()

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(speak(name)) for name in ("one", "two")]
        note([task.result() for task in tasks])
        note(voice.get())

    assert told(1, story)[0] == [1_003, ["one", "two"], "nobody"]


def test_code_that_watches_the_clock_gets_on():
    async def story(loop, note):
        began_s = loop.time()
        while loop.time() - began_s < 1e-3:  # noqa: ASYNC110  the point of it
            await asyncio.sleep(0)
        note("through")

    assert told(1, story)[0] == ["through"]
