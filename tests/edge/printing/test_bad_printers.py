"""Printers that misbehave and boxes that die: at most once unmarked, nothing lost, no one else delayed."""

import asyncio
import contextlib

import msgspec
import pytest

from edge.listening import listen_no_more
from edge.printing import owner
from protocol.orders import Order

pytestmark = pytest.mark.usefixtures("impatient")


async def _accept_and_say_nothing(reader, writer):
    while await reader.read(4096):
        pass


async def _hang_up_inside_the_job(reader, writer):
    """Answers what it is asked, then breaks off once the job has begun."""
    taken = b""
    while piece := await reader.read(4096):
        taken += piece
        asked = taken.count(b"\x10\x04")
        writer.write(b"\x12" * asked)
        taken = taken.replace(b"\x10\x04", b"")
        if b"Nasi" in taken:
            return


async def _talk_nonsense(reader, writer):
    while await reader.read(4096):
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")


@pytest.fixture
async def listening():
    """A socket that claims to be a printer."""
    servers, callers = [], set()

    async def start(behaviour):
        async def serve(reader, writer):
            callers.add(asyncio.current_task())
            try:
                await behaviour(reader, writer)
            except OSError:
                pass
            finally:
                writer.close()
                with contextlib.suppress(OSError):
                    await writer.wait_closed()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        servers.append(server)
        return server.sockets[0].getsockname()[1]

    yield start
    for server in servers:
        await listen_no_more(server)
    for caller in callers:
        caller.cancel()
    await asyncio.gather(*callers, return_exceptions=True)


@pytest.mark.parametrize(
    ("behaviour", "code", "mark"),
    [
        (_accept_and_say_nothing, "timeout", False),
        (_hang_up_inside_the_job, "closed", True),
        (_talk_nonsense, "garbage", False),
    ],
)
async def test_what_it_does_is_told_and_its_papers_reach_the_backup(
    make_box, menu, printers, settings, take, guest, listening, until, monkeypatch,
    behaviour, code, mark,
):  # fmt: skip
    monkeypatch.setattr(owner, "BACKUP_AFTER_S", 0.5)
    dapur, bar, kasir = settings(printers, dapur="bar")
    bad = msgspec.structs.replace(dapur, port=await listening(behaviour))
    box = await make_box(menu=menu, printers=(bad, bar, kasir))
    began = asyncio.get_running_loop().time()
    order = await take(box, guest.place("nasi-kecil"))
    await take(box, guest.pay(order.order_id, 25_000))
    await printers["kasir"].wait_for_sheets(1)
    assert asyncio.get_running_loop().time() - began < 1.5, "nobody waits for it"
    await until(lambda: box.spool.faults["dapur"])
    assert box.spool.faults["dapur"].code == code
    (sheet,) = await printers["bar"].wait_for_sheets(1)
    assert ("DUPLI" in sheet.text, "REROUTED" in sheet.text) == (mark, True)


@pytest.mark.parametrize(
    ("state", "came_out", "prints", "marked"),
    [
        ("queued", False, 1, False),
        ("printing", False, 1, True),
        ("printing", True, 1, True),
        ("printed", True, 0, False),
        ("held", False, 0, False),
        ("failed", False, 0, False),
        ("moved", False, 0, False),
        ("discarded", False, 0, False),
    ],
)
async def test_a_box_that_dies_in_any_state_prints_what_is_due_and_marks_what_may_be_there(
    make_box, printing_box, printers, settings, take, guest, quiet, jobs,
    state, came_out, prints, marked,
):  # fmt: skip
    """The disk as it is when the power goes; whether the paper came out, the box cannot know."""
    printers["dapur"].change(paper_out=not came_out)
    await take(printing_box, guest.place("nasi-kecil"))
    if came_out:
        await quiet(printing_box)
    before = printers["dapur"].sheets_printed
    await printing_box.stop()
    await _on_disk(printing_box, state)
    printers["dapur"].change(paper_out=False)
    again = await make_box("printing", printers=settings(printers))
    await quiet(again)
    new = [s.text for s in printers["dapur"].sheets][: printers["dapur"].sheets_printed - before]
    assert ["DUPLI" in text for text in new] == [marked] * prints
    ends = {"queued": "printed", "printing": "printed"}.get(state, state)
    assert [s for _, s, _ in await jobs(again)] == [ends]


async def _on_disk(box, state):
    import sqlite3

    with sqlite3.connect(box.data_dir / "box.db") as db:
        db.execute("UPDATE print_jobs SET state = ?", (state,))
    db.close()


async def test_a_paper_moved_when_the_power_goes_is_at_one_printer_or_the_other(
    make_box, menu, printers, settings, take, guest, quiet, jobs
):
    """Moving is one transaction: the origin lets go of it exactly when the backup has it."""
    both = settings(printers, dapur="bar")
    box = await make_box("moving", menu=menu, printers=both)
    for name in ("dapur", "bar"):
        await printers[name].stop()
    await take(box, guest.place("nasi-kecil"))
    await quiet_moves(box)
    await box.stop()
    for name in ("dapur", "bar"):
        await printers[name].start()
    again = await make_box("moving", printers=both)
    await quiet(again)
    assert sum(printers[n].sheets_printed for n in ("dapur", "bar")) == 1
    assert [s for _, s, _ in await jobs(again)].count("printed") == 1


async def quiet_moves(box):
    """A moment in which the kitchen's owner has had its chance to move."""
    async with asyncio.timeout(5):
        while box.spool.faults["dapur"] is None:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    await asyncio.sleep(0.2)


async def test_a_box_that_is_restarted_lets_the_paper_in_hand_finish(
    make_box, printing_box, printers, settings, take, guest, quiet, jobs, until
):
    printers["dapur"].change(lines_per_s=12)
    await take(printing_box, guest.place("nasi-kecil"))
    await until(lambda: printers["dapur"].connections)
    await asyncio.sleep(0.3)
    await printing_box.stop()
    again = await make_box("printing", printers=settings(printers))
    await quiet(again)
    assert ["DUPLI" in s.text for s in printers["dapur"].sheets] == [False]
    assert await jobs(again) == [("dapur", "printed", 0)]


async def test_five_printers_at_their_worst_delay_no_order(
    make_box, menu, printers, settings, take, guest, listening, quiet
):
    slow = printers["bar"]
    slow.change(lines_per_s=5)
    known = list(settings(printers))
    for n, behaviour in enumerate(
        (_accept_and_say_nothing, _talk_nonsense, _hang_up_inside_the_job)
    ):
        known.append(
            msgspec.structs.replace(
                known[0], id=f"bad-{n}", name=f"Bad {n}", port=await listening(behaviour)
            )
        )
    box = await make_box(menu=menu, printers=tuple(known))
    clock, worst = asyncio.get_running_loop().time, 0.0
    for _ in range(20):
        began = clock()
        await take(box, guest.place("paket"))
        worst = max(worst, clock() - began)
    assert worst < 0.3
    await printers["dapur"].wait_for_sheets(20, timeout_s=20)
    rows = await box.database.read(lambda db: db.execute("SELECT body FROM orders").fetchall())
    assert len([msgspec.json.decode(r[0], type=Order) for r in rows]) == 20
