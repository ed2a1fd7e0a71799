"""The owner's own signature holds by another library's validation, and the page is what it was."""

import io
import warnings
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12

from guard.bundle.report import typeset
from guard.bundle.signature import signer
from guard.errors import UsageError
from tests.bundle.test_report import value_of
from tests.support.cases import fill

PASSPHRASE = b"a passphrase"


def certificate(key) -> bytes:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Ada Example")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2036, 1, 1, tzinfo=UTC))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(True, True, False, False, False, False, False, False, False), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, None if isinstance(key, ed25519.Ed25519PrivateKey) else _sha256())
    )
    return pkcs12.serialize_key_and_certificates(b"ada", key, made, None, BestAvailableEncryption(PASSPHRASE))


def _sha256():
    from cryptography.hazmat.primitives.hashes import SHA256

    return SHA256()


@pytest.mark.parametrize("key", [ec.generate_private_key(ec.SECP256R1()), ed25519.Ed25519PrivateKey.generate()],
                         ids=["P-256", "Ed25519"])  # fmt: skip
def test_a_report_is_signed_and_nothing_of_it_changed(tmp_path, key):
    """Appended to the file; what was there stays, byte by byte."""
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.validation import validate_pdf_signature
    from pyhanko_certvalidator import ValidationContext

    pdf = typeset(value_of(fill(tmp_path / "evidence"), crawlers={"examplebot"}))
    made = signer(certificate(key), PASSPHRASE)(pdf)
    (embedded,) = PdfFileReader(io.BytesIO(made)).embedded_signatures
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        status = validate_pdf_signature(
            embedded, ValidationContext(trust_roots=[embedded.signer_cert], allow_fetching=False)
        )

    assert made.startswith(pdf)
    assert embedded.field_name == "Owner"
    assert embedded.sig_object["/SubFilter"] == "/ETSI.CAdES.detached"
    assert (status.intact, status.valid) == (True, True)


def test_a_wrong_passphrase_is_a_wrong_call():
    """One sentence, and no traceback of another library."""
    with pytest.raises(UsageError, match="passphrase"):
        signer(certificate(ec.generate_private_key(ec.SECP256R1())), b"wrong")
