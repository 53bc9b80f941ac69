"""By what a box knows again a command that a box of its outlet said yes to: its answer carried a proof.

A screen that offers a command again says that it was accepted. Where people sign in, that alone moves
no money: anybody with a browser's tools can say it of a refund that nobody allowed. The key is made
of the pepper of PINs, which HQ gives a box that replaces another, and which no screen ever sees.
"""

import hmac
from hashlib import blake2b

from edge.staff import People
from protocol.commands import Envelope

PROOF_BYTES = 16


class Proofs:
    """Makes and checks them; neither asks the disk."""

    def __init__(self, people: People, outlet_id: str) -> None:
        self.people = people
        self.outlet_id = outlet_id

    def of(self, envelope: Envelope, digest: bytes) -> str:
        """The proof that this very command was accepted; empty while the box has no pepper."""
        pepper = self.people.peppers.hq or self.people.peppers.own
        return self._made(pepper, envelope, digest) if pepper else ""

    def believes(self, envelope: Envelope, digest: bytes) -> bool:
        """Whether what the screen says of an earlier yes counts: always where nobody signs in, else
        with the proof of this very command."""
        if not self.people.sign_in:
            return True
        if not envelope.proof or not envelope.proof.isascii():
            return False
        peppers = (p for p in (self.people.peppers.hq, self.people.peppers.own) if p)
        made = (self._made(p, envelope, digest) for p in peppers)
        return any(hmac.compare_digest(proof, envelope.proof) for proof in made)

    def _made(self, pepper: bytes, envelope: Envelope, digest: bytes) -> str:
        said = digest + f"{self.outlet_id}\n{envelope.command_id}".encode()
        made = blake2b(said, digest_size=PROOF_BYTES, key=pepper, person=b"accepted")
        return made.hexdigest()
