"""Time-stamp authorities of our own: one in this process, one that is `openssl ts`, and a server for both."""

import hashlib
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from asn1crypto import algos, cms, core, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.support.programs import need

START = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
STAMPING = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])


@dataclass
class Party:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.DER)


def certify(
    name: str,
    by: Party | None = None,
    *,
    usage: x509.ExtendedKeyUsage | None = None,
    critical: bool = True,
    start: datetime = START,
    days: int = 3650,
) -> Party:
    """Return a certificate that `by` issued, or itself; an authority's own if it has no extended usage."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by.certificate.subject if by else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + days * DAY)
        .add_extension(x509.BasicConstraints(ca=usage is None, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.KeyUsage(
                digital_signature=usage is not None,
                key_cert_sign=usage is None,
                crl_sign=usage is None,
                content_commitment=False,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
    )
    if usage is not None:
        made = made.add_extension(usage, critical=critical)
    if by is not None:
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(by.key.public_key())
        made = made.add_extension(identifier, critical=False)
    return Party(made.sign((by or Party(made, key)).key, hashes.SHA256()), key)  # type: ignore[arg-type]


@dataclass
class Authority:
    """Answers requests; what differs from a good authority is set before."""

    name: str = "Test TSA"
    clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    usage: x509.ExtendedKeyUsage = STAMPING
    critical: bool = True
    days: int = 3650
    accuracy: dict[str, int] | None = field(default_factory=lambda: {"seconds": 1})
    unsorted: bool = False
    """Send the chain in an order that strict DER forbids."""
    changes: dict[str, Any] = field(default_factory=dict)
    """Of the TSTInfo."""
    status: str = "granted"
    names_signer: bool = True
    serial: int = 0

    def __post_init__(self) -> None:
        self.root = certify(f"{self.name} Root", start=START - 400 * DAY, days=9000)
        self.middle = certify(f"{self.name} CA", self.root, start=START - 400 * DAY, days=9000)
        self.party = certify(
            self.name, self.middle, usage=self.usage, critical=self.critical, start=START - 300 * DAY, days=self.days
        )

    def reply(self, query: bytes) -> bytes:
        """Return the answer to one request."""
        asked = tsp.TimeStampReq.load(query)
        if self.status not in ("granted", "granted_with_mods"):
            # asn1crypto makes none without a token.
            status = tsp.PKIStatusInfo({"status": self.status, "status_string": ["too many requests"]}).dump()
            return b"\x30" + bytes((len(status),)) + bytes(status)
        self.serial += 1
        said: dict[str, Any] = {
            "version": "v1", "policy": "1.2.3.4.1", "message_imprint": asked["message_imprint"],
            "serial_number": self.serial, "gen_time": self.clock(),
        }  # fmt: skip
        if self.accuracy is not None:
            said["accuracy"] = self.accuracy
        if asked["nonce"].native is not None:
            said["nonce"] = asked["nonce"].native
        info = tsp.TSTInfo({**said, **self.changes}).dump()
        certificate = asn1_x509.Certificate.load(self.party.der)
        named = self.party.der if self.names_signer else self.middle.der
        attributes = cms.CMSAttributes(
            [
                {"type": "content_type", "values": ["tst_info"]},
                {"type": "message_digest", "values": [hashlib.sha256(info).digest()]},
                {
                    "type": "signing_certificate_v2",
                    "values": [
                        tsp.SigningCertificateV2(
                            {
                                "certs": [
                                    {
                                        "hash_algorithm": {"algorithm": "sha256"},
                                        "cert_hash": hashlib.sha256(named).digest(),
                                    }
                                ]
                            }
                        )
                    ],
                },
            ]
        )
        identifier = cms.SignerIdentifier(
            {
                "issuer_and_serial_number": cms.IssuerAndSerialNumber(
                    {"issuer": certificate.issuer, "serial_number": certificate.serial_number}
                )
            }
        )
        signer = cms.SignerInfo(
            {
                "version": "v1",
                "sid": identifier,
                "digest_algorithm": algos.DigestAlgorithm({"algorithm": "sha256"}),
                "signed_attrs": attributes,
                "signature_algorithm": algos.SignedDigestAlgorithm({"algorithm": "sha256_ecdsa"}),
                "signature": self.party.key.sign(attributes.untag().dump(), ec.ECDSA(hashes.SHA256())),
            }
        )
        chain = sorted((self.party.der, self.middle.der), reverse=self.unsorted)
        signed = {
            "version": "v3",
            "digest_algorithms": [{"algorithm": "sha256"}],
            "encap_content_info": {"content_type": "tst_info", "content": core.ParsableOctetString(info)},
            "certificates": [asn1_x509.Certificate.load(one) for one in sorted(chain)],
            "signer_infos": [signer],
        }
        content = cms.ContentInfo({"content_type": "signed_data", "content": cms.SignedData(signed)})
        made = bytes(tsp.TimeStampResp({"status": {"status": self.status}, "time_stamp_token": content}).dump())
        # asn1crypto sorts; the pieces have fixed lengths, so they can change places.
        return made.replace(b"".join(sorted(chain)), b"".join(chain))


class OpenSslAuthority:
    """`openssl ts -reply` with RSA keys; its replies carry two certificates in the order of the file."""

    CONFIG = """
[tsa]
default_tsa = one
[one]
serial = {folder}/serial
signer_cert = {folder}/tsa.pem
certs = {folder}/ca.pem
signer_key = {folder}/tsa.key
default_policy = 1.2.3.4.1
digests = sha1, sha256, sha512
signer_digest = sha256
accuracy = secs:1
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""

    def __init__(self, folder: Path) -> None:
        openssl = need("openssl")
        self._openssl = openssl
        self._config = folder / "tsa.cnf"
        self._config.write_text(self.CONFIG.format(folder=folder))
        (folder / "serial").write_text("01\n")
        (folder / "ext").write_text(
            "basicConstraints=critical,CA:false\nkeyUsage=critical,digitalSignature\n"
            "extendedKeyUsage=critical,timeStamping\n"
        )
        self._folder = folder
        keys = ["-newkey", "rsa:2048", "-nodes"]
        self._run("req", "-x509", *keys, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=OpenSSL CA", "-days", "9")
        self._run("req", *keys, "-keyout", "tsa.key", "-out", "tsa.csr", "-subj", "/CN=OpenSSL TSA")
        self._run(
            "x509", "-req", "-in", "tsa.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "8",
            "-extfile", "ext", "-out", "tsa.pem",
        )  # fmt: skip
        self.ca = (folder / "ca.pem").read_bytes()

    def _run(self, *arguments: str) -> None:
        subprocess.run([self._openssl, *arguments], cwd=self._folder, check=True, capture_output=True)

    def reply(self, query: bytes) -> bytes:
        """Return the answer to one request."""
        (self._folder / "query").write_bytes(query)
        self._run("ts", "-reply", "-config", str(self._config), "-queryfile", "query", "-out", "reply")
        return (self._folder / "reply").read_bytes()


Answer = tuple[int, dict[str, str], bytes]
"""Status, header fields, body."""


class Server:
    """An authority at an address of this machine."""

    def __init__(self, reply: Callable[[bytes], bytes | Answer]) -> None:
        self.reply = reply
        self.asked: list[bytes] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                query = self.rfile.read(int(self.headers["Content-Length"]))
                server.asked.append(query)
                made = server.reply(query)
                status, fields, body = (
                    (200, {"Content-Type": "application/timestamp-reply"}, made) if isinstance(made, bytes) else made
                )
                self.send_response(status)
                for name, value in fields.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *said: object) -> None:
                pass

        class Quiet(ThreadingHTTPServer):
            def handle_error(self, *said: object) -> None:
                pass  # a client that did not wait for the answer

        self._server = Quiet(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/tsr"

    def start(self) -> None:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def serving(reply: Callable[[bytes], bytes | Answer]) -> Iterator[Server]:
    """Have an authority listen while the block runs."""
    server = Server(reply)
    server.start()
    try:
        yield server
    finally:
        server.stop()
