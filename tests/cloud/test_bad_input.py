"""Whatever is sent in a box's name: the ledger stays as it is, the stream goes on, and it is seen."""

import asyncio
import gzip
import zlib
from hashlib import blake2b

import msgspec
import pytest

from protocol.journal import chain_over
from protocol.replication import (
    BATCH_BYTES_MAX,
    COMPRESSED_BYTES_MAX,
    Batch,
    Receipt,
    Segment,
    Trouble,
)

pytestmark = pytest.mark.postgres

HOUR_MS = 3_600_000
PATH = "/sync/v1/batches"


@pytest.fixture
async def known(box, till):
    """A box of which HQ holds something."""
    await box.send(*till.entries(*(till.placed() for _ in range(3))))
    return box


async def digest(world, tenant):
    rows = await world.rows(tenant, "SELECT * FROM ledger ORDER BY outlet_id, position")
    streams = await world.rows(tenant, "SELECT * FROM streams ORDER BY outlet_id, stream")
    outlets = await world.rows(tenant, "SELECT outlet_id, head FROM outlets ORDER BY outlet_id")
    return blake2b(repr((rows, streams, outlets)).encode()).hexdigest()


@pytest.fixture
def harmless(world, tenant, known, browser, till):
    """Sends something bad; checks that nothing changed, that it shows, and that a good batch goes."""

    async def send(body, expected, *, encoding="gzip", shown=True, **headers):
        before, counted = await digest(world, tenant), await refused(browser)
        response = await known.request("POST", PATH, body, encoding=encoding, **headers)
        code = msgspec.msgpack.decode(response.content, type=Trouble).code
        assert (response.status_code, code) == expected
        assert await digest(world, tenant) == before
        assert code in world.hq.metrics.page().decode()
        after = await refused(browser)
        if shown:
            assert after == (counted[0] + 1, code)
        await goes_on(known, till)
        return after

    return send


async def refused(browser):
    outlets = (await browser.read("/api/outlets"))["outlets"]
    found = [o["replication"]["refused"] for o in outlets if o["replication"]["refused"]]
    return (found[0]["times"], found[0]["last_code"]) if found else (0, "")


async def goes_on(box, till):
    receipt = await box.send(till.entry(till.placed()))
    assert [(a.verdict, a.seq) for a in receipt.acks] == [("ok", len(box.sent))]


def batch_of(box, *segments):
    return msgspec.msgpack.encode(
        Batch(incarnation=box.incarnation, sent_ms=0, segments=segments, unsent=0)
    )


@pytest.fixture
def good(known, till):
    """The bytes of a batch that HQ would take."""
    return batch_of(known, known.segment([till.entry(till.placed())]))


# ---------------------------------------------------------------- framing


async def test_garbage(harmless):
    await harmless(b"garbage", (400, "unreadable"))
    await harmless(gzip.compress(b"\xc1 garbage"), (422, "unreadable"))
    await harmless(b"<html>Please pay for your room</html>", (422, "unreadable"), encoding="")
    await harmless(b"", (422, "unreadable"))


async def test_truncated(harmless, good):
    packed = gzip.compress(good)
    for cut in (1, 9, len(packed) // 2, len(packed) - 1):
        await harmless(packed[:cut], (400, "unreadable"))
    await harmless(gzip.compress(good[:-9]), (422, "unreadable"))


async def test_oversize(harmless):
    await harmless(b"\x1f" * (COMPRESSED_BYTES_MAX + 1), (413, "too_large"))
    await harmless(b"\0" * (BATCH_BYTES_MAX + 1), (413, "too_large"), encoding="")


async def test_a_zip_bomb(harmless):
    bomb = gzip.compress(b"\0" * (BATCH_BYTES_MAX * 16))
    assert len(bomb) < COMPRESSED_BYTES_MAX
    await harmless(bomb, (413, "too_large"))


async def test_a_bomb_in_a_bomb(harmless):
    bomb = gzip.compress(gzip.compress(b"\0" * BATCH_BYTES_MAX * 16))
    await harmless(bomb, (422, "unreadable"))


async def test_a_bomb_that_lies_about_its_length(harmless):
    packer = zlib.compressobj(wbits=31)
    bomb = packer.compress(b"\0" * BATCH_BYTES_MAX * 2) + packer.flush()
    await harmless(bomb[:-4] + b"\x01\0\0\0", (413, "too_large"))


async def test_a_bomb_in_many_members(harmless):
    member = gzip.compress(b"\0" * 100_000)
    await harmless(member * 2000, (400, "unreadable"))


async def test_lengths_that_no_body_can_have(harmless):
    for claim in (b"\xdd\xff\xff\xff\xff", b"\xdf\xff\xff\xff\xff", b"\xc6\xff\xff\xff\xff"):
        await harmless(gzip.compress(b"\x81\xa8segments" + claim), (422, "unreadable"))


async def test_deeply_nested(harmless):
    for nest in (b"\x91", b"\x81\xa1a", b"\x81\xa8segments\x91"):
        await harmless(gzip.compress(nest * 100_000), (422, "unreadable"))


async def test_wrong_types(harmless, known):
    fields = {"incarnation": known.incarnation, "sent_ms": 0, "segments": [], "unsent": 0}
    wrong = [[1, 2, 3], "text", None, {"x": 1}]
    wrong += [fields | {name: 1.5} for name in fields]
    wrong += [fields | {"segments": [[known.stream, 1, b"", [[1, 2, 3]]]]}]
    for value in wrong:
        await harmless(gzip.compress(msgspec.msgpack.encode(value)), (422, "unreadable"))


async def test_text_that_is_none(harmless, good, known):
    await harmless(
        gzip.compress(good.replace(known.stream.encode(), b"\xff" * 32)), (422, "unreadable")
    )


async def test_a_body_that_does_not_come(world, tenant, known, browser, till, monkeypatch):
    monkeypatch.setattr("cloud.routes.wire.BODY_S_MAX", 0.05)
    before = await digest(world, tenant)

    async def slowly():
        yield b"\x1f"
        await asyncio.sleep(60)

    headers = {"kedai-node": known.enrolled.node_id, "kedai-signature": "00" * 64}
    response = await world.client.post(PATH, content=slowly(), headers=headers)
    assert response.status_code == 408
    assert await refused(browser) == (1, "slow")
    assert await digest(world, tenant) == before
    await goes_on(known, till)


# ---------------------------------------------------------------- whose it is


async def test_a_forged_signature(harmless, good):
    for forged in ("00" * 64, "no hex", "", "00" * 63, "é"):
        await harmless(
            gzip.compress(good),
            (401, "bad_signature"),
            **{"kedai-signature": forged.encode().hex() if forged == "é" else forged},
        )


async def test_a_signature_of_another_body(harmless, known, good):
    signature = known.key.sign(b"POST\n/sync/v1/batches\nother").hex()
    await harmless(gzip.compress(good), (401, "bad_signature"), **{"kedai-signature": signature})


async def test_another_tenants_box(world, tenant, harmless, good):
    stranger = await world.box(await world.tenant("Lain"))
    names = {"kedai-node": stranger.enrolled.node_id}
    await harmless(gzip.compress(good), (401, "bad_signature"), shown=False, **names)
    await harmless(gzip.compress(good), (401, "unknown_node"), shown=False, **{"kedai-node": "ab"})
    await harmless(gzip.compress(good), (401, "unknown_node"), shown=False, **{"kedai-node": "\0"})


async def test_another_outlets_stream(world, tenant, known, till):
    sister = await world.box(tenant, "Cabang", stream="cd" * 16)
    await sister.send(*till.entries(*(till.placed() for _ in range(3))))
    before = await digest(world, tenant)
    more = Segment(sister.stream, 4, sister.chain, till.entries(till.placed()))
    receipt = await known.deliver(more)
    assert [(a.verdict, a.seq) for a in receipt.acks] == [("gap", 0)]
    assert await digest(world, tenant) == before
    await goes_on(sister, till)
    await goes_on(known, till)


# ---------------------------------------------------------------- what it says


async def test_segments_that_cannot_be(harmless, known, till):
    good = known.segment([till.entry(till.placed(), body=b"{}")])
    wrong = [
        [msgspec.structs.replace(good, entries=())] * 10_000,
        [msgspec.structs.replace(good, stream=f"{n:032x}") for n in range(10_000)],
        *([msgspec.structs.replace(good, first_seq=n)] for n in (0, -1, -(1 << 63), 1 << 63)),
        *(
            [msgspec.structs.replace(good, stream=name)]
            for name in ("", "\0", "كيدي" * 8, "๑๒" * 16, "'; DROP TABLE ledger; --", "a" * 65)
        ),
    ]
    for segments in wrong:
        body = gzip.compress(batch_of(known, *segments), 1)
        await harmless(body, (422, "malformed"))


async def test_event_ids_that_cannot_be(harmless, known, till):
    for event_id in ("zz" * 16, "ab" * 15, "", "\0" * 32, "ab " * 11):
        entry = till.entry(till.placed(), event_id=event_id)
        body = gzip.compress(batch_of(known, known.segment([entry])))
        await harmless(body, (422, "malformed"))


async def test_a_batch_again_hours_later_with_its_old_signature(world, tenant, known, till):
    body = gzip.compress(batch_of(known, known.segment([entry := till.entry(till.placed())])))
    first = await known.request("POST", PATH, body)
    known.sent.append(entry)
    before = await digest(world, tenant)
    world.clock.now_ms += 9 * HOUR_MS
    again = await world.client.post(PATH, content=body, headers=first.request.headers)
    acks = [msgspec.msgpack.decode(r.content, type=Receipt).acks for r in (first, again)]
    assert acks[0] == acks[1]
    assert await digest(world, tenant) == before
    await goes_on(known, till)


async def test_a_hello_again_hours_later(world, tenant, known, till):
    spoken = {"instance": "a1", "stamp": 5, "unsent": 7}
    await known.hello(**spoken)
    await known.hello(**spoken | {"stamp": 6, "unsent": 0})
    before = await digest(world, tenant)
    world.clock.now_ms += 9 * HOUR_MS
    again = await known.hello(**spoken)
    assert (again.role, again.streams[0].last) == ("primary", 3)
    assert await world.rows(tenant, "SELECT unsent FROM outlets") == [{"unsent": 0}]
    assert await digest(world, tenant) == before
    await goes_on(known, till)


@pytest.mark.parametrize("when", [4_070_908_800_000, -1, -(1 << 63), 1 << 63, (1 << 64) - 1])
async def test_dates_that_cannot_be_are_kept_and_move_no_clock(world, tenant, known, till, when):
    # The box committed it, so it is a fact; only its date is nonsense.
    entry = till.entry(till.placed(), stamp=max(when, 0) << 16 if when > 0 else when, wall_ms=when)
    if entry.stamp > (1 << 64) - 1:
        entry = msgspec.structs.replace(entry, stamp=(1 << 64) - 1)
    batch = Batch(incarnation=known.incarnation, sent_ms=when, segments=(), unsent=0)
    batch = msgspec.structs.replace(batch, segments=(known.segment([entry]),))
    receipt = await known.post(PATH, batch, Receipt)
    known.sent.append(entry)
    assert [a.verdict for a in receipt.acks] == ["ok"]
    kept = await world.rows(tenant, "SELECT body, chain FROM ledger ORDER BY position DESC LIMIT 1")
    assert kept == [{"body": entry.body, "chain": chain_over(b"", known.sent)[-1]}]
    welcome = await known.hello(instance="a", stamp=1)
    assert welcome.stamp < world.clock.now_ms + HOUR_MS << 16
    await goes_on(known, till)


async def test_nuls_everywhere_are_kept(world, tenant, known, till):
    names = ("type", "aggregate_kind", "aggregate_id", "boot", "command_id", "actor")
    entry = till.entry(till.placed(), **dict.fromkeys(names, "a\0b"))
    receipt = await known.send(msgspec.structs.replace(entry, body=b"\0"))
    assert [a.verdict for a in receipt.acks] == ["ok"]
    await known.hello(product="\0", instance="\0", feed_incarnation="\0", boot="\0")
    await goes_on(known, till)


async def test_a_hello_full_of_nonsense(world, tenant, known, till):
    before = await digest(world, tenant)
    huge = (1 << 63) - 1
    welcome = await known.hello(
        instance="x" * 10_000,
        succeeds="\0" * 10_000,
        stamp=huge,
        protocol=huge,
        menu_version=-huge,
        feed_pos=huge,
        unsent=-huge,
        parked=huge,
        acknowledged=-huge,
        oldest_unsent_ms=huge,
        alarms=(("\0" * 999, {"\0": "\0" * 999}, huge),) * 999,
        digests=(("\0", huge, "\0"),) * 999,
        streams=(("\0", huge, -huge, b"", huge),) * 999,
    )
    assert welcome.stamp < world.clock.now_ms + HOUR_MS << 16
    assert await digest(world, tenant) == before
    await goes_on(known, till)


async def test_floods_of_nonsense_are_counted_and_seldom_written(known, browser):
    for _ in range(40):
        await known.request("POST", PATH, b"garbage")
    times, code = await refused(browser)
    assert (20 <= times < 40, code) == (True, "unreadable")
