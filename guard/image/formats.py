"""Which picture format does the client take?

RFC 9110, section 12.5.1: the most specific media range decides about a type, `q=0` means
"not acceptable", and a field that names no picture at all leaves the choice to us.
"""

JPEG = "image/jpeg"
PNG = "image/png"
WEBP = "image/webp"
GIF = "image/gif"
AVIF = "image/avif"

CARD_TYPES = (JPEG, PNG, WEBP, GIF, AVIF)
"""What a licence card can be, in the order in which we choose: what every decoder reads first."""

MAX_ACCEPT = 2048
"""Characters of an Accept field that are read; browsers send about 150."""


def acceptable(accept: str) -> str:
    """Return the best of `CARD_TYPES` for an Accept field, all its lines joined by commas.

    Highest weight first, equal weights in our order. A type that the client excludes is
    only chosen if it excludes all of them; a picture must come out in any case.
    """
    weights = _weights(accept[:MAX_ACCEPT])
    return max(CARD_TYPES, key=lambda name: (_weight(name, weights), -CARD_TYPES.index(name)))


def _weight(name: str, weights: dict[str, float]) -> float:
    """Return the weight of one type: what the client says, else just above "not acceptable"."""
    for media_range in (name, "image/*", "*/*"):
        if media_range in weights:
            return weights[media_range]
    return 0.0001


def _weights(accept: str) -> dict[str, float]:
    weights: dict[str, float] = {}
    for part in accept.split(","):
        media_range, *parameters = (piece.strip().lower() for piece in part.split(";"))
        if media_range == "image/jpg":
            media_range = JPEG  # Wrong, and seen often enough in hand-written clients.
        quality = next((value[2:] for value in parameters if value.startswith("q=")), "1")
        try:
            weight = float(quality)
        except ValueError:
            continue
        if 0 <= weight <= 1:
            weights[media_range] = max(weight, weights.get(media_range, 0.0))
    return weights
