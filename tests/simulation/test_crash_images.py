"""The power goes at every operation of the store, and nothing that was acknowledged is lost.

KEDAI_IMAGES looks at more images than a normal run does. The second half breaks the store on
purpose: an examination that finds nothing then is broken itself.
"""

import asyncio
import os

import pytest
from simulation.crash_images import Report, add_life, examine, life_of, main
from simulation.disk import Disk
from simulation.images import Bench
from simulation.medium import POLICIES

from edge import database as product
from edge.database import Database
from edge.journal import Journal
from edge.order_state import OrderState

IMAGES = int(os.environ.get("KEDAI_IMAGES", "14000"))


def found_in(seeds, policies=POLICIES, stop_at=20):
    """What is wrong in these lives; looks no further once enough is."""
    report = Report(seeds[0])
    with Bench() as bench:
        for seed in seeds:
            add_life(report, life_of(seed), bench, policies)
            if report.found.total() >= stop_at:
                break
    return report


@pytest.mark.timeout(3_600)
def test_nothing_acknowledged_is_lost_torn_or_doubled(record_property):
    report = examine(IMAGES)
    assert report.clean, "\n".join(report.replay)
    assert set(report.images) == {*POLICIES, "lie"}
    assert report.recovered > report.lives
    # Some disks failed, said so, and what was told before and after still stands.
    assert report.lives_with_a_failing_disk > 0
    assert report.told_that_the_disk_says_no > 0
    # The bench does see losses: a disk that lies about its flushes costs orders.
    assert report.lying_disk["lost"] > 0
    told = f"{report.total} images, {report.distinct_images} distinct, {report.acknowledged}"
    record_property("measured", f"{told} acknowledged, 0 lost, {report.seconds:.0f} s")


def test_the_same_seed_is_the_same_life_and_one_moment_can_be_seen_again(monkeypatch, capsys):
    one, two = life_of(3), life_of(3)
    assert one.log == two.log
    assert [a.at for a in one.acks] == [a.at for a in two.acks]
    asked = ["crash_images", "--seed", "3", "--at", "60", "--policy", "torn"]
    monkeypatch.setattr("sys.argv", asked)
    assert main() == 0
    assert "life 3, power cut after operation 60" in capsys.readouterr().out


def sloppy(monkeypatch, synchronous):
    async def believe(*_):
        """The box asserts at start what its commits mean; this one does not."""

    pragmas = tuple(p.replace("=FULL", f"={synchronous}") for p in product.WRITER_PRAGMAS)
    monkeypatch.setattr(product, "WRITER_PRAGMAS", pragmas)
    monkeypatch.setattr(Database, "_ensure", believe)


def test_commits_that_are_not_flushed_are_found_out(monkeypatch):
    sloppy(monkeypatch, "NORMAL")
    assert found_in(range(1, 6), ("strict",)).found["lost"] > 0


def test_a_file_that_is_never_flushed_is_found_out(monkeypatch):
    sloppy(monkeypatch, "OFF")
    report = found_in(range(1, 12), ("torn", "strict"), stop_at=500)
    assert report.found["lost"] > 0
    assert report.found["corrupt"] > 0


def test_commits_that_share_a_flash_page_are_found_out(monkeypatch):
    monkeypatch.setattr(product, "WRITER_OPENS", "psow=1")
    assert found_in(range(1, 8), ("smash4k",)).found["lost"] > 0


def test_state_in_another_transaction_than_its_entries_is_found_out(monkeypatch):
    write = OrderState.write

    def later(work, db, now_ms):
        for sql in ("RELEASE work", "COMMIT", "BEGIN IMMEDIATE", "SAVEPOINT work"):
            db.execute(sql)
        write(work, db, now_ms)

    monkeypatch.setattr(OrderState, "write", later)
    assert found_in([1, 2], ("kill9",)).found["torn"] > 0


def test_a_yes_before_the_commit_is_found_out(monkeypatch):
    async def commit(self, group):
        def begin(db):
            db.execute("BEGIN IMMEDIATE")
            return [self._one(db, item.work) for item in group]

        outcomes = await self.engine.run(self._writer, begin)
        for item, (result, error) in zip(group, outcomes, strict=True):
            assert error is None
            item.answer.set_result(result)
        for _ in range(10):
            await asyncio.sleep(0)
        await self.engine.run(self._writer, lambda db: db.execute("COMMIT"))
        for participant in self.participants:
            participant.committed()

    monkeypatch.setattr(Database, "_commit", commit)
    assert found_in([1, 2], ("kill9",)).found["lost"] > 0


def test_a_process_that_goes_on_with_the_stream_before_is_found_out(monkeypatch):
    start = Journal.start

    async def same_stream(self):
        await start(self)
        self.stream = self._head.stream or None

    monkeypatch.setattr(Journal, "start", same_stream)
    assert found_in([1], ("strict",)).found["stuck"] > 0


def test_a_wal_that_is_believed_after_a_failed_flush_is_found_out(monkeypatch):
    monkeypatch.setattr(Disk, "write_again", lambda disk, name: None)
    report = found_in(range(15, 75, 3), ("strict",))
    assert report.found["lost"] > 0
