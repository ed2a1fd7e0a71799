"""How is a picture given a signed manifest that says what is reserved?

A C2PA manifest with two assertions of the same content: `cawg.training-mining` (CAWG Training and
Data Mining 1.1) and the label of C2PA 1.4 and earlier, `c2pa.training-mining`, which is the only
one that some readers know. The picture as it came is named as the parent, with its own manifest if
it has one, so nothing of its provenance is lost. No thumbnail is made: it would cost more than
all the rest together.

The library (extra `provenance`) is loaded only when a signer is made.
"""

import io
import json
from collections.abc import Callable
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509 import load_pem_x509_certificates

from guard import __version__
from guard.errors import LeftAloneError, PictureError
from guard.image.data_mining import Use
from guard.image.left_alone import Why

MARK: Final = b"cawg.training-mining"
"""Bytes that stand in every file that was signed so."""

Sign = Callable[[bytes, bytes, str, frozenset[Use]], bytes]
"""Original, changed picture, media type and permitted uses; returns the picture with its manifest."""

_SETTINGS: Final = {
    "builder": {"thumbnail": {"enabled": False}},
    "verify": {"verify_after_sign": False, "ocsp_fetch": False, "remote_manifest_fetch": False},
}
_ALGORITHMS: Final = {"secp256r1": "ES256", "secp384r1": "ES384", "secp521r1": "ES512"}


def signer(chain: bytes, key: bytes) -> Sign:
    """Return what signs with `key` (PEM, PKCS #8) and shows `chain` (PEM, its own certificate first).

    Raises:
        PictureError: The library is not installed, or it does not take chain or key.
    """
    try:
        import c2pa  # type: ignore[import-untyped, import-not-found, unused-ignore]  # an extra
    except ImportError:
        raise PictureError("c2pa-python is not installed; install crawler-guard[provenance]") from None
    try:
        algorithm = getattr(c2pa.C2paSigningAlg, _algorithm(chain, key))
        info = c2pa.C2paSignerInfo(alg=algorithm, sign_cert=chain, private_key=key, ta_url=None)
        signs = c2pa.Signer.from_info(info)
        context = c2pa.Context.from_json(json.dumps(_SETTINGS))
    except c2pa.C2paError as error:
        raise PictureError(f"the certificate can not be used: {error}") from None

    def sign(original: bytes, changed: bytes, media_type: str, permitted: frozenset[Use]) -> bytes:
        try:
            with c2pa.Builder.from_json(json.dumps(manifest(permitted)), context=context) as builder:
                builder.set_intent(c2pa.C2paBuilderIntent.EDIT)
                builder.add_ingredient({"relationship": "parentOf"}, media_type, io.BytesIO(original))
                out = io.BytesIO()
                builder.sign(signs, media_type, io.BytesIO(changed), out)
                return out.getvalue()
        except c2pa.C2paError as error:
            raise LeftAloneError(Why.NOT_SIGNABLE, str(error)[:200]) from None

    return sign


def manifest(permitted: frozenset[Use]) -> dict[str, object]:
    """Return the definition of a manifest for what is permitted.

    Data mining is allowed only where every use of it is: the vocabulary has no word for search alone.
    """
    answers = {
        "data_mining": Use.OTHER_MINING in permitted,
        "ai_inference": Use.AI_INPUT in permitted,
        "ai_generative_training": Use.GENERATIVE_TRAINING in permitted,
        "ai_training": {Use.OTHER_TRAINING, Use.GENERATIVE_TRAINING} <= permitted,
    }
    assertions = [
        {
            "label": f"{family}.training-mining",
            "data": {
                "entries": {
                    f"{family}.{name}": {"use": "allowed" if allowed else "notAllowed"}
                    for name, allowed in answers.items()
                }
            },
        }
        for family in ("cawg", "c2pa")
    ]
    generator = [{"name": "crawler-guard", "version": __version__}]
    return {"claim_generator_info": generator, "assertions": assertions}


def _algorithm(chain: bytes, key: bytes) -> str:
    try:
        found = load_pem_private_key(key, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise PictureError("the private key can not be read: it must be PEM without a password") from None
    try:
        own = load_pem_x509_certificates(chain)[0]
    except ValueError:
        raise PictureError("the certificate can not be used: it must be a chain in PEM, its own first") from None
    if own.public_key() != found.public_key():
        raise PictureError("the private key is not that of the first certificate of the chain")
    if isinstance(found, Ed25519PrivateKey):
        return "ED25519"
    if isinstance(found, EllipticCurvePrivateKey) and found.curve.name in _ALGORITHMS:
        return _ALGORITHMS[found.curve.name]
    raise PictureError("the private key must be Ed25519 or on the curves P-256, P-384 or P-521")
