"""How does the owner put his own name to a report?

PAdES baseline B (ETSI EN 319 142) with a certificate of his, invisible in the page. Whether the
certificate makes it a qualified signature is for its issuer to say. A report that is signed is not
the same twice; what was signed is the same every time.
"""

import io
from collections.abc import Callable

from guard.errors import UsageError


def signer(pkcs12: bytes, passphrase: bytes | None) -> Callable[[bytes], bytes]:
    """Return what signs a PDF with the key in a PKCS #12 file.

    Raises:
        UsageError: It can not be opened, or what signs is not installed.
    """
    try:
        from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
        from pyhanko.sign import fields, signers
    except ImportError:
        raise UsageError("signing needs the extra 'evidence': pip install 'crawler-guard[evidence]'") from None
    try:
        key = signers.SimpleSigner.load_pkcs12_data(pkcs12, other_certs=[], passphrase=passphrase)
    except ValueError:
        raise UsageError("the certificate to sign with can not be opened: no PKCS #12, or another passphrase") from None
    is_edwards = key.signing_cert.public_key.algorithm in ("ed25519", "ed448")

    def sign(pdf: bytes) -> bytes:
        metadata = signers.PdfSignatureMetadata(
            field_name="Owner",
            subfilter=fields.SigSeedSubFilter.PADES,
            md_algorithm="sha512" if is_edwards else "sha256",
        )
        out = signers.sign_pdf(IncrementalPdfFileWriter(io.BytesIO(pdf)), metadata, signer=key)
        return bytes(out.getvalue())

    return sign
