"""`kedai edge doctor`: is this box sound, and is everything sent? Works beside a running box, too."""

import shutil
import sqlite3
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path

import msgspec

from edge.backup import find_chain_break
from edge.database import describe_sqlite
from edge.follower import Fault
from edge.greeting import chain_at, stream_states
from edge.menu import find_menu
from edge.node import Node
from edge.platform import Platform
from edge.reconciling import last_alike
from edge.routing import read_routing
from edge.uplink import Uplink
from protocol.alarms import sentence
from protocol.journal import CHAIN_START
from protocol.menu import MenuIndex, name_in
from protocol.replication import Alarm, ChainRequest, KnownStream, StreamState, Witness
from protocol.routing_checks import unserved_items

CLOCK_OFF_MS = 30_000
"""Field failures ask for a warning at half a minute."""
DISK_LOW_BYTES = 500 * 1024 * 1024


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing the doctor looked at: whether it is well, and what to do when it is not."""

    code: str
    ok: bool
    en: str


class Diagnosis(msgspec.Struct, frozen=True, kw_only=True):
    """What the doctor found. Counts are journal entries; HQ's are None when it was not heard."""

    ok: bool
    outlet: str
    acknowledged: int
    replicated: int
    unsent: int
    parked: int
    oldest_unsent_ms: int | None
    hq_entries: int | None
    hq_parked: int | None
    hq_cards: int | None
    same: bool | None
    """Whether box and HQ hold the same, entry for entry; None when HQ was not heard."""
    findings: tuple[Finding, ...]


class Counts(msgspec.Struct, frozen=True):
    """The box's own side of the witness."""

    acknowledged: int
    unsent: int
    parked: int
    oldest_unsent_ms: int | None


async def diagnose(data_dir: Path, platform: Platform, *, hq_url: str = "") -> Diagnosis:
    """Look at a box's data folder, and ask HQ what it has of it. Changes nothing anywhere."""
    findings: list[Finding] = []
    node = Node(data_dir)
    counts, streams = Counts(0, 0, 0, None), list[StreamState]()
    witness: Witness | None = None
    same: bool | None = None
    try:
        node.load()
        with sqlite3.connect(
            f"{(data_dir / 'box.db').absolute().as_uri()}?mode=ro", uri=True
        ) as db:
            findings.extend(_look_at_database(db, data_dir))
            counts, streams = _counts(db), stream_states(db)
            findings.extend(_alarms(db))
            findings.extend(_stations(db))
            if node.enrolled is None:
                findings.append(_bad("enrolment", "This box is not enrolled: nothing goes to HQ."))
            else:
                uplink = Uplink(node, hq_url or node.hq_url)
                witness, same = await _ask(db, uplink, platform, streams, findings)
        db.close()
    except (sqlite3.Error, OSError, msgspec.MsgspecError) as fault:
        findings.append(
            _bad(
                "database",
                f"The data in {data_dir} cannot be read ({fault}). Keep the folder, put a copy back "
                "with `kedai edge restore`, or enrol a new box: HQ gives back what it has.",
            )
        )
    findings.extend(_sent(counts))
    return Diagnosis(
        ok=all(f.ok for f in findings),
        outlet=node.enrolled.outlet_name if node.enrolled else "",
        acknowledged=counts.acknowledged,
        replicated=counts.acknowledged - counts.unsent,
        unsent=counts.unsent,
        parked=counts.parked,
        oldest_unsent_ms=counts.oldest_unsent_ms,
        hq_entries=None if witness is None else witness.head,
        hq_parked=None if witness is None else witness.parked,
        hq_cards=None if witness is None else witness.cards,
        same=same,
        findings=tuple(findings),
    )


def in_words(found: Diagnosis) -> str:
    """The diagnosis as a technician reads it aloud: what is wrong first."""
    lines = [f"{'ok ' if f.ok else '!! '} {f.en}" for f in sorted(found.findings, key=_worst_first)]
    at_hq = "not heard" if found.hq_entries is None else f"{found.hq_entries} entries"
    lines.append("")
    lines.append(
        f"Here {found.acknowledged} entries, confirmed by HQ {found.replicated}, unsent "
        f"{found.unsent}, set aside {found.parked}. HQ: {at_hq}."
    )
    lines.append("All is well." if found.ok else "Something needs a person: see the lines with !!.")
    return "\n".join(lines)


def _worst_first(finding: Finding) -> bool:
    return finding.ok


# ---------------------------------------------------------------- the box itself


def _look_at_database(db: sqlite3.Connection, data_dir: Path) -> Iterator[Finding]:
    yield _good("sqlite", f"{describe_sqlite()}.")
    found = db.execute("PRAGMA quick_check").fetchone()[0]
    if found == "ok":
        yield _good("database", "The database is whole.")
    else:
        yield _bad(
            "database",
            f"The database is damaged: {found}. Stop the box, keep the folder, put a copy back with "
            "`kedai edge restore`; HQ and the screens give back the rest.",
        )
    broken = find_chain_break(db)
    if broken is None:
        yield _good(
            "journal", "The journal is complete: every stream follows from its first entry."
        )
    else:
        yield _bad("journal", f"The journal was changed: {broken}. Call the technician.")
    free = shutil.disk_usage(data_dir).free
    text = f"{free // (1024 * 1024)} MB of disk are free."
    yield _good("disk", text) if free >= DISK_LOW_BYTES else _bad("disk", text + " Free some.")


def _counts(db: sqlite3.Connection) -> Counts:
    acknowledged = db.execute("SELECT coalesce(max(position), 0) FROM journal").fetchone()[0]
    unsent, oldest = db.execute(
        "SELECT count(*), min(j.wall_ms) FROM journal j JOIN streams s ON s.id = j.stream_id"
        " WHERE j.seq > s.acked_seq AND j.standing <> 1"
    ).fetchone()
    parked = db.execute(
        "SELECT (SELECT count(*) FROM parked)"
        " + (SELECT count(*) FROM feed_rows WHERE state = 'parked')"
    ).fetchone()[0]
    return Counts(acknowledged, unsent, parked, oldest)


def _alarms(db: sqlite3.Connection) -> Iterator[Finding]:
    for code, params, since_ms in db.execute("SELECT code, params, since_ms FROM alarms"):
        alarm = Alarm(code, msgspec.json.decode(params), since_ms)
        yield _bad(f"alarm.{code}", sentence(alarm))


def _stations(db: sqlite3.Connection) -> Iterator[Finding]:
    """Items that only the fallback station has: made, but perhaps not where anybody expects it."""
    menu = find_menu(db)
    if menu is None:
        return
    unserved = unserved_items(MenuIndex(menu, routing=read_routing(db)))
    lost = [x for x in unserved if x.missing]
    if lost:
        named = ", ".join(f"{name_in(x.names, 'en')} ({', '.join(x.missing)})" for x in lost[:5])
        more = f" and {len(lost) - 5} more" if len(lost) > 5 else ""
        yield _bad(
            "stations",
            f"{len(lost)} items name a station that does not exist and go to "
            f"{menu.fallback_station} instead: {named}{more}. Correct the menu, or say who makes "
            "them with `kedai cloud outlet route`.",
        )
    elif unserved:
        text = f"{len(unserved)} of {len(menu.items)} items name no station and go to "
        yield _good("stations", f"{text}{menu.fallback_station}.")
    else:
        yield _good("stations", f"All {len(menu.items)} items have a station of their own.")


def _sent(counts: Counts) -> Iterator[Finding]:
    if counts.unsent:
        yield _bad(
            "unsent",
            f"{counts.unsent} of {counts.acknowledged} entries are not confirmed by HQ yet. They "
            "are safe here and go up by themselves once the box runs and reaches HQ.",
        )
    else:
        yield _good("unsent", f"All {counts.acknowledged} entries are confirmed by HQ.")
    if counts.parked:
        yield _bad("parked", f"{counts.parked} things could not be used here and are kept aside.")


# ---------------------------------------------------------------- beside HQ


async def _ask(
    db: sqlite3.Connection,
    uplink: Uplink,
    platform: Platform,
    streams: list[StreamState],
    findings: list[Finding],
) -> tuple[Witness | None, bool | None]:
    await uplink.start()
    try:
        witness = await uplink.witness()
        findings.extend(_look_at_hq(witness, platform.wall_ms()))
        apart = [text async for text in _differences(db, uplink, streams, witness)]
    except Fault as fault:
        reason = str(fault).rstrip(".")
        findings.append(_bad("hq", f"{reason}. What is unsent waits here and is not lost."))
        return None, None
    finally:
        await uplink.stop()
    if apart:
        findings.extend(_bad("ledger", text) for text in apart)
    else:
        findings.append(_good("ledger", "Box and HQ hold the same, as far as both have it."))
    return witness, not apart


def _look_at_hq(witness: Witness, now_ms: int) -> Iterator[Finding]:
    yield _good("hq", f"HQ answers and has {witness.head} entries of this outlet.")
    off = abs(witness.server_ms - now_ms)
    if off > CLOCK_OFF_MS:
        yield _bad(
            "clock", f"This clock is {off // 1000} seconds from HQ's. Sales are not affected."
        )
    else:
        yield _good("clock", "The clock agrees with HQ.")
    if witness.role != "primary":
        yield _bad(
            "role",
            "HQ knows another box as this outlet's own: this one stands by. To put this one in "
            "charge: `kedai edge take-over`.",
        )
    if witness.parked or witness.cards:
        yield _bad(
            "cards",
            f"At HQ {witness.parked} things are parked and {witness.cards} cards wait for a person.",
        )


async def _differences(
    db: sqlite3.Connection, uplink: Uplink, streams: list[StreamState], witness: Witness
) -> AsyncIterator[str]:
    known = {s.stream: s for s in witness.streams}
    for kept in streams:
        at_hq = known.pop(kept.stream, KnownStream(kept.stream, 0, CHAIN_START, 0))
        if at_hq.last < kept.acked:
            yield (
                f"HQ confirmed {kept.acked} entries of stream {kept.stream[:8]} and has "
                f"{at_hq.last} now: it was put back to an older state. They are sent again."
            )
        meet = min(at_hq.last, kept.last)
        if meet == 0 or meet < kept.first:
            continue
        ours, theirs = chain_at(db, kept.stream, meet), at_hq.chain_last
        if meet < at_hq.last:
            answer = await uplink.chains(ChainRequest(stream=kept.stream, seqs=(meet,)))
            theirs = answer.chains[0] if answer.chains else b""
        if ours != theirs:
            place = await _find_parting(db, uplink, kept, meet)
            yield f"Stream {kept.stream[:8]} is the same up to {place} and differs from there on."
    for stream in known.values():
        if stream.last:
            yield (
                f"HQ has {stream.last} entries of stream {stream.stream[:8]} that this box has not;"
                " it gets them back when it runs and reaches HQ."
            )


async def _find_parting(
    db: sqlite3.Connection, uplink: Uplink, kept: StreamState, differs_at: int
) -> int:
    """The last seq that both agree on."""

    async def alike(seqs: Sequence[int]) -> dict[int, bool]:
        answer = await uplink.chains(ChainRequest(stream=kept.stream, seqs=tuple(seqs)))
        theirs = dict(zip(seqs, answer.chains, strict=False))
        return {seq: theirs.get(seq) == chain_at(db, kept.stream, seq) for seq in seqs}

    return await last_alike(kept.first - 1, differs_at, alike)


def _good(code: str, text: str) -> Finding:
    return Finding(code=code, ok=True, en=text)


def _bad(code: str, text: str) -> Finding:
    return Finding(code=code, ok=False, en=text)
