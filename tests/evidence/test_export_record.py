"""That a bundle was made is a record."""

from guard.evidence import record
from guard.evidence.export_record import export_record


def test_the_record_says_what_was_taken_out():
    """There and back."""
    one = record.read(export_record(at=5, size=9, bundle="ab" * 32, wanted='{"crawlers":["gptbot"]}', requests=2))

    assert one.kind is record.RecordKind.EXPORT
    assert (one.at, one.fields["size"], one.fields["bundle"], one.fields["requests"]) == (5, 9, "ab" * 32, 2)
    assert one.fields["wanted"] == '{"crawlers":["gptbot"]}'
