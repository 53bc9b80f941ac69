"""The box's key: made here, readable by its owner only, the same after every start."""

import stat

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from edge.node import Node
from protocol.replication import Enrolled, signed_bytes

ENROLLED = Enrolled(
    node_id="node", outlet_id="outlet", tenant_id="tenant", outlet_name="Kedai Braga",
    currency="IDR", zone="Asia/Jakarta", rollover_hour=3,
)  # fmt: skip


def test_the_key_is_made_once_and_kept_to_oneself(tmp_path):
    node = Node(tmp_path / "data")
    key = node.public_key()
    again = Node(tmp_path / "data")
    again.load()
    assert again.public_key() == node.public_key() == key
    mode = (tmp_path / "data" / "node.key").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600
    assert Node(tmp_path / "other").public_key() != key


def test_a_box_without_enrolment_is_alone(tmp_path):
    node = Node(tmp_path)
    node.load()
    assert (node.enrolled, node.hq_url) == (None, "")
    assert list(tmp_path.iterdir()) == [], "looking makes no key"


def test_enrolment_survives_a_start(tmp_path):
    node = Node(tmp_path)
    node.public_key()
    node.keep(ENROLLED, "https://hq.example.com")
    again = Node(tmp_path)
    again.load()
    assert (again.enrolled, again.hq_url) == (ENROLLED, "https://hq.example.com")
    assert {p.name for p in tmp_path.iterdir()} == {"node.key", "enrolment.json"}


def test_a_signature_holds_for_exactly_this_request(tmp_path):
    node = Node(tmp_path)
    public = Ed25519PublicKey.from_public_bytes(node.public_key())
    signature = bytes.fromhex(node.sign("POST", "/sync/v1/batches?x=1", b"body"))
    public.verify(signature, signed_bytes("POST", "/sync/v1/batches?x=1", b"body"))
    for other in (
        signed_bytes("GET", "/sync/v1/batches?x=1", b"body"),
        signed_bytes("POST", "/sync/v1/batches", b"body"),
        signed_bytes("POST", "/sync/v1/batches?x=1", b"body2"),
    ):
        try:
            public.verify(signature, other)
        except Exception:  # noqa: BLE001 - the library's own, which only one file may name
            continue
        raise AssertionError(other)
