"""The way to one box: proven to be the right one before it gets a token, given up as a whole."""

import asyncio
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import msgspec

from edge.http_client import AsyncClient, HTTPError, open_client
from edge.lan.certificate import (
    NotOurs,
    ensure_same,
    proven_fingerprint,
    trusting_nobody_yet,
    trusting_only,
)
from edge.lan.mdns import browse
from edge.platform import Platform
from protocol.devices import BoxProof

PROOF_WITHIN_S = 3.0
ANSWER_WITHIN_S = 15.0
"""Silence on a stream: the box's heartbeats come every five seconds."""
BROWSE_S = 2.0
ADDRESSES_MAX = 4
"""Addresses of one box that are tried: it may be on networks that this machine is not on."""
PRIMARY = "primary"


class Away(Exception):
    """Nobody answers there, or not as a box does; it may be back at any time."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a box says it is, and what it says of itself: nothing of it is believed unproven."""

    url: str
    name: str = ""
    outlet: str = ""
    fingerprint: str = ""
    role: str = ""


class Line:
    """An open way to a box that has proven itself. Whoever holds a part of it loses it with it."""

    def __init__(self, url: str, proof: BoxProof, fingerprint: str) -> None:
        parts = urlsplit(url)
        assert parts.hostname is not None, "a place has a host"
        self.place_url = url
        self.proof = proof
        self.fingerprint = fingerprint
        self.host = parts.hostname
        self.port = proof.https_port or parts.port or (443 if parts.scheme == "https" else 80)
        secure = bool(proof.https_port) or parts.scheme == "https"
        self.tls: ssl.SSLContext | None = trusting_only(proof.certificate) if secure else None
        host = f"[{self.host}]" if ":" in self.host else self.host
        self.url = f"{'https' if secure else 'http'}://{host}:{self.port}"
        self.token = ""
        self.given_up = asyncio.Event()
        self.client: AsyncClient = open_client(self.url, timeout_s=ANSWER_WITHIN_S, tls=self.tls)
        # Of its own: a browser that holds every connection of the other is no sign of a box away.
        self.pulse: AsyncClient = open_client(self.url, timeout_s=PROOF_WITHIN_S, tls=self.tls)

    async def close(self) -> None:
        """Give it up: streams and sockets that go over it end now."""
        self.given_up.set()
        await self.client.aclose()
        await self.pulse.aclose()


async def reach(place: Place, platform: Platform, *, remembered: str = "") -> Line:
    """A line to the box at this place. Raises Away, or NotOurs when it is not the one wanted."""
    proof, fingerprint = await _proof_of(place, platform)
    if place.fingerprint:
        ensure_same(fingerprint, place.fingerprint)
    if remembered:
        ensure_same(fingerprint, remembered)
    line = Line(place.url, proof, fingerprint)
    try:
        async with asyncio.timeout(PROOF_WITHIN_S):
            (await line.client.get("/health/live")).raise_for_status()
    except (HTTPError, OSError, TimeoutError) as fault:
        await line.close()
        raise Away(f"{line.url} does not answer ({str(fault) or type(fault).__name__})") from fault
    return line


async def _proof_of(place: Place, platform: Platform) -> tuple[BoxProof, str]:
    nonce = platform.entropy(32).hex()
    tls = trusting_nobody_yet() if place.url.startswith("https:") else None
    try:
        async with (
            asyncio.timeout(PROOF_WITHIN_S),
            open_client(place.url, timeout_s=PROOF_WITHIN_S, tls=tls) as client,
        ):
            answer = await client.get("/api/box/proof", params={"nonce": nonce})
    except (HTTPError, OSError, TimeoutError, ValueError) as fault:
        raise Away(f"{place.url} does not answer ({type(fault).__name__})") from fault
    try:
        proof = msgspec.json.decode(answer.content, type=BoxProof)
    except (msgspec.DecodeError, UnicodeDecodeError) as fault:
        raise Away(f"at {place.url} something answers that is no box of this kind") from fault
    return proof, proven_fingerprint(proof, nonce)


async def look_around(addresses: Sequence[str] | None = None) -> list[Place]:
    """The boxes that announce themselves on the LAN now."""
    found = []
    for box in await browse(BROWSE_S, addresses=addresses):
        for address in box.addresses[:ADDRESSES_MAX]:
            host = f"[{address}]" if ":" in address else address
            text = box.text
            found.append(
                Place(
                    url=f"http://{host}:{box.port}",
                    name=text.get("name") or box.name,
                    outlet=text.get("outlet", ""),
                    fingerprint=text.get("tls", ""),
                    role=text.get("role", ""),
                )
            )
    return found


def by_box(places: Sequence[Place]) -> dict[str, list[Place]]:
    """The places of each box, by its fingerprint.

    Of several boxes of one outlet the one in charge is meant: the others stand by.
    """
    boxes: dict[str, list[Place]] = {}
    for place in places:
        boxes.setdefault(place.fingerprint or place.url, []).append(place)
    in_charge = {key: of for key, of in boxes.items() if of[0].role == PRIMARY}
    outlets = {place.outlet for place in places}
    return in_charge if len(in_charge) == 1 and len(outlets) == 1 else boxes


__all__ = ["Away", "Line", "NotOurs", "Place", "by_box", "look_around", "reach"]
