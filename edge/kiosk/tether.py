"""Keeps this machine tied to its box: looks for it, pairs, follows it, and says how it stands."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from hashlib import blake2b
from typing import Any, TypeVar

import msgspec
from msgspec.structs import replace

from edge.http_client import HTTPError
from edge.kiosk.line import Away, Line, NotOurs, Place, by_box, look_around, reach
from edge.kiosk.memory import Kept, Memory
from edge.platform import Platform
from protocol.devices import DeviceKind, Paired, PairingAsked, PairingCode

log = logging.getLogger("edge.kiosk")

T = TypeVar("T")

LOOK_AGAIN_S = 1.0
POLL_S = 1.0
HEARTBEAT_S = 2.0
ANSWER_WITHIN_S = 3.0
SILENCES_MAX = 2
"""Heartbeats without an answer before the box counts as away; a refused connection counts at once."""
SECRET_BYTES = 32
REFUSED_MAX = 20
BUG_PAUSE_S = 5.0

SCREENS = {
    DeviceKind.KIOSK: "/kiosk/",
    DeviceKind.COUNTER: "/counter/",
    DeviceKind.KITCHEN: "/kitchen/",
    DeviceKind.BOARD: "/board/",
}
"""Each kind's own page: whoever approves a machine may make it something else than it asked for."""


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """How it stands, for the agent's page.

    `state`: looking, choosing, pairing (a code is shown), denied, in, away, revoked.
    """

    state: str = "looking"
    code: str = ""
    expires_ms: int = 0
    boxes: tuple[dict[str, str], ...] = ()
    box: str = ""
    address: str = ""
    fingerprint: str = ""
    device: str = ""
    name: str = ""
    kind: str = ""
    screen: str = "/"
    refused: tuple[str, ...] = ()
    """Boxes that are not ours, in words: what announces itself here and is not believed."""
    trouble: str = ""
    """The last thing that went wrong, for a technician."""


class Tether:
    """One loop that never ends by itself; everything else asks `line` and `status`."""

    def __init__(
        self,
        memory: Memory,
        platform: Platform,
        *,
        kind: DeviceKind,
        name: str,
        product: str = "",
        box_url: str = "",
        look: Callable[[], Awaitable[Sequence[Place]]] = look_around,
    ) -> None:
        self.memory = memory
        self.platform = platform
        self.kind, self.name, self.product = kind, name, product
        self.box_url = box_url
        self.line: Line | None = None
        self.status = Status(kind=kind, name=name)
        self.on_state: list[Callable[[str], None]] = []
        self._look = look
        self._chosen = ""
        self._poked = asyncio.Event()
        self._secret = ""
        self._refused: dict[tuple[str, str], str] = {}
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to look for the box."""
        self._task = asyncio.create_task(self._run(), name="tether")

    async def stop(self) -> None:
        """Let go of the box."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def choose(self, fingerprint: str) -> None:
        """Somebody pointed at one of several boxes."""
        self._chosen = fingerprint
        self._poked.set()

    def forget(self) -> None:
        """Somebody wants this machine to pair anew: with a replaced box, or after it was revoked."""
        log.warning("told to forget its box and to pair anew")
        self.memory.forget()
        self._chosen = ""
        self._poked.set()

    def poke(self) -> None:
        """Look at the line now: a request has just found nobody at its end."""
        self._poked.set()

    async def _run(self) -> None:
        while True:
            try:
                if self.memory.kept is None:
                    await self._join()
                else:
                    await self._stay(self.memory.kept)
            except (HTTPError, Away, NotOurs, OSError, TimeoutError) as fault:
                self._show(trouble=str(fault) or type(fault).__name__)
                if self.memory.kept is None:  # a code that nobody answers for is taken off the page
                    self._show(state="looking", code="")
                await self._pause(LOOK_AGAIN_S)
            except Exception:
                log.exception("a bug in the agent; it goes on in a moment")
                await self._pause(BUG_PAUSE_S)

    # ------------------------------------------------------------ joining

    async def _join(self) -> None:
        """One try to find a box and be let in."""
        for place in await self._pick():
            line = await self._try(place, "")
            if line is None:
                continue
            if self._chosen:
                self._chosen = line.fingerprint
            try:
                await self._pair(line)
            finally:
                await line.close()
            return
        await self._pause(LOOK_AGAIN_S)

    async def _pick(self) -> Sequence[Place]:
        """The addresses of the one box to ask; none while there is no box, or a person must choose."""
        if self.box_url:
            return [Place(self.box_url)]
        found = await self._look()
        honest = [p for p in found if (p.url, p.fingerprint) not in self._refused]
        boxes = by_box(honest or found)
        if self._chosen in boxes:
            return boxes[self._chosen]
        if len(boxes) == 1:
            return next(iter(boxes.values()))
        listed = tuple(
            {"id": key, "name": p.name, "address": p.url, "role": p.role}
            for key, (p, *_) in sorted(boxes.items(), key=lambda one: (one[1][0].name, one[0]))
        )
        self._show(state="choosing" if listed else "looking", boxes=listed, box="", trouble="")
        return []

    async def _pair(self, line: Line) -> None:
        """Ask for a code, show it, and wait for somebody's word."""
        # The same secret shows the same code again after a hiccup of the network.
        self._secret = secret = self._secret or self.platform.entropy(SECRET_BYTES).hex()
        asked = PairingAsked(
            kind=self.kind,
            name=self.name,
            secret_hash=blake2b(secret.encode(), digest_size=32).hexdigest(),
            product=self.product,
        )
        code = await self._ask(line, asked)
        if code.fingerprint != line.fingerprint:
            raise NotOurs("the box speaks of a certificate that is not its own")
        self._show(
            state="pairing",
            code=code.code,
            expires_ms=code.expires_ms,
            box=line.proof.name,
            address=line.url,
            fingerprint=line.fingerprint,
            boxes=(),
            trouble="",
        )
        log.info("shows the code %s to join %s", code.code, line.proof.name)
        paired = await self._wait_for_word(line, code, secret)
        self._secret = ""
        if paired is not None:
            kept = Kept(paired=paired, fingerprint=line.fingerprint, url=line.place_url)
            self._keep(kept)
            log.info("joined %s as %s", paired.outlet_name, paired.name)

    async def _ask(self, line: Line, asked: PairingAsked) -> PairingCode:
        answer = await line.client.post(
            "/api/devices/pairings",
            content=msgspec.json.encode(asked),
            headers={"content-type": "application/json"},
        )
        if answer.status_code != 200:
            raise Away(_words_of(answer.content) or f"the box answered {answer.status_code}")
        return _decode(answer.content, PairingCode)

    async def _wait_for_word(self, line: Line, code: PairingCode, secret: str) -> Paired | None:
        while True:
            await self._pause(POLL_S)
            if self._chosen and self._chosen != line.fingerprint:
                return None
            answer = await line.client.get(
                f"/api/devices/pairings/{code.pairing_id}", headers={"pairing-secret": secret}
            )
            if answer.status_code == 200:
                return _decode(answer.content, Paired)
            if answer.status_code == 410:
                if b"pairing_denied" in answer.content:
                    await self._until_somebody_asks()
                return None
            if answer.status_code != 202:
                raise Away(f"the box answered {answer.status_code}")

    async def _until_somebody_asks(self) -> None:
        # Asking again by itself would pester whoever said no.
        log.info("somebody said no")
        self._show(state="denied", code="")
        self._poked.clear()
        await self._poked.wait()

    # ------------------------------------------------------------ staying

    async def _stay(self, kept: Kept) -> None:
        """Be at the box for as long as it is there."""
        self._show(
            state="away",
            code="",
            device=kept.paired.device,
            name=kept.paired.name,
            kind=kept.paired.kind,
            box=kept.paired.outlet_name,
            fingerprint=kept.fingerprint,
            screen=SCREENS[kept.paired.kind],
            boxes=(),
        )
        line = await self._find_again(kept)
        if line is None:
            await self._pause(LOOK_AGAIN_S)
            return
        line.token = kept.paired.token
        try:
            await self._watch(line, kept)
        finally:
            self.line = None
            await line.close()

    async def _watch(self, line: Line, kept: Kept) -> None:
        """Heartbeats until the box is gone, or this machine is to forget it."""
        silences = 0
        while self.memory.kept is kept and silences < SILENCES_MAX:
            stands = await self._beat(line)
            if stands == "gone" or (line.given_up.is_set() and stands == "in"):
                break
            silences = 0 if stands != "silent" else silences + 1
            if stands == "in" and self.line is None:
                kept = self._hold(line, kept)
            elif stands == "revoked" and self.status.state != "revoked":
                log.warning("%s took this machine's right away", kept.paired.outlet_name)
                self.line = None
                line.given_up.set()  # what is open ends now; only the heartbeat goes on
                self._show(state="revoked", address=line.url)
            await self._pause(HEARTBEAT_S)
        if self.line is not None and self.memory.kept is kept:
            log.warning("%s does not answer any more; it is looked for", kept.paired.outlet_name)

    def _hold(self, line: Line, kept: Kept) -> Kept:
        self.line = line
        if kept.url != line.place_url:
            kept = replace(kept, url=line.place_url)
            self._keep(kept)
        self._show(state="in", address=line.url, refused=(), trouble="")
        log.info("%s answers at %s", kept.paired.outlet_name, line.url)
        return kept

    async def _find_again(self, kept: Kept) -> Line | None:
        """Our box, where it was, where we were told, or wherever it announces itself."""
        known = [Place(url) for url in dict.fromkeys((kept.url, self.box_url)) if url]
        for place in known:
            line = await self._try(place, kept.fingerprint)
            if line is not None:
                return line
        for place in await self._look():
            if place.outlet == kept.paired.outlet or place.fingerprint == kept.fingerprint:
                line = await self._try(place, kept.fingerprint)
                if line is not None:
                    return line
        return None

    async def _try(self, place: Place, remembered: str) -> Line | None:
        try:
            return await reach(place, self.platform, remembered=remembered)
        except NotOurs as fake:
            self._refuse(place, fake)
        except Away as away:
            self._show(trouble=str(away))
        return None

    async def _beat(self, line: Line) -> str:
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                answer = await line.pulse.get(
                    "/api/devices/me", headers={"authorization": f"Bearer {line.token}"}
                )
        except TimeoutError:
            return "silent"
        except (HTTPError, OSError):
            return "gone"
        if answer.status_code == 401:
            return "revoked"
        return "in" if answer.status_code == 200 else "silent"

    def _keep(self, kept: Kept) -> None:
        try:
            self.memory.keep(kept)
        except OSError as fault:
            log.warning("It works until the next start: the disk does not keep it (%s).", fault)

    # ------------------------------------------------------------ telling

    def _refuse(self, place: Place, fake: NotOurs) -> None:
        key = (place.url, place.fingerprint)
        if key not in self._refused:
            log.warning("The box at %s is refused: %s.", place.url, fake)
            while len(self._refused) >= REFUSED_MAX:
                del self._refused[next(iter(self._refused))]
            self._refused[key] = str(fake)
        said = tuple(f"{url}: {why}" for (url, _), why in self._refused.items())
        self._show(refused=said[-3:])

    def _show(self, **changes: Any) -> None:
        before = self.status.state
        self.status = replace(self.status, **changes)
        if self.status.state != before:
            for told in self.on_state:
                told(self.status.state)

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._poked.wait()
        self._poked.clear()


def _decode(data: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as fault:
        raise Away("the box answers in a way that this agent does not know") from fault


def _words_of(data: bytes) -> str:
    with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError, AttributeError):
        return str(msgspec.json.decode(data).get("title", ""))
    return ""
