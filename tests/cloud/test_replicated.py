"""What HQ notices and shows of an outlet's replication: boxes, alarms, oddities, telemetry, witness."""

import msgspec
import pytest

from cloud.admission import BURST, Admission, Crowded
from cloud.backups import begin_backup, finish_backup
from protocol.box_events import StreamForked
from protocol.journal import chain_over
from protocol.replication import (
    SHIPPED_AS_OPAQUE,
    Alarm,
    Sample,
    StreamState,
    Telemetry,
    Trouble,
    Witness,
)

pytestmark = pytest.mark.postgres


async def shown(browser, index=0):
    return (await browser.read("/api/outlets"))["outlets"][index]["replication"]


async def oddities(browser):
    return [(o["kind"], o["times"]) for o in (await shown(browser))["oddities"]]


async def test_what_the_box_says_of_itself_is_shown_with_its_alarms_in_words(box, browser, till):
    await box.send(*till.entries(till.placed(), till.placed()))
    alarm = Alarm("box_restored", {"entries": "7", "number": "A031", "series": "B"}, 5)
    unknown = Alarm("of_a_newer_version", {"x": "1"}, 6)
    await box.hello(
        instance="a1",
        stamp=1,
        acknowledged=9,
        parked=2,
        unsent=4,
        oldest_unsent_ms=77,
        alarms=(alarm, unknown),
    )
    state = await shown(browser)
    figures = ("acknowledged", "replicated", "parked_at_box", "unsent", "oldest_unsent_ms", "term")
    assert [state[name] for name in figures] == [9, 2, 2, 4, 77, 1]
    assert "A031" in state["alarms"][0]["sentence"]["en"]
    assert "Tidak ada yang hilang" in " ".join(state["alarms"][0]["sentence"]["id"].split())
    assert "of_a_newer_version" in state["alarms"][1]["sentence"]["en"]
    (only,) = state["boxes"]
    assert (only["node_id"], only["instance"]) == (box.enrolled.node_id, "a1")
    assert (only["role"], only["unsent"]) == ("primary", 4)


async def test_a_standby_is_shown_and_does_not_speak_for_the_outlet(world, tenant, box, browser):
    await box.hello(instance="a1", stamp=1, unsent=1)
    code, _ = await world.more_code(tenant, box.enrolled.outlet_id)
    new = world.new_box()
    await new.enrol(code)
    await new.hello(instance="n1", stamp=1, unsent=2)
    await box.hello(instance="a1", stamp=2, unsent=50)
    state = await shown(browser)
    assert [(b["instance"], b["role"], b["unsent"]) for b in state["boxes"]] == [
        ("n1", "primary", 2),
        ("a1", "standby", 50),
    ]
    assert state["unsent"] == 2
    await box.hello(instance="a2", succeeds="a1", stamp=3)
    (card,) = (await browser.read("/api/conflicts"))["decisions"]
    assert (card["kind"], card["automatic"]) == ("two_boxes", False)
    assert card["params"]["primary"] == f"{new.enrolled.node_id[:8]}/n1"
    world.clock.now_ms += 8 * 24 * 3_600_000
    assert [b["instance"] for b in (await shown(browser))["boxes"]] == ["n1"]


async def test_a_spare_that_comes_back_another_day_is_a_new_card_though_the_first_is_settled(
    world, tenant, box, browser
):
    async def standing_by(instance, succeeds="", *, hours=0, **more):
        world.clock.now_ms += 1 + hours * 3_600_000
        await box.hello(instance=instance, succeeds=succeeds, stamp=world.clock.now_ms, **more)
        cards = (await browser.read("/api/conflicts", open="true"))["decisions"]
        return [c["decision_id"] for c in cards]

    async def settle(card):
        await browser.post(f"/api/conflicts/{card}/settle", {})

    await box.hello(instance="a1", stamp=1)
    new = world.new_box()
    await new.enrol((await world.more_code(tenant, box.enrolled.outlet_id))[0])
    await new.hello(instance="n1", stamp=1)
    (first,) = await standing_by("a1")
    await settle(first)
    assert await standing_by("a1", hours=9) == [], "it has been running all the time, and is known"
    assert await standing_by("a2", "a1") == [], "it only started again"
    (second,) = await standing_by("a3", "a2", hours=9)
    await settle(second)
    assert await standing_by("a3", take_over=True) == []
    await new.hello(instance="n1", stamp=world.clock.now_ms, take_over=True)
    (third,) = await standing_by("a3", hours=1)
    assert len({first, second, third}) == 3


async def test_a_box_that_stands_by_does_not_make_its_outlet_look_complete(
    world, tenant, box, till
):
    await box.hello(instance="a1", stamp=1)
    code, _ = await world.more_code(tenant, box.enrolled.outlet_id)
    new = world.new_box(stream="cd" * 16)
    await new.enrol(code)
    await new.hello(instance="n1", stamp=1, unsent=500)
    heard = world.clock.now_ms
    world.clock.now_ms += 600_000
    await box.hello(instance="a1", stamp=2, unsent=0)
    await box.feed(instance="a1", stamp=3)  # says that nothing is unsent
    await box.send(till.entry(till.placed()))
    told = await world.rows(tenant, "SELECT unsent, last_heard_ms, head FROM outlets")
    assert told == [{"unsent": 500, "last_heard_ms": heard, "head": 1}]
    await new.feed(instance="n1", stamp=1)  # a late copy
    assert told == await world.rows(tenant, "SELECT unsent, last_heard_ms, head FROM outlets")
    await new.feed(instance="n1", stamp=2)
    told = await world.rows(tenant, "SELECT unsent, last_heard_ms FROM outlets")
    assert told == [{"unsent": 0, "last_heard_ms": world.clock.now_ms}]


async def test_an_event_that_comes_again_and_says_something_else_is_a_card(box, browser, till):
    entry = till.entry(till.placed(25_000))
    await box.send(entry)
    again = msgspec.structs.replace(box.segment([entry], 1, b""), stream="cd" * 16)
    await box.deliver(again)
    assert await oddities(browser) == []
    other = till.entry(till.placed(99_000), event_id=entry.event_id)
    third = msgspec.structs.replace(again, stream="ef" * 16, entries=(other,))
    receipt = await box.deliver(third)
    assert [a.verdict for a in receipt.acks] == ["ok"]
    assert await oddities(browser) == [("event_differs", 1)]
    (card,) = (await browser.read("/api/conflicts"))["decisions"]
    assert (card["kind"], card["subject"]) == ("event_differs", entry.event_id)
    assert [s["who"] for s in card["sides"]] == ["first_record", "second_record"]
    assert (await shown(browser))["cards"] == 1


async def test_what_a_box_has_confirmed_and_hq_lost_is_told(box, browser, till):
    await box.send(till.entry(till.placed()))
    await box.hello(
        streams=(StreamState(box.stream, 1, 5, b"x", 4), StreamState("e" * 32, 1, 2, b"y", 2))
    )
    (told,) = (await browser.read("/api/conflicts/decisions"))["decisions"]
    assert (told["kind"], told["params"]["entries"]) == ("hq_restored", "5")


async def test_gaps_other_pasts_and_forks_are_seen(box, browser, till):
    entries = till.entries(*(till.placed() for _ in range(3)))
    await box.send(*entries)
    for _ in range(2):
        await box.deliver(box.segment(entries[2:], 9, b"\1" * 16))
    await box.deliver(box.segment(entries[1:], 1, b""))
    forked = StreamForked(
        node_id="n", stream=box.stream, common_seq=3, moved_to="cd" * 16, moved=2, at_ms=1
    )
    await box.send(till.entry(forked))
    broken = msgspec.structs.replace(till.entry(forked), body=b'{"type": "stream.forked"\0')
    await box.send(broken)  # a sentence that Postgres would not hold keeps nothing back
    assert sorted(await oddities(browser)) == [("diverged", 1), ("gap", 2), ("stream.forked", 2)]


async def test_odd_streams_without_end_are_counted_together(world, tenant, box, browser, till):
    entry = till.entry(till.placed())
    for start in range(0, 400, 100):
        gaps = [
            msgspec.structs.replace(box.segment([entry], 9, b""), stream=f"{n:032x}")
            for n in range(start, start + 100)
        ]
        await box.deliver(*gaps)
    rows = await world.rows(tenant, "SELECT subject, times FROM oddities")
    assert len(rows) == 201
    assert {r["times"] for r in rows if r["subject"] == "*"} == {200}


async def test_an_entry_in_a_plain_envelope_is_kept_and_waits_visibly(
    world, tenant, box, browser, till
):
    good, odd = till.entry(till.placed()), till.entry(till.placed())
    plain = msgspec.structs.replace(
        odd, type=SHIPPED_AS_OPAQUE, aggregate_kind="opaque", aggregate_id=odd.type
    )
    receipt = await box.send(good, plain)
    assert [a.verdict for a in receipt.acks] == ["ok"]
    await world.project()
    kept = await world.rows(tenant, "SELECT aggregate_kind, body FROM ledger WHERE position = 2")
    assert kept == [{"aggregate_kind": "opaque", "body": odd.body}]
    (parked,) = (await browser.read("/api/parked"))["parked"]
    assert (parked["event_type"], parked["aggregate_id"]) == (SHIPPED_AS_OPAQUE, odd.type)
    assert len((await browser.read("/api/orders"))["orders"]) == 1
    assert (await shown(browser))["parked_at_hq"] == 1


async def test_one_unreadable_entry_among_many_is_found_by_halving_and_sent_plain(
    world, tenant, box, till
):
    entries = till.entries(*(till.placed() for _ in range(16)))
    spoilt = 11
    raw = [list(msgspec.msgpack.decode(msgspec.msgpack.encode(e))) for e in entries]
    raw[spoilt][9] = "a confidence of a later version"

    async def send(first, last, entries=raw):
        chain = (chain_over(b"", box.sent[:first]) or [b""])[-1]
        segment = [box.stream, first + 1, chain, entries[first:last]]
        batch = {"incarnation": box.incarnation, "sent_ms": 0, "segments": [segment], "unsent": 0}
        body = msgspec.msgpack.encode(batch)
        return (await box.request("POST", "/sync/v1/batches", body, encoding="")).status_code

    box.sent = list(entries)
    first, last = 0, 16
    while last - first > 1:
        middle = (first + last) // 2
        status = await send(first, middle)
        first, last = (middle, last) if status == 200 else (first, middle)
    assert (first, await send(first, last)) == (spoilt, 422)
    raw[spoilt][1], raw[spoilt][3], raw[spoilt][4] = SHIPPED_AS_OPAQUE, "opaque", raw[spoilt][1]
    raw[spoilt][9] = "uncertain"
    assert await send(spoilt, 16) == 200
    kept = await world.rows(tenant, "SELECT chain FROM ledger ORDER BY position")
    assert [r["chain"] for r in kept] == chain_over(b"", entries)


async def test_the_newest_figure_of_each_name_is_kept(world, tenant, box, browser):
    async def tell(*samples, dropped=0):
        told = Telemetry(instance="a", samples=samples, dropped=dropped)
        await box.post("/sync/v1/telemetry", told, None)

    await tell(Sample(1, "heat", 50.5), Sample(2, "heat", 61.0), Sample(1, "disk", 12.0))
    await tell(Sample(3, "heat", 40.0), Sample(1 << 63, "a\0b", float("nan")), dropped=3)
    await tell(dropped=4)
    figures = {f["name"]: f["value"] for f in (await shown(browser))["telemetry"]}
    assert figures == {"heat": 40.0, "disk": 12.0, "dropped": 7.0}
    await tell(*(Sample(1, f"name {n}", 1.0) for n in range(90)))
    await tell(*(Sample(1, f"more {n}", 1.0) for n in range(90)), Sample(9, "heat", 1.0))
    rows = await world.rows(tenant, "SELECT name, value FROM telemetry")
    assert len(rows) == 93
    assert {"name": "heat", "value": 1.0} in rows


async def test_the_witness_tells_what_the_ledger_holds(world, tenant, box, browser, till):
    entries = till.entries(*(till.placed() for _ in range(3)))
    await box.send(*entries)
    await finish_backup(world.url, await begin_backup(world.url, "", 123), 124)
    copies = msgspec.structs.replace(box.segment(entries[:1], 1, b""), stream="cd" * 16)
    await box.deliver(copies)
    response = await box.request("GET", "/sync/v1/witness", b"")
    told = box.read(response, Witness)
    assert (told.head, told.distinct, told.projected, told.parked) == (4, 3, 0, 0)
    assert [(s.stream, s.last, s.safe) for s in told.streams] == [
        (box.stream, 3, 3),
        ("cd" * 16, 1, 0),
    ]
    assert (told.backup_ms, told.role, told.cards) == (123, "primary", 0)
    path = f"/api/outlets/{box.enrolled.outlet_id}/witness"
    assert (await browser.read(path))["distinct"] == 3
    other = await world.browser(await world.tenant("Lain"))
    for who, asked in ((other, path), (browser, "/api/outlets/x/witness")):
        assert (await who.get(asked)).json()["code"] == "unknown_outlet"


# ---------------------------------------------------------------- too many at once


async def test_a_box_that_finds_hq_full_is_told_when_to_come_again(world, tenant, box, till):
    entry = till.entry(till.placed())
    world.hq.admission._slots = 0
    response = await box.request(
        "POST", "/sync/v1/batches", msgspec.msgpack.encode({}), encoding=""
    )
    trouble = msgspec.msgpack.decode(response.content, type=Trouble)
    assert (response.status_code, trouble.code) == (503, "busy")
    assert 1 <= trouble.retry_after_s <= 5
    assert trouble.entries_max
    assert int(response.headers["retry-after"]) >= trouble.retry_after_s
    world.hq.admission._slots = 1
    assert (await box.send(entry)).acks[0].verdict == "ok"
    assert await world.rows(tenant, "SELECT 1 FROM refused_requests") == []


def test_slots_come_back_whatever_happens(world):
    admission = Admission(world.clock, 2)
    with admission.enter("a"), admission.enter("b"):
        with pytest.raises(Crowded) as no, admission.enter("c"):
            pass
        assert no.value.status == 503
    with pytest.raises(RuntimeError), admission.enter("a"):
        raise RuntimeError
    with admission.enter("a"), admission.enter("a"):
        pass


def test_a_tenant_in_a_rush_waits_and_the_others_do_not(world):
    clock = world.clock
    clock.mono_ms = lambda: 0
    admission = Admission(clock, 5)

    def taken(tenant, tries):
        done, turned_away = 0, []
        for _ in range(tries):
            try:
                with admission.enter(tenant):
                    done += 1
            except Crowded as no:
                turned_away.append(no)
        assert all(no.status == 429 and 1 <= no.retry_after_s <= 60 for no in turned_away)
        return done

    assert taken("busy", 1000) == BURST
    assert taken("calm", 10) == 10
    clock.mono_ms = lambda: 1000
    assert taken("busy", 1000) == 200
