"""What does a licence cost a request? Run: `python -m tests.bench.licences`."""

import itertools
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from time import perf_counter

from guard.core.signing_keys import thumbprint
from guard.server.licences import Licences
from guard.store.licences import LicenceBook
from tests.support.facts import request, who
from tests.support.licences import licence
from tests.support.signing import ED25519, NOW, jwk, signed

BROWSER = tuple((f"Header-{number}", "value") for number in range(14))


def measure(name: str, work: Callable[[], object], times: int) -> None:
    """Print the best of five runs, in microseconds."""
    best = float("inf")
    for _ in range(5):
        start = perf_counter()
        for _ in range(times):
            work()
        best = min(best, perf_counter() - start)
    print(f"{name:<42} {best / times * 1e6:8.2f} µs")


def main() -> None:
    """Measure requests without a token, with a known one, with a new one, and with one that is bound to a key."""
    with tempfile.TemporaryDirectory() as folder:
        book = LicenceBook(Path(folder))
        plain = book.issue(licence())
        bound = book.issue(licence(id="0000000001", thumbprint=thumbprint(jwk(ED25519)), key=jwk(ED25519)))
        tokens = [book.issue(licence(id=f"{number:010}")) for number in range(10, 110)]
        ticks = itertools.count(step=1000)
        licences, patient = Licences(book), Licences(book, clock=lambda: next(ticks))
        facts = replace(request(), at=NOW, headers=BROWSER)
        with_plain = replace(facts, headers=(*BROWSER, ("Authorization", f"License {plain}")))
        with_bound = replace(signed(ED25519), headers=())
        with_bound = replace(
            with_bound, headers=(*BROWSER, *signed(ED25519).headers, ("Authorization", f"License {bound}"))
        )
        new = itertools.cycle(
            [replace(facts, headers=(*BROWSER, ("Authorization", f"License {one}"))) for one in tokens]
        )
        believed = who()
        measure("no token", lambda: licences.check(facts, believed, None), 20_000)
        measure("a known token", lambda: licences.check(with_plain, believed, None), 20_000)

        def forgotten() -> None:
            patient._good.clear()
            patient.check(next(new), believed, None)

        measure("a new token", forgotten, 500)
        measure("a known token, a known signature", lambda: patient.check(with_bound, believed, None), 5000)

        def signed_anew() -> None:
            patient._signed.clear()
            patient.check(with_bound, believed, None)

        measure("a known token, a new signature", signed_anew, 500)


if __name__ == "__main__":
    main()
