"""Devices that ask to join: a short code each, in memory, bounded, over after ten minutes."""

import hmac
from collections import deque
from hashlib import blake2b, sha256

import msgspec

from edge.platform import Platform
from protocol.devices import (
    CODE_ALPHABET,
    CODE_LENGTH,
    CODE_LIVES_MS,
    Paired,
    PairingAsked,
    PairingCode,
    PairingWaiting,
)
from protocol.refusals import Refusal

WAITING_MAX = 20
"""Devices that may wait at once, all addresses together: a list that a person still reads."""
WAITING_EACH_MAX = 5
"""The same from one address."""
ASKED_MAX, ASKED_EACH_MAX, ASKED_WITHIN_MS = 60, 12, 60_000
"""New codes within a minute, in all and from one address."""
WRONG_CODES_MAX = 5
"""A code typed wrongly so often denies the device: 30 bits are not for guessing."""
NAME_MAX = 60


class Waiting(msgspec.Struct):
    """One device that asked. `paired` is there between its approval and its collecting it."""

    pairing_id: str
    code: str
    asked: PairingAsked
    address: str
    asked_ms: int
    expires_mono_ms: int
    expires_ms: int
    denied: bool = False
    wrong_codes: int = 0
    paired: Paired | None = None


class PairingDesk:
    """Who waits to be let in. A restart forgets them all: they ask again by themselves."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self._waiting: dict[str, Waiting] = {}
        self._asked: deque[tuple[int, str]] = deque(maxlen=ASKED_MAX)

    def ask(self, asked: PairingAsked, address: str, fingerprint: str) -> PairingCode | Refusal:
        """A code for this device; the same one again when it asks again with the same secret."""
        wrong = _what_is_wrong(asked)
        if wrong:
            return Refusal("bad_request", {"detail": wrong})
        self._forget_old()
        known = next((w for w in self._waiting.values() if _same_secret(w, asked)), None)
        if known is None:
            if self._flooded(address):
                return Refusal("too_many_pairings")
            known = self._note(asked, address)
        return PairingCode(
            pairing_id=known.pairing_id,
            code=known.code,
            expires_ms=known.expires_ms,
            fingerprint=fingerprint,
        )

    def waiting(self) -> tuple[PairingWaiting, ...]:
        """Who waits for a word, the longest first."""
        self._forget_old()
        return tuple(
            PairingWaiting(
                pairing_id=w.pairing_id,
                code=w.code,
                kind=w.asked.kind,
                name=w.asked.name,
                product=w.asked.product,
                address=w.address,
                asked_ms=w.asked_ms,
                expires_ms=w.expires_ms,
            )
            for w in self._waiting.values()
            if w.paired is None and not w.denied
        )

    def find(self, pairing_id: str) -> Waiting | None:
        """A device that still waits for a word."""
        self._forget_old()
        found = self._waiting.get(pairing_id)
        return None if found is None or found.denied or found.paired else found

    def deny(self, pairing_id: str) -> bool:
        """Somebody said no. The device hears it when it asks, and its code is over."""
        found = self.find(pairing_id)
        if found is not None:
            found.denied = True
        return found is not None

    def code_fits(self, waiting: Waiting, code: str) -> bool:
        """Whether this is what is shown on the device. Too many wrong ones deny it."""
        typed = code.strip().upper().replace(" ", "").replace("-", "")
        if hmac.compare_digest(typed.encode(), waiting.code.encode()):
            return True
        waiting.wrong_codes += 1
        waiting.denied = waiting.wrong_codes >= WRONG_CODES_MAX
        return False

    def collect(self, pairing_id: str, secret: str) -> Waiting | Paired | Refusal:
        """What the device that holds the secret gets now; its token only once."""
        self._forget_old()
        found = self._waiting.get(pairing_id)
        # Compared also when there is none: how long the answer takes says nothing.
        wanted = found.asked.secret_hash if found else "0" * 64
        fits = [hmac.compare_digest(given, wanted) for given in _hashes(secret)]
        if not any(fits) or found is None:
            return Refusal("pairing_expired")
        if found.denied:
            return Refusal("pairing_denied")
        if found.paired is None:
            return found
        del self._waiting[pairing_id]
        return found.paired

    def _flooded(self, address: str) -> bool:
        now = self.platform.mono_ms()
        recent = [a for at, a in self._asked if now - at < ASKED_WITHIN_MS]
        here = sum(w.address == address for w in self._waiting.values())
        return (
            len(self._waiting) >= WAITING_MAX
            or here >= WAITING_EACH_MAX
            or len(recent) >= ASKED_MAX
            or recent.count(address) >= ASKED_EACH_MAX
        )

    def _note(self, asked: PairingAsked, address: str) -> Waiting:
        now, mono = self.platform.wall_ms(), self.platform.mono_ms()
        self._asked.append((mono, address))
        noted = Waiting(
            pairing_id=self.platform.entropy(16).hex(),
            code=self._free_code(),
            asked=asked,
            address=address,
            asked_ms=now,
            expires_mono_ms=mono + CODE_LIVES_MS,
            expires_ms=now + CODE_LIVES_MS,
        )
        self._waiting[noted.pairing_id] = noted
        return noted

    def _free_code(self) -> str:
        taken = {w.code for w in self._waiting.values()}
        while True:
            number = int.from_bytes(self.platform.entropy(8), "big")
            letters = []
            for _ in range(CODE_LENGTH):
                number, letter = divmod(number, len(CODE_ALPHABET))
                letters.append(CODE_ALPHABET[letter])
            code = "".join(letters)
            if code not in taken:
                return code

    def _forget_old(self) -> None:
        # By the monotonic clock: a wall clock that is put right makes no code older or younger.
        now = self.platform.mono_ms()
        for pairing_id in [k for k, w in self._waiting.items() if w.expires_mono_ms <= now]:
            del self._waiting[pairing_id]


def _hashes(secret: str) -> tuple[str, str]:
    """What a device may have said of its secret: agents use the one, browsers the other."""
    told = secret.encode()
    return blake2b(told, digest_size=32).hexdigest(), sha256(told).hexdigest()


def _same_secret(waiting: Waiting, asked: PairingAsked) -> bool:
    same = hmac.compare_digest(waiting.asked.secret_hash, asked.secret_hash)
    return same and not waiting.denied and waiting.paired is None


def _what_is_wrong(asked: PairingAsked) -> str:
    digits = set("0123456789abcdef")
    if len(asked.secret_hash) != 64 or not set(asked.secret_hash) <= digits:
        return "secret_hash must be 64 hexadecimal digits, small letters"
    if not asked.name.strip() or len(asked.name) > NAME_MAX or len(asked.product) > NAME_MAX:
        return f"name must have 1 to {NAME_MAX} characters, product at most as many"
    return ""
