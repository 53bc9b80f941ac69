"""Requests in a box's name that HQ did not take: counted per outlet, the last reason kept."""

from cloud.database import Database
from cloud.nodes import Node
from cloud.platform import Platform

WRITES_AT_ONCE = 20
WRITES_PER_S = 1.0
"""How often they are written down: whoever sends garbage must not keep the database busy. What is
not written at once is added to the next that is."""
OUTLETS_MAX = 10_000


class _Kept:
    def __init__(self, now_ms: int) -> None:
        self.times = 0
        self.writes = float(WRITES_AT_ONCE)
        self.at_ms = now_ms


class Refusals:
    """Tells each outlet's counter. Anyone can claim to be a box, so this says what was claimed."""

    def __init__(self, database: Database, platform: Platform) -> None:
        self._database = database
        self._platform = platform
        self._kept: dict[str, _Kept] = {}

    async def note(self, node: Node, code: str, sentence: str) -> None:
        """One more request in this box's name was refused, and why."""
        now_ms = self._platform.mono_ms()
        kept = self._kept.get(node.outlet_id)
        if kept is None:
            if len(self._kept) >= OUTLETS_MAX:
                self._kept.pop(next(iter(self._kept)))
            kept = self._kept[node.outlet_id] = _Kept(now_ms)
        kept.times += 1
        grown = (now_ms - kept.at_ms) / 1000 * WRITES_PER_S
        kept.writes, kept.at_ms = min(WRITES_AT_ONCE, kept.writes + grown), now_ms
        if kept.writes < 1:
            return
        kept.writes -= 1
        times, kept.times = kept.times, 0
        async with self._database.transaction(node.tenant_id) as tx:
            await tx.execute(
                """INSERT INTO refused_requests VALUES ($1, $2, $3, $4, $5, $6)
                   ON CONFLICT (tenant_id, outlet_id) DO UPDATE SET
                       times = refused_requests.times + excluded.times,
                       last_code = excluded.last_code, last_sentence = excluded.last_sentence,
                       last_ms = excluded.last_ms""",
                *(node.tenant_id, node.outlet_id, times, code),
                *(sentence.replace("\x00", "\ufffd")[:500], self._platform.wall_ms()),
            )
