"""The box's own certificate: what devices remember it by, and how they tell it from a fake."""

import datetime as dt
import hmac
import os
import ssl
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from protocol.devices import BoxProof, proof_bytes

# A box may boot in 1970 and a device in 2099: who is who depends on the fingerprint, never on a
# clock, so the certificate holds always (RFC 5280, 4.1.2.5 for the last day).
FIRST_DAY = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
LAST_DAY = dt.datetime(9999, 12, 31, 23, 59, 59, tzinfo=dt.UTC)


class NotOurs(Exception):
    """What answered is not the box that this device was paired with; the sentence says why."""


class Certificate:
    """A self-signed P-256 certificate and its key in one file of the data folder, made once.

    It lies beside the database and in no backup: a copy of the data is another machine.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / "box.pem"
        self.pem = ""
        self.fingerprint = ""
        self._key: EllipticCurvePrivateKey | None = None

    def load(self) -> None:
        """Read it, or make it at the first start. Raises OSError, ValueError when it is damaged."""
        if not self.path.exists():
            _write(self.path, _made())
        text = self.path.read_bytes()
        key = load_pem_private_key(text, password=None)
        assert isinstance(key, EllipticCurvePrivateKey), "we made it with a P-256 key"
        certificate = x509.load_pem_x509_certificate(text)
        self._key = key
        self.pem = certificate.public_bytes(Encoding.PEM).decode()
        self.fingerprint = certificate.fingerprint(SHA256()).hex()

    def sign(self, message: bytes) -> str:
        """Hex signature: whoever chose what is in the message learns that the key is here."""
        assert self._key is not None, "the certificate is loaded at the start of the box"
        return self._key.sign(message, ECDSA(SHA256())).hex()


def proven_fingerprint(proof: BoxProof, nonce: str) -> str:
    """The fingerprint of the box that gave this proof for our nonce. Raises NotOurs."""
    try:
        certificate = x509.load_pem_x509_certificate(proof.certificate.encode())
        key = certificate.public_key()
        if not isinstance(key, EllipticCurvePublicKey):
            raise NotOurs("its certificate is of a kind that no box makes")
        signed = proof_bytes(nonce, proof.outlet, proof.https_port)
        key.verify(bytes.fromhex(proof.signature), signed, ECDSA(SHA256()))
    except (ValueError, InvalidSignature, UnsupportedAlgorithm) as fault:
        raise NotOurs("it does not hold the key of the certificate it shows") from fault
    if not 0 <= proof.https_port < 65_536:
        raise NotOurs("it names a port that cannot be")
    return certificate.fingerprint(SHA256()).hex()


def ensure_same(fingerprint: str, remembered: str) -> None:
    """Raises NotOurs when this is not the box that is remembered."""
    if not hmac.compare_digest(fingerprint.encode(), remembered.encode()):
        raise NotOurs(
            f"its certificate {fingerprint[:8]} is not that of our box ({remembered[:8]})"
        )


def trusting_only(pem: str) -> ssl.SSLContext:
    """A TLS context for one box: this very certificate, whatever address it answers at."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # The certificate is the identity, not a name: the box moves between addresses.
    context.check_hostname = False
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(cadata=pem)
    return context


def trusting_nobody_yet() -> ssl.SSLContext:
    """A TLS context for asking who is there: the answer proves itself, see `proven_fingerprint`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _made() -> bytes:
    key = generate_private_key(SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Kedai box")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(FIRST_DAY)
        .not_valid_after(LAST_DAY)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("kedai-box")]), critical=False)
        .sign(key, SHA256())
    )
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return secret + certificate.public_bytes(Encoding.PEM)


def _write(path: Path, data: bytes) -> None:
    # Write, flush, rename: a power cut leaves no half of a key behind.
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
