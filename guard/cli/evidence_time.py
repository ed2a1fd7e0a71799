"""What does outside time say about a log, in words?"""

from collections import Counter
from collections.abc import Sequence, Set
from pathlib import Path
from typing import Final

from guard.errors import UsageError
from guard.evidence.anchor import Anchor, AnchorKind
from guard.evidence.anchor_check import Believe, Head, span, when
from guard.evidence.bracket import Bracket, Brackets
from guard.evidence.checkpoint import CheckpointError
from guard.evidence.cosignature import CosignerKey, parse_cosigner_key
from guard.evidence.report import Report
from guard.evidence.time_stamp import Token, name_of
from guard.exporter import token_trust
from guard.exporter.token_trust import NOBODY, Trust, TrustError
from guard.store.anchor_files import kept_certificates
from guard.store.log_files import open_folder

LARGEST_FILE: Final = 1 << 20


class Judge:
    """Says whether tokens hold, and by which certificates they did."""

    def __init__(self, trust: Trust, *, kept: bool) -> None:
        self._trust = trust
        self.kept = kept
        """The certificates lay with the log: whoever wrote it chose them."""
        self.used: dict[str, str] = {}
        """Fingerprint and subject of the trusted certificates that chains ended at."""
        self.expired = 0
        """Tokens whose authority's certificate has run out since; they stay good."""

    @property
    def believe(self) -> Believe | None:
        """What a verification asks; None where there is nothing to believe anybody by."""
        return self._believe if self._trust.certificates else None

    def _believe(self, reply: bytes, note: bytes) -> Token:
        token = token_trust.verify(reply, note, self._trust)
        if (anchor := token_trust.anchor_of(token, self._trust)) is not None:
            self.used[token_trust.fingerprint(anchor)] = name_of(anchor)
        self.expired += token_trust.has_expired(token)
        return token


def judge_for(directory: Path, given: Sequence[Path]) -> Judge:
    """Return who judges tokens: by the files given, else by those that lie with the log.

    Raises:
        UsageError: `directory` is no evidence directory, or a file holds no certificates.
    """
    open_folder(directory)
    log = directory / "log" if (directory / "log" / "seg").is_dir() else directory
    files = [(one, read(one)) for one in given] if given else kept_certificates(log)
    trust = NOBODY
    try:
        for path, data in files:
            trust += token_trust.parse(data, str(path))
    except TrustError as error:
        raise UsageError(str(error)) from None
    return Judge(trust, kept=not given)


def heads_of(files: Sequence[Path]) -> list[Head]:
    """Return the checkpoints in `files`; UsageError where one can not be read."""
    return [(str(one), read(one)) for one in files]


def read(path: Path) -> bytes:
    """Return what is in a small file that the user named.

    Raises:
        UsageError: It can not be read, or is no small file.
    """
    try:
        with path.open("rb") as opened:
            data = opened.read(LARGEST_FILE + 1)
    except OSError as error:
        raise UsageError(f"{path} can not be read: {(error.strerror or str(error)).lower()}") from None
    if len(data) > LARGEST_FILE:
        raise UsageError(f"{path} has more than {LARGEST_FILE >> 20} MiB; that is no certificate and no checkpoint")
    return data


def witnesses_of(texts: Sequence[str]) -> list[CosignerKey]:
    """Return the keys of witnesses that the user named; UsageError where a text is none."""
    try:
        return [parse_cosigner_key(one.strip()) for one in texts]
    except CheckpointError as error:
        raise UsageError(f"--witness: {error}") from None


def time_lines(report: Report, judge: Judge, witnesses: Sequence[CosignerKey] = ()) -> list[str]:
    """Return sentences on what others say about the time of the records; `witnesses` are whose keys the user gave."""
    tokens = [one for one in report.anchors if one.kind is AnchorKind.TIME_STAMP]
    if not tokens:
        return [
            "no authority outside has put its time to this log: that it was not written later, all at once, only the "
            "key says",
            *_witnesses(report.anchors, {one.name for one in witnesses}),
        ]
    newest = max(tokens, key=lambda one: one.size)
    lines = [f"records 0 to {newest.size - 1:,} existed at {when(newest.time)}{_accuracy(newest)}"]
    if report.records > newest.size:
        lines.append(f"unanchored since {when(newest.time)}: {report.records - newest.size:,} newer records")
    if (widest := _widest(tokens)) is not None:
        index, found = widest
        assert found.not_before is not None and found.not_after is not None  # noqa: S101, PT018  # chosen so
        lines.append(
            f"the widest bracket is {span(max(0, found.not_after - found.not_before))}: record {index:,} was made "
            f"between {when(found.not_before)} and {when(found.not_after)}"
        )
    first = min((one.index for one in tokens if one.index is not None), default=None)
    if first:
        lines.append(f"before record {first:,} no token is on record: those records may be older than they say")
    for authority, count in sorted(Counter(one.authority for one in tokens).items()):
        qualified = any(one.qualified for one in tokens if one.authority == authority)
        said = ", qualified by the owner's account" if qualified else ""
        lines.append(f"{count:,} {'token' if count == 1 else 'tokens'} of {authority}{said}")
    lines += _witnesses(report.anchors, {one.name for one in witnesses})
    if judge.expired:
        lines.append(
            f"{judge.expired:,} of the tokens are of certificates that have expired since; they were valid at the time "
            "in the token, and that is what counts"
        )
    origin = (
        "which lay with the log: compare them with what the authority publishes" if judge.kept else "as you gave it"
    )
    lines += [f"checked by the certificate {name}, {origin}; SHA-256 {print_}" for print_, name in judge.used.items()]
    return lines


def _accuracy(one: Anchor) -> str:
    return f" (± {one.accuracy / 1_000_000:g} s)" if one.accuracy else ""


def _witnesses(anchors: Sequence[Anchor], given: Set[str]) -> list[str]:
    found: dict[str, list[Anchor]] = {}
    for one in anchors:
        if one.kind is AnchorKind.COSIGNATURE:
            found.setdefault(one.authority, []).append(one)
    return [
        f"the witness {name} saw no other history of this log: {len(seen):,} times, the last one at "
        f"{when(seen[-1].time)} for records 0 to {seen[-1].size - 1:,}; by its key as you gave it"
        if name in given
        else f"the witness {name} saw no other history of this log: {len(seen):,} times, the last one at "
        f"{when(seen[-1].time)} for records 0 to {seen[-1].size - 1:,}; its key lay with the log: compare it with the "
        "one that the witness gives"
        for name, seen in sorted(found.items())
    ]


def _widest(tokens: Sequence[Anchor]) -> tuple[int, Bracket] | None:
    """Return the record whose bracket is the widest, among those that have one on both sides."""
    brackets = Brackets(tokens)
    # A bracket changes only where a token is on record, and where a head ends.
    places = {one.index for one in tokens if one.index is not None} | {one.size for one in tokens}
    found = [(place, brackets.of(place)) for place in sorted(places)]
    whole = [(p, one) for p, one in found if one.not_before is not None and one.not_after is not None]
    return max(whole, key=lambda one: (one[1].not_after or 0) - (one[1].not_before or 0), default=None)
