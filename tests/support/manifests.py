"""Pictures with C2PA manifests, signed by c2pa-python with a chain made on the spot."""

import io
import json
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from PIL import Image


def _chain() -> tuple[bytes, bytes]:
    """Return a certificate chain for signing, and its key, as PEM."""
    now = datetime.now(UTC)

    def certificate(
        name: str, key: ec.EllipticCurvePrivateKey, issuer: str, signer: ec.EllipticCurvePrivateKey, ca: bool
    ):
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=9))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        )
        usage = dict.fromkeys(
            ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "crl_sign"), False
        ) | {"encipher_only": False, "decipher_only": False}
        builder = builder.add_extension(
            x509.KeyUsage(digital_signature=not ca, key_cert_sign=ca, **usage), critical=True
        )
        if not ca:
            builder = builder.add_extension(
                x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False
            )
        return builder.sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    root, end = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    key = end.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return certificate("end", end, "root", root, False) + certificate("root", root, "root", root, True), key


def signed(
    form: str, labels: tuple[str, ...], *, thumbnail: bool = False, use: str = "notAllowed", source: bool = False
) -> bytes:
    """Return a picture that c2pa-python has signed with training-mining assertions."""
    c2pa = pytest.importorskip("c2pa")
    chain, key = _chain()
    signer = c2pa.Signer.from_info(c2pa.C2paSignerInfo(c2pa.C2paSigningAlg.ES256, chain, key, None))
    kinds = ("data_mining", "ai_inference", "ai_generative_training", "ai_training")
    assertions = [
        {"label": label, "data": {"entries": {f"{label.partition('.')[0]}.{kind}": {"use": use} for kind in kinds}}}
        for label in labels
    ]
    kind = {"digitalSourceType": "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture"} if source else {}
    actions = {"label": "c2pa.actions", "data": {"actions": [{"action": "c2pa.created", **kind}]}}
    manifest = {"claim_generator": "test", "format": form, "assertions": [actions, *assertions]}
    plain, target = io.BytesIO(), io.BytesIO()
    Image.new("RGB", (64, 48)).save(plain, form.partition("/")[2].upper())
    plain.seek(0)
    settings = (
        f'{{"builder":{{"thumbnail":{{"enabled":{str(thumbnail).lower()}}}}},"verify":{{"verify_after_sign":false}}}}'
    )
    with c2pa.Context.from_json(settings) as context:
        c2pa.Builder.from_json(json.dumps(manifest), context=context).sign(signer, form, plain, target)
    return target.getvalue()
