"""Every reader of bytes that strangers choose, with seeds to start from and what it is allowed to say no with.

A harness takes bytes and returns; anything it raises is a fault. Where more is promised than not to fall over, it
asserts that too.
"""

import contextlib
import gzip
import hashlib
import io
import json
import random
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from ipaddress import ip_address

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from PIL import Image

from guard.bundle import container
from guard.core import (
    autonomous_systems,
    crawler_file,
    dns_messages,
    log_line,
    policy_file,
    proxy_protocol,
    raw_request,
    signatures,
    spop,
    target,
    tickets,
)
from guard.core.browsers import read_browser
from guard.core.client_address import AddressPolicy, client_network, find_client, parse_hop
from guard.core.dns_messages import DnsError, RecordType
from guard.core.framing import check as check_framing
from guard.core.log_line import LogFormat
from guard.core.range_lists import RangeFormat
from guard.core.range_lists import parse as parse_ranges
from guard.core.robots_rules import RobotsRules
from guard.core.signing_keys import parse_directory
from guard.core.spop import SpopError
from guard.errors import (
    ConfigurationError,
    EvidenceError,
    FetchError,
    GuardError,
    PictureError,
    RangeListError,
    RequestError,
    ReservationError,
)
from guard.evidence import canonical, der, disclosure, proof, record, time_stamp, witness
from guard.evidence.checkpoint import note_parts, parse_verifier_key, split, unsigned
from guard.image import frame_headers, jpeg_scan, metadata, multi_picture, sniff
from guard.image.pack_file import from_bytes, to_bytes
from guard.image.rights import rewrite
from guard.image.xmp import RightsPacket
from guard.image.xmp_scan import scan
from guard.reservation.read_page import read_page
from guard.reservation.read_picture import read_c2pa, read_xmp
from guard.reservation.read_robots import read_robots
from guard.reservation.read_rsl import read_rsl
from guard.reservation.read_tdmrep import read_policy, read_tdmrep
from guard.reservation.read_texts import read_ai_txt, read_trust_txt
from guard.reservation.robots_file import read as read_robots_file
from guard.server.fast_lane import heads
from guard.server.fast_lane.heads import written
from guard.server.recorder_protocol import ProtocolError, Reader, parse_append, parse_disclose
from guard.server.validators import names, wanted
from guard.store.found_records import pictures_in
from guard.store.found_zips import Zip
from guard.store.rule_files import rules_root
from guard.verifier import verify
from guard.yaml12 import load as load_yaml
from tests.support import records
from tests.support.facts import request
from tests.support.pictures import encoded, packed, scenery
from tests.support.spop import haproxy_hello, headers, notify


@dataclass(frozen=True)
class Harness:
    """A reader."""

    read: Callable[[bytes], object]
    seeds: Callable[[], list[bytes]]
    refuses: tuple[type[Exception], ...] = ()
    """With which exceptions it says no."""

    def __call__(self, data: bytes) -> None:
        """Give it one input."""
        with contextlib.suppress(*self.refuses):
            self.read(data)


HARNESSES: dict[str, Harness] = {}


def _harness(
    seeds: Callable[[], list[bytes]], *refuses: type[Exception]
) -> Callable[[Callable[[bytes], object]], None]:
    def put(read: Callable[[bytes], object]) -> None:
        HARNESSES[read.__name__.strip("_")] = Harness(read, seeds, refuses)

    return put


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _lines(data: bytes) -> list[tuple[str, str]]:
    """Take bytes as header lines."""
    found = []
    for line in data.split(b"\n")[:40]:
        name, _, value = line.partition(b":")
        found.append((_text(name.strip()), _text(value.strip())))
    return found


# Front servers.


@_harness(
    lambda: [
        b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\nGET / HTTP/1.1\r\n",
        proxy_protocol.SIGNATURE + b"!\x11\0\x0c" + b"a" * 12,
    ],
    RequestError,
)
def preamble(data: bytes) -> None:
    found = proxy_protocol.read_preamble(data)
    assert found is None or 0 < found.length <= len(data)


@_harness(
    lambda: [
        haproxy_hello(),
        notify(("guard-request", {"source": ip_address("192.0.2.1"), "headers": headers(host="a")})),
    ],
    SpopError,
)
def spoe(data: bytes) -> None:
    buffer = bytearray(data)
    for frame in spop.frames(buffer):
        for _, arguments in frame.messages if isinstance(frame, spop.Notify) else ():
            if isinstance(told := arguments.get("headers"), bytes):
                spop.header_lines(told)
    assert len(buffer) <= len(data)


# Requests.


@_harness(lambda: [b"/a/../b%2e%2E//c%41?x", b"http://photo.example:80/a", b"/\\..\\x%c0%af", b"*"], RequestError)
def target_(data: bytes) -> None:
    _, origin = target.split_absolute(_text(data))
    path = target.canonical_path(origin)
    assert path.startswith("/")
    assert "/../" not in path + "/"
    assert "//" not in path


@_harness(lambda: [b"Host: photo.example:443\n", b"Host: [::1]:1\nHost: b"], RequestError)
def host(data: bytes) -> None:
    authority, name = target.authority_and_host("", _lines(data))
    assert (authority == "") == (name == "")


@_harness(
    lambda: [b"Content-Length: 3", b"Transfer-Encoding: chunked", b"Content-Length: 3\nContent-Length: 3"], RequestError
)
def framing(data: bytes) -> None:
    lines = _lines(data)
    check_framing("1.1", lines)
    codings = [value for name, value in lines if name.lower() == "transfer-encoding"]
    assert len(codings) <= 1


@_harness(
    lambda: [
        b"GET /a?b HTTP/1.1\r\nHost: photo.example:443\r\nX: y\r\nConnection: close",
        b"POST http://photo.example/ HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue",
        b"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked",
    ]
)
def fast_request(data: bytes) -> None:
    head = heads.request(data)
    if head.way is not heads.Way.LIBRARY:
        check_framing("1.1", [(name.decode("latin-1"), value.decode("latin-1")) for name, value in head.fields])
        assert 0 <= head.length < 10**15
        assert [name.lower() for name, _ in head.fields].count(b"host") == 1
        # What was read says it all: written down again, and read again, it is the same.
        first, *_ = data.split(b"\r\n")
        assert heads.request(b"\r\n".join((first, *(b"%s: %s" % field for field in head.fields)))) == head
    if heads.may_become_one(data):
        assert b"\n" not in data.replace(b"\r\n", b"")


@_harness(
    lambda: [
        b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: 3",
        b"HTTP/1.1 304 Not Modified\r\nETag: a\r\nConnection: close",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked",
    ]
)
def fast_answer(data: bytes) -> None:
    for method in ("GET", "HEAD"):
        head = heads.response(data, method)
        if head is not None:
            assert 200 <= head.status <= 999
            assert 0 <= head.length < 10**15
            assert not {b"transfer-encoding", b"upgrade"} & {name.lower() for name, _ in head.fields}
            written(f"HTTP/1.1 {head.status} {head.reason}", [(_text(a), _text(b)) for a, b in head.fields])


_POLICY = AddressPolicy(header="x-forwarded-for", trusted=())


@_harness(lambda: [b"192.0.2.1, 198.51.100.2:80", b'"[2001:db8::1%25eth0]:443"', b"unknown, , ::ffff:1.2.3.4"])
def forwarded_for(data: bytes) -> None:
    text = _text(data)
    found = find_client(_POLICY, ip_address("127.0.0.1"), 1, [("X-Forwarded-For", text)])
    client_network(found.address)
    for part in text.split(",")[:20]:
        parse_hop(part)


@_harness(lambda: [b"GET /a HTTP/1.1\r\nHost: a\r\nUser-Agent: x\r\n\r\n", b"GET /\xff HTTP/1.0\n\n"], GuardError)
def request_file(data: bytes) -> object:
    return raw_request.parse_request(data)


@_harness(lambda: [b'"abc", W/"def"', b"bytes=0-5,7-", b"*", b'"'])
def validators(data: bytes) -> None:
    text = _text(data)
    names(text, '"abc"')
    for field in ("If_None_Match", "If_Match", "Range", "If_Range"):
        what = wanted(request(**{field: text}), '"abc"', 100)
        assert 0 <= what.start <= what.end <= 100
        assert len(what.part(bytes(100))) == what.length(100)


@_harness(lambda: [b"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/144.0.0.0 Safari/537.36", b"(((((;;;"])
def user_agent(data: bytes) -> object:
    return read_browser(_text(data))


@_harness(lambda: [b"guard_view=1.1.AAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAA; a=b", b"guard_view=;;;guard_view"])
def ticket(data: bytes) -> None:
    judged = tickets.worth((b"k" * 32,), request(Cookie=_text(data)), 24)
    assert judged.due


@_harness(
    lambda: [
        b'Signature-Input: sig1=("@authority" "signature-agent");created=1;keyid="x";tag="web-bot-auth"\n'
        b'Signature: sig1=:AAAA:\nSignature-Agent: "https://a.example"'
    ]
)
def signature(data: bytes) -> None:
    facts = replace(request(), headers=tuple(_lines(data)))
    signatures.verify(facts, lambda *_: None)


@_harness(lambda: [b'{"keys":[{"kty":"OKP","crv":"Ed25519","x":"AAAA"}]}', b"[]"], FetchError)
def key_directory(data: bytes) -> object:
    return parse_directory(data, "https://a.example/.well-known/http-message-signatures-directory")


@_harness(
    lambda: [
        bytes.fromhex("123481800001000100000000")
        + b"\x01a\x00\x00\x0c\x00\x01\xc0\x0c\x00\x0c\x00\x01\0\0\0\1\0\2\xc0\x0c"
    ],
    DnsError,
)
def dns_answer(data: bytes) -> object:
    return dns_messages.parse_answer(data, 0x1234, "a", RecordType.PTR)


# Files and lists.


@_harness(
    lambda: [
        b'127.0.0.1 - - [22/Nov/2026:12:00:00 +0000] "GET /a HTTP/1.1" 200 5 "-" "curl/8"',
        b'{"request":{"method":"GET","uri":"/a","remote_ip":"::1","headers":{}},"status":200,"ts":1.5}',
    ]
)
def log(data: bytes) -> None:
    log_line.detect(data.split(b"\n")[:5])
    for form in LogFormat:
        log_line.parse(data, form)


@_harness(
    lambda: [b'{"prefixes":[{"ipv4Prefix":"192.0.2.0/24"}]}', b"192.0.2.0/24\n# x\n2001:db8::/32\n"], RangeListError
)
def ranges(data: bytes) -> None:
    for form in RangeFormat:
        try:
            parse_ranges(data, form)
        except RangeListError:
            continue


@_harness(lambda: [b"192.0.2.0\t192.0.2.255\t64500\tDE\tNAME", b"2001:db8::\t2001:db8::ff\t1"])
def systems(data: bytes) -> object:
    return autonomous_systems.parse(_text(data).split("\n"))


@_harness(lambda: [b"a: [1, {b: c}]\n- x\n", b"&a [*a]", b"? - |\n  x", b"!!python/object:os.system []"], GuardError)
def yaml(data: bytes) -> object:
    return load_yaml(data, "fuzz.yaml")


def _shipped(name: str) -> list[bytes]:
    return [file.read_bytes() for file in sorted((rules_root().path / name).glob("*.yaml"))[:6]]


@_harness(lambda: _shipped("crawlers"), ConfigurationError)
def crawler_rules(data: bytes) -> object:
    return crawler_file.parse(load_yaml(data, "fuzz.yaml"))


@_harness(lambda: _shipped("policies"), ConfigurationError)
def policy_rules(data: bytes) -> object:
    return policy_file.parse_policy_file(load_yaml(data, "fuzz.yaml"), None)


_ROBOTS = b"User-agent: GPTBot\nDisallow: /\nAllow: /a*b$\n\nUser-agent: *\nContent-Usage: train-ai=n\nCrawl-delay: x\n"


@_harness(lambda: [_ROBOTS, b"\xef\xbb\xbf" + _ROBOTS, _ROBOTS.replace(b"\n", b"\r")], ReservationError)
def robots(data: bytes) -> None:
    rules = RobotsRules.parse(data)
    for name in ("gptbot", ""):
        rules.forbids(name, "/a/b.jpg?c")
    read_robots_file(data)
    read_robots(data, "/robots.txt")


@_harness(
    lambda: [
        b'[{"location":"/","tdm-reservation":1,"tdm-policy":"/p.json"}]',
        b"User-Agent: *\nDisallow: *.jpg\n",
        b'<rss xmlns:rsl="https://rslstandard.org/rsl"><rsl:content url="/"><license/></rsl:content></rss>',
        b'{"@context":"http://www.w3.org/ns/odrl.jsonld","@type":"Offer","permission":[]}',
        b'<html><head><meta name="robots" content="noai"><script type="application/ld+json">{"license":"x"}</script>',
    ]
)
def reservations(data: bytes) -> None:
    read_tdmrep(data, "x", ["/a.jpg"])
    read_policy(data, "application/ld+json", "x")
    read_rsl(data, "application/rsl+xml", "x")
    read_ai_txt(data, "x")
    read_trust_txt(data, "x")
    read_page(data, "text/html; charset=utf-8")


# Pictures.


@cache
def _pictures() -> list[bytes]:
    picture = scenery(240, 200)
    exif = Image.Exif()
    exif[0x0112], exif[0x010E], exif[0x9003] = 6, "what is seen", "2026:01:01 00:00:00"
    found = [encoded(picture, "JPEG", quality=60, exif=exif.tobytes()), encoded(picture, "JPEG", progressive=True)]
    found += [encoded(picture.resize((48, 40)), form) for form in ("PNG", "WEBP", "GIF", "AVIF")]
    rights = RightsPacket(permitted=frozenset(), web_statement="https://photo.example/terms", licensor_name="Jane")
    found.append(rewrite(found[0], rights, strip=False).body)
    return found


@_harness(_pictures)
def rights(data: bytes) -> None:
    made = rewrite(data, None, strip=True)
    assert made.why is not None or rewrite(made.body, None, strip=True).body == made.body, (
        "a second time there is nothing to do"
    )


@_harness(_pictures)
def picture_head(data: bytes) -> None:
    kind = sniff.media_type(data)
    sniff.dimensions(data)
    frame_headers.size(kind, data)
    sniff.kind_of("image/jpeg", data, complete=True, thumbnail_side=400, display_side=1600)


@_harness(_pictures, PictureError)
def several_pictures(data: bytes) -> object:
    return multi_picture.read(data)


@_harness(lambda: _pictures()[:2], PictureError)
def jpeg(data: bytes) -> None:
    jpeg_scan.headers(data)
    jpeg_scan.metadata_of(data)
    jpeg_scan.cut(data)


_XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/">'
    b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"'
    b' xmlns:exif="http://ns.adobe.com/exif/1.0/" exif:GPSLatitude="1">'
    b'<dc:rights><rdf:Alt><rdf:li xml:lang="x-default">Jane</rdf:li></rdf:Alt></dc:rights>'
    b"</rdf:Description></rdf:RDF></x:xmpmeta>"
)


@_harness(lambda: [_XMP, b"\xef\xbb\xbf" + _XMP, _XMP.decode().encode("utf-16")], PictureError)
def xmp(data: bytes) -> None:
    scan(data, private=True)
    metadata.read(data)


@_harness(_pictures)
def reservation_in_a_picture(data: bytes) -> None:
    read_xmp(data, "x")
    read_c2pa(data, "x")


@_harness(lambda: [to_bytes(packed(encoded(scenery(240, 200), "JPEG"), b"k" * 32))], PictureError)
def pack(data: bytes) -> object:
    return from_bytes(data)


# Data sets.


def _small_record() -> list[bytes]:
    picture = encoded(scenery(64, 48), "JPEG", quality=40)
    return [
        records.example({"jpg": picture, "url": b"https://a.example/", "width": 64, "left": [picture, b"x"], "n": 0.5})
    ]


def _zips() -> list[bytes]:
    found = []
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w", method) as out:
            out.writestr("a/0.jpg", b"\xff\xd8\xff" + b"picture" * 9)
            out.writestr("a/0.json", b'{"url":"https://a.example/"}')
        found.append(made.getvalue())
    return found


@_harness(lambda: [records.framed(_small_record()[0]) * 2, gzip.compress(records.framed(b"") * 3)], GuardError)
def record_file(data: bytes) -> None:
    for one in pictures_in(io.BytesIO(data), lambda _: None):
        assert sniff.media_type(one.data)


@_harness(_small_record, GuardError)
def record_example(data: bytes) -> None:
    for one in pictures_in(io.BytesIO(records.framed(data)), lambda _: None):
        assert one.data in data


@_harness(_zips, GuardError)
def zip_file(data: bytes) -> None:
    archive = Zip(io.BytesIO(data))
    for member in archive.members():
        with contextlib.suppress(GuardError):
            assert len(archive.read(member, 1000)) <= 1001


# Evidence.

_KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)


@_harness(lambda: [record.gap(at=1, count=2, since=0, until=1, why="x"), record.key(at=1, vkey="a+b+c")], EvidenceError)
def leaf(data: bytes) -> None:
    found = record.read(data)
    assert canonical.encode(json.loads(data)) == data, found.kind


@_harness(lambda: [b'["AAAAAAAAAAAAAAAAAAAAAA","net",{"address":"192.0.2.1"}]'], EvidenceError)
def disclosed(data: bytes) -> object:
    return disclosure.read(data)


@_harness(lambda: [b"a/evidence/1\n5\n" + b"A" * 43 + b"=\n\n\xe2\x80\x94 a AAAAAAA=\n"], EvidenceError)
def checkpoint(data: bytes) -> None:
    assert b"".join(split(data)) == data
    note_parts(data)
    unsigned(data)


@_harness(lambda: [b"photo.example/evidence/1+12345678+AAAA"], EvidenceError)
def verifier_key(data: bytes) -> object:
    return parse_verifier_key(_text(data))


@_harness(lambda: [b"c2sp.org/tlog-proof@v1\nindex 3\n" + b"A" * 43 + b"=\n\na\n5\n"], EvidenceError)
def tlog_proof(data: bytes) -> object:
    return proof.parse(data)


@_harness(
    lambda: [b"old 3\n" + b"A" * 43 + b"=\n\na/evidence/1\n5\n" + b"A" * 43 + b"=\n\n\xe2\x80\x94 a AAAAAAA=\n"],
    EvidenceError,
)
def witness_request(data: bytes) -> object:
    return witness.parse_request(data)


@_harness(lambda: [time_stamp.request(hashlib.sha256(b"x").digest(), 7), b"\x30\x03\x02\x01\x00"], der.DerError)
def der_element(data: bytes) -> object:
    return der.read(data)


@_harness(lambda: [bytes.fromhex("30053003020100"), time_stamp.reply_of(b"\x30\x03\x02\x01\x00")], EvidenceError)
def time_stamp_reply(data: bytes) -> object:
    return time_stamp.read(data)


@_harness(lambda: [b"\0\0\0\x0b\x01" + b"\0" * 8 + b"xy", b"\0\0\0\x02{}" + b"\x03net\0\0\0\x01x"], ProtocolError)
def recorder_message(data: bytes) -> None:
    for kind, _, body in Reader().feed(data):
        (parse_append if kind == 1 else parse_disclose)(body)


@_harness(lambda: [container.pack({"mimetype": b"a/b", "log/checkpoint": b"x", "data/a.json": b"{}"})], verify.Fault)
def bundle(data: bytes) -> None:
    files = verify.unpack(data)
    assert not files or container.pack(files) == data, "there is one form"


def mutated(seeds: list[bytes], number: int) -> Iterator[bytes]:
    """Yield `number` inputs near the seeds, always the same: bytes flipped, cut, doubled, joined, put in."""
    chance = random.Random(len(seeds) * 7919 + number)
    odd = [
        b"\0",
        b"\xff",
        b"\r\n",
        b"\n",
        b"%",
        b'"',
        b"\\",
        b":",
        b",",
        b"9" * 20,
        b"\xe2\x84\xaa",
        b"-1",
        b"\xff\xff\xff\xff",
        b"[" * 50,
    ]
    yield b""
    yield from seeds
    for _ in range(number):
        data = bytearray(chance.choice(seeds))
        for _ in range(chance.choice((1, 1, 2, 4, 9))):
            at = chance.randrange(len(data) + 1)
            match chance.randrange(6):
                case 0 if data:
                    data[at % len(data)] ^= 1 << chance.randrange(8)
                case 1 if data:
                    data[at % len(data)] = chance.randrange(256)
                case 2:
                    del data[at : at + chance.choice((1, 2, 8, 64))]
                case 3:
                    data[at:at] = chance.choice(odd)
                case 4:
                    data[at:at] = data[at : at + chance.choice((1, 4, 32))]
                case _:
                    data = data[:at] if chance.random() < 0.5 else data + chance.choice(seeds)[at:]
        yield bytes(data[:200_000])
