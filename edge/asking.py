"""Who asks for a command: somebody signed in, a guest at a kiosk, a kitchen display, or nobody.

Looked up in memory, with one hash for each request that carries a session.
"""

from collections.abc import Callable
from dataclasses import dataclass

from edge.command_digest import digest_of
from edge.proofs import Proofs
from edge.sessions import Sessions
from edge.staff import People
from protocol import commands as c
from protocol.commands import Envelope
from protocol.devices import DeviceCard, DeviceKind
from protocol.orders import OrderStatus, Source
from protocol.refusals import Refusal
from protocol.rules.allowing import WORDS
from protocol.staff import Actor, May

GUEST = Actor(staff_id=None, name="", may=frozenset({May.ORDER}))
DISPLAY = Actor(staff_id=None, name="", may=frozenset({May.KITCHEN}))
_PASSED = (OrderStatus.READY, OrderStatus.SERVED)
_KITCHEN = (c.BumpTicket, c.RecallTicket)


@dataclass(frozen=True, slots=True)
class Caller:
    """What a request says of whoever sent it: their session, the paired device it came from, and
    whether it is the box's own machine (asked only when it matters: that costs more than the rest)."""

    asking: "Asking"
    token: str
    device: DeviceCard | None
    own_machine: Callable[[], bool]

    def actor(self, envelope: Envelope) -> Actor | Refusal | None:
        """Who asks for this; None where nobody has to sign in; a refusal where somebody must."""
        return self.asking.actor(self, envelope)


class Asking:
    """Answers who asks."""

    def __init__(self, people: People, sessions: Sessions) -> None:
        self.people = people
        self.sessions = sessions
        self.proofs: Proofs | None = None
        """By what a command is known again that was accepted before its session ended."""

    def cares(self, device: DeviceCard | None) -> bool:
        """Whether it makes a difference who sends a request from this paired device (or none)."""
        return self.people.sign_in or (device is not None and device.kind is DeviceKind.KIOSK)

    def lacks(self, caller: Caller | None, may: May | None = None) -> Refusal | None:
        """Why whoever asks may not do what is no command: read the audit trail, let devices in.

        None for `may`: it is enough that somebody answers for it.
        """
        if not self.people.sign_in or caller is None:
            return None
        actor = self.person(caller)
        if actor is None:
            return Refusal("sign_in_first")
        if may is None or may in actor.may:
            return None
        what, what_id = WORDS[may]
        return Refusal("not_allowed", {"who": actor.name, "what": what, "what_id": what_id})

    def lacks_here(self, caller: Caller | None, may: May | None = None) -> Refusal | None:
        """The same, but the box's own machine may: a technician at its command line."""
        no = self.lacks(caller, may)
        if no is None or caller is None or caller.device is not None or caller.token:
            return no
        return None if caller.own_machine() else no

    def blind(self, caller: Caller | None) -> Refusal | None:
        """Why whoever asks is not shown what an open till took: they may count it, and count blind."""
        no = self.lacks(caller, May.CLOSE_DAY)
        if no is None or no.code == "sign_in_first":
            return no
        return Refusal("counts_blind", {"who": no.params["who"]})

    def actor(self, caller: Caller, envelope: Envelope) -> Actor | Refusal | None:
        """See `Caller.actor`."""
        if caller.token and self.people.sign_in:
            actor = self.person(caller) or self._before(caller, envelope)
            if actor is not None:
                return actor
        kind = None if caller.device is None else caller.device.kind
        if kind is DeviceKind.KIOSK:
            return GUEST
        if not self.people.sign_in:
            return None
        if kind is DeviceKind.KITCHEN:
            return DISPLAY
        if envelope.happened_ms is not None and kind is None and caller.own_machine():
            return None  # sales of another system, imported on the box
        return _unpaired(envelope) if kind is None else Refusal("sign_in_first")

    def person(self, caller: Caller) -> Actor | None:
        """Who is signed in where the request comes from."""
        if not caller.token:
            return None
        return self.sessions.actor(caller.token, _device(caller))

    def _before(self, caller: Caller, envelope: Envelope) -> Actor | None:
        """Who gave this under a session that has ended: what waited at the screen, nothing new."""
        proofs = self.proofs if envelope.offered else None
        known = proofs is not None and proofs.believes(envelope, digest_of(envelope))
        at = _device(caller)
        return self.sessions.actor_before(caller.token, at, envelope.command_id, known=known)


def _device(caller: Caller) -> str | None:
    return None if caller.device is None else caller.device.device


def _unpaired(envelope: Envelope) -> Actor | Refusal:
    """Where screens need no pairing nobody knows what they are: what they ask for must do."""
    command = envelope.command
    if isinstance(command, _KITCHEN):
        return DISPLAY
    if isinstance(command, c.PlaceOrder) and command.source is Source.KIOSK:
        return GUEST
    passes = isinstance(command, c.FireOrder) or (
        isinstance(command, c.ChangeOrderStatus) and command.status in _PASSED
    )
    if passes and envelope.screen.startswith("kitchen"):
        return DISPLAY
    return Refusal("sign_in_first")
