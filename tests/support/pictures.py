"""Pictures for the tests of image work, made on the spot."""

import io
import zlib

import numpy as np
from PIL import Image

from guard.image import metadata, pack
from guard.image.chips import seed_of_signs


def noise(width=120, height=80, channels=3):
    """Return a picture whose pixels are all different, so that nothing compresses away."""
    shape = (height, width, channels) if channels > 1 else (height, width)
    return Image.fromarray(np.random.default_rng(5).integers(0, 256, shape, dtype=np.uint8))


def encoded(image, family, **options):
    """Return the bytes of a file."""
    out = io.BytesIO()
    image.save(out, family, **options)
    return out.getvalue()


def decoded(data):
    """Decode every pixel with the real decoder, after its own check of the file."""
    with Image.open(io.BytesIO(data)) as image:
        image.verify()
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def photograph(width=120, height=80, **options):
    """Return a JPEG with everything a camera and an editor leave in it."""
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "SecretMake", "SecretModel"
    exif[0x013B], exif[0x8298] = "Jürgen Groß".encode(), "© Jürgen Groß".encode()
    exif.get_ifd(0x8769)[0xA431] = "SERIAL-4711"
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (46.0, 30.0, 12.0)
    rights = metadata.Rights(
        notice="© Jürgen Groß", data_mining=metadata.PROHIBITED_EXCEPT_SEARCH, web_statement="https://photo.example/t"
    )
    packet = metadata.packet(rights).replace(
        b"</rdf:Description>", b'<xmp:CreatorTool xmlns:xmp="http://ns.adobe.com/xap/1.0/">SecretTool</xmp:CreatorTool>'
        b"</rdf:Description>"
    )  # fmt: skip
    for tag, value in options.pop("tags", {}).items():
        exif[tag] = value
    options = {"quality": 92, "exif": exif.tobytes(), "xmp": packet, "comment": b"SecretComment"} | options
    return encoded(noise(width, height), "JPEG", **options)


def bomb(side=60000):
    """Return a small PNG whose header promises a square with this side."""
    data = bytearray(encoded(noise(8, 8), "PNG"))
    data[16:24] = side.to_bytes(4, "big") * 2
    data[29:33] = zlib.crc32(data[12:29]).to_bytes(4, "big")
    return bytes(data)


def scenery(width=960, height=640, seed=1):
    """Return a picture with detail at every scale, as a photograph has it (its spectrum falls with the frequency)."""
    random = np.random.default_rng(seed)
    down, across = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None, :]
    falling = 1 / np.maximum(np.hypot(down, across), 1 / max(width, height)) ** 1.3
    planes = []
    for _ in range(3):
        phase = np.exp(2j * np.pi * random.random(falling.shape))
        plane = np.fft.irfft2(falling * phase, s=(height, width))
        planes.append(128 + 45 * (plane - plane.mean()) / plane.std())
    return Image.fromarray(np.clip(np.dstack(planes), 0, 255).astype(np.uint8))


def packed(data, key, strength=None, **options):
    """Return the pack of a picture, as the proxy would make it."""
    rendition = pack.Rendition.of(data)
    return pack.build(data, rendition, seed_of_signs(key, rendition.digest), strength, **options)
