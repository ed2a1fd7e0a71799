"""Which mark ids were issued, to whom, and with which keys?"""

from dataclasses import dataclass, field
from pathlib import Path

from guard.cli.mark_files import read_key, read_mark_ids
from guard.cli.terminal import complain
from guard.errors import UsageError
from guard.image.visible_mark import VisibleMark
from guard.store import visible_marks
from guard.store.canary_pictures import folder_in as folder_of_canaries
from guard.store.canary_records import Canary, canaries
from guard.store.mark_keys import folder_in, load
from guard.store.marked_records import Issue, issued
from guard.store.shared_copies import SharedCopy
from guard.store.shared_copies import read as read_register


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """What was issued, and with which keys."""

    keys: tuple[bytes, ...] = field(repr=False)
    ids: list[bytes]
    log: dict[bytes, Issue] = field(default_factory=dict)
    """What the evidence log says about each id."""
    shared: dict[bytes, list[SharedCopy]] = field(default_factory=dict)
    """What `guard share` gave away under each id."""
    visible_marks: tuple[VisibleMark, ...] = ()
    """What copies have got across them beside the mark, now and before."""
    canaries: dict[str, Canary] = field(default_factory=dict)
    """The canaries that are on record, by SHA-256."""
    evidence: Path | None = None
    """The evidence directory, where one was named."""


def issued_from(evidence: Path | None, mark_ids: Path | None, key_file: Path | None) -> Issued:
    """Return what was issued, from the guard's evidence or from two files.

    Raises:
        UsageError: Neither is named, or a file is wrong.
        GuardError: The evidence can not be read.
    """
    if evidence is not None:
        if mark_ids or key_file:
            raise UsageError("the evidence names ids and keys; leave out --mark-ids and --key-file")
        return _issued_by(evidence)
    if mark_ids is None or key_file is None:
        raise UsageError("say what was issued: --evidence DIR, or --mark-ids FILE and --key-file KEY")
    ids = read_mark_ids(mark_ids)
    if not ids:
        raise UsageError(f"{mark_ids} names no mark id")
    return Issued(keys=(read_key(key_file),), ids=ids)


def _issued_by(evidence: Path) -> Issued:
    """Return what the guard with this evidence issued, and what was shared beside it."""
    marks = folder_in(evidence)
    register = read_register(marks)
    if register.fault:
        complain(register.fault)
    shared: dict[bytes, list[SharedCopy]] = {}
    for one in register.copies:
        shared.setdefault(one.mark_id, []).append(one)
    try:
        log = issued(evidence)
    except UsageError:
        # Pictures can be shared before a guard has ever run here.
        if not shared:
            raise
        log = {}
    if not log and not shared:
        raise UsageError(f"no marked copy was issued, as {evidence} says")
    ids = list(dict.fromkeys((*log, *shared)))
    drawn = visible_marks.load(marks)
    offered = canaries(evidence) if log and folder_of_canaries(evidence).is_dir() else {}
    return Issued(
        keys=load(marks).keys, ids=ids, log=log, shared=shared, visible_marks=drawn, canaries=offered,
        evidence=evidence,
    )  # fmt: skip
