"""Does a registration say what the owner said?"""

from guard.evidence import record
from guard.evidence.picture_record import Registration, picture


def test_everything_that_was_said_is_in_the_record_and_nothing_is_invented():
    """Without RAW file, title or publication these are empty."""
    said = Registration(
        name="a\udc80.jpg", sha256="01" * 32, size=5, media_type="image/jpeg", width=2, height=3,
        pixels_sha256="", author="J\N{LATIN SMALL LETTER O WITH DIAERESIS}rg", chain=("to Ann", "to Bob"),
    )  # fmt: skip
    fields = record.read(picture(at=7, said=said, sd=["03" * 32, "02" * 32])).fields

    assert (fields["at"], fields["author"], fields["chain"]) == (7, said.author, ["to Ann", "to Bob"])
    assert fields["name"] == "a\\x80.jpg"
    assert fields["sd"] == ["02" * 32, "03" * 32]
    assert [fields[name] for name in ("raw_sha256", "raw_name", "raw_bytes", "published", "title")] == [
        "",
        "",
        0,
        "",
        "",
    ]
