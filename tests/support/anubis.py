"""A visitor whom Anubis lets pass: it has done the work that it is asked for, as a browser would."""

import http.client
import json
import re
from collections.abc import Mapping
from hashlib import sha256
from itertools import count
from typing import Final
from urllib.parse import urlencode

_ASKED: Final = re.compile(r'<script id="anubis_challenge" type="application/json">(.+?)</script>', re.DOTALL)
_ANSWER: Final = "/.within.website/x/cmd/anubis/api/pass-challenge"


def cookies_of_one_who_passed(port: int, headers: Mapping[str, str]) -> str:
    """Return what to send as Cookie field, with these headers, to be taken for a person.

    Raises:
        ValueError: Anubis asked for nothing that is known here, or did not take the answer.
    """
    headers = {**headers, "X-Forwarded-For": "203.0.113.5", "Accept-Encoding": "identity"}
    _, page, cookies = _get(port, "/", headers)
    found = _ASKED.search(page)
    if found is None:
        raise ValueError(f"Anubis asks for no work: {page[:200]!r}")
    asked = json.loads(found[1])
    given, zeros = asked["challenge"]["randomData"], "0" * asked["rules"]["difficulty"]
    for nonce in count():
        done = sha256(f"{given}{nonce}".encode()).hexdigest()
        if done.startswith(zeros):
            break
    answer = urlencode(
        {"id": asked["challenge"]["id"], "response": done, "nonce": nonce, "redir": "/", "elapsedTime": 300}
    )
    status, page, passed = _get(port, f"{_ANSWER}?{answer}", {**headers, "Cookie": "; ".join(cookies)})
    if status != 302:
        raise ValueError(f"Anubis did not take the answer: {status} {page[-300:]!r}")
    return "; ".join(line for line in passed if "auth" in line.partition("=")[0])


def _get(port: int, path: str, headers: Mapping[str, str]) -> tuple[int, str, list[str]]:
    """Return status, body and the cookies that are set."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", path, headers=dict(headers))
        answer = connection.getresponse()
        set_lines = answer.headers.get_all("Set-Cookie") or []
        return answer.status, answer.read().decode("utf-8", "replace"), [one.partition(";")[0] for one in set_lines]
    finally:
        connection.close()
