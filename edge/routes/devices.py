"""How screens and machines join the box, who is here, and how one is shut out again."""

import ipaddress
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath, HeaderParameter, QueryParameter

from edge.product import PRODUCT
from edge.routes.errors import Refused, answer
from edge.routes.given import Asker, Certificate, Config, Devices, Outlet, Role
from protocol.devices import (
    NONCE_LENGTH,
    Approval,
    BoxProof,
    DeviceCard,
    DeviceKind,
    Paired,
    PairingAsked,
    PairingCode,
    PairingWaiting,
    Revocation,
    proof_bytes,
)
from protocol.refusals import Refusal
from protocol.staff import May

_approval = msgspec.json.Decoder(Approval)
_asked = msgspec.json.Decoder(PairingAsked)
_revocation = msgspec.json.Decoder(Revocation)
_encode = msgspec.json.Encoder().encode

JSON = "application/json"
TOKEN_COOKIE = "kedai_device"  # noqa: S105 - its name
COOKIE_S = 400 * 24 * 3600
"""The longest that browsers keep one; a screen that was away for a year pairs anew."""
NO_STORE = {"cache-control": "no-store"}
Asking = Request[Any, Any, Any]
Secret = Annotated[str, HeaderParameter(name="Pairing-Secret")]
Nonce = Annotated[str, QueryParameter(min_length=NONCE_LENGTH[0], max_length=NONCE_LENGTH[1])]


@post(
    "/api/devices/pairings",
    tags=["Devices"],
    summary="Ask to join: the answer is a code to show",
    status_code=200,
)
async def ask_pairing(request: Asking, devices: Devices) -> Response[bytes]:
    """Open to all, and bounded. The same secret asks for the same code again."""
    address = request.client.host if request.client else ""
    given = devices.ask(_asked.decode(await request.body()), address)
    return _respond(given)


@get("/api/devices/pairings", tags=["Devices"], summary="Devices that wait to be let in")
async def list_pairings(devices: Devices) -> tuple[PairingWaiting, ...]:
    """With the code each of them shows, the longest waiting first."""
    return devices.waiting()


@get("/api/devices/pairings/{pairing_id:str}", tags=["Devices"], summary="May I come in?")
async def collect_pairing(
    pairing_id: FromPath[str], secret: Secret, devices: Devices, request: Asking
) -> Response[bytes]:
    """202 while nobody has decided, 200 with the token once, 410 when denied or over.

    A browser that has no agent asks with `Pairing-Keep: cookie`: it gets the token as a cookie that
    no script can read, and sends it by itself with everything it asks from then on.
    """
    outcome = devices.collect(pairing_id, secret)
    if isinstance(outcome, Paired) and request.headers.get("pairing-keep") == "cookie":
        kept = _respond(msgspec.structs.replace(outcome, token=""))
        kept.headers["set-cookie"] = (
            f"{TOKEN_COOKIE}={outcome.token}; Path=/; Max-Age={COOKIE_S}; HttpOnly; SameSite=Strict"
        )
        return kept
    if isinstance(outcome, (Refusal, Paired)):
        return _respond(outcome)
    told = PairingCode(
        pairing_id=outcome.pairing_id,
        code=outcome.code,
        expires_ms=outcome.expires_ms,
        fingerprint=devices.fingerprint,
    )
    return _respond(told, status=202)


@post(
    "/api/devices/pairings/{pairing_id:str}/approve",
    tags=["Devices"],
    summary="Let a device in",
    status_code=200,
)
async def approve_pairing(
    request: Asking, pairing_id: FromPath[str], devices: Devices, asker: Asker
) -> Response[bytes]:
    """From a paired counter, or from the box's own machine."""
    by = _who_may_decide(request, devices, asker)
    approval = _approval.decode(await request.body() or b"{}")
    return _respond(await devices.approve(pairing_id, approval, _name_of(by, approval.by)))


@post(
    "/api/devices/pairings/{pairing_id:str}/deny",
    tags=["Devices"],
    summary="Send a device away",
    status_code=200,
)
async def deny_pairing(
    request: Asking, pairing_id: FromPath[str], devices: Devices, asker: Asker
) -> Response[bytes]:
    """Its code is over."""
    _who_may_decide(request, devices, asker)
    return _respond(devices.deny(pairing_id) or {"denied": pairing_id})


@get("/api/devices", tags=["Devices"], summary="Every device, and whether it is here")
async def list_devices(devices: Devices) -> tuple[DeviceCard, ...]:
    """Paired ones, revoked ones, and screens that only say that they are here."""
    return devices.cards()


@get("/api/devices/me", tags=["Devices"], summary="The device that asks")
async def own_device(request: Asking, devices: Devices) -> Response[bytes]:
    """200 with its card, 401 when its token is no token (any more)."""
    card = devices.holder(bearer_of(request.scope) or "")
    return _respond(devices.card(card.device) if card else Refusal("not_paired"))


@post(
    "/api/devices/{device:str}/revoke",
    tags=["Devices"],
    summary="Take a device's right away, at once",
    status_code=200,
)
async def revoke_device(
    request: Asking, device: FromPath[str], devices: Devices, asker: Asker
) -> Response[bytes]:
    """HTTP and MQTT both end now, whether HQ can be reached or not."""
    by = _who_may_decide(request, devices, asker)
    given = _revocation.decode(await request.body() or b"{}")
    return _respond(await devices.revoke(device, _name_of(by, given.by), given.reason[:200]))


@get("/api/box/proof", tags=["Devices"], summary="Which box this is, proven by its certificate")
async def prove(
    nonce: Nonce, certificate: Certificate, outlet: Outlet, role: Role, config: Config
) -> Response[bytes]:
    """The box signs what the asker made up, so a copy of what it says of itself is no proof."""
    return _respond(
        BoxProof(
            outlet=outlet.outlet_id,
            name=outlet.name,
            role=role.value,
            product=PRODUCT,
            certificate=certificate.pem,
            signature=certificate.sign(proof_bytes(nonce, outlet.outlet_id, config.https_port)),
            https_port=config.https_port,
        )
    )


def bearer_of(scope: Any) -> str | None:
    """The token a request carries, in its header or else in its cookie; None when it carries none."""
    cookies = ""
    for name, value in scope["headers"]:
        if name == b"authorization":
            kind, _, token = value.decode("latin-1").partition(" ")
            return token.strip() if kind.lower() == "bearer" else ""
        if name == b"cookie":
            cookies += f"; {value.decode('latin-1')}"
    return _cookie(cookies)


def _cookie(cookies: str) -> str | None:
    for cookie in cookies.split(";"):
        name, _, token = cookie.strip().partition("=")
        if name == TOKEN_COOKIE and token:
            return token
    return None


def is_own_machine(scope: Any) -> bool:
    """Whether this comes from the box's own machine, by an address of that machine.

    The name asked for counts too: a page from elsewhere that has its name point here, or a proxy
    in front of the box, speaks from this machine but is not it.
    """
    client = scope.get("client")
    if not client or not _is_loopback(client[0]):
        return False
    host = next((v.decode("latin-1") for n, v in scope["headers"] if n == b"host"), "")
    return _is_loopback(host.rpartition(":")[0] if host.count(":") == 1 else host)


def _is_loopback(text: str) -> bool:
    name = text.partition("]")[0].lstrip("[")
    if name.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _who_may_decide(request: Asking, devices: Devices, asker: Asker) -> str:
    """The name of whoever lets devices in or out. Raises Refused.

    Where staff sign in, somebody who may is signed in at the counter.

    A token speaks for itself, wherever it comes from: the agent on the box's own machine serves a
    guest's kiosk, and has the kiosk's rights.
    """
    token = bearer_of(request.scope)
    if token is not None:
        card = devices.holder(token)
        if card is None:
            raise Refused(Refusal("not_paired"))
        if card.kind is DeviceKind.COUNTER:
            if asker is not None and (no := asker.asking.lacks(asker, May.DEVICES)) is not None:
                raise Refused(no)
            return card.name
    elif is_own_machine(request.scope):
        return "box"
    raise Refused(Refusal("may_not_approve"))


def _name_of(door: str, person: str) -> str:
    return f"{person.strip()[:60]} ({door})" if person.strip() else door


def _respond(outcome: Any, *, status: int = 200) -> Response[bytes]:
    if isinstance(outcome, Refusal):
        return answer(outcome)
    return Response(_encode(outcome), status_code=status, media_type=JSON, headers=NO_STORE)
