"""Text files are read row by row; what is broken is named by its line, and the rest is still read."""

import gzip

import pytest

from guard.dataset import lines as module
from guard.dataset.columns import ColumnError
from guard.dataset.lines import LineFile
from guard.dataset.sources import Form, Source, UnreadableError


def opened(tmp_path, data: bytes, **mapping: str) -> LineFile:
    path = tmp_path / "rows"
    path.write_bytes(data)
    return LineFile(Source(path=path, name="rows", size=len(data)), mapping)


def rows(file: LineFile) -> list[tuple[int, str, str]]:
    return [(row.number, row.listed.url, row.listed.caption) for row in file if row.listed is not None]


def test_csv_may_hold_quotes_commas_and_lines(tmp_path):
    """The number is that of the row's first line, and the raw bytes are exactly its own."""
    data = b'URL,TEXT\r\nhttps://a.test/1,"a ""red"" boat,\r\nat sea"\r\n\r\nhttps://a.test/2,two\r\n'
    file = opened(tmp_path, data)
    found = list(file)

    assert [(row.number, row.listed.url, row.listed.caption) for row in found if row.listed] == [
        (2, "https://a.test/1", 'a "red" boat,\r\nat sea'), (5, "https://a.test/2", "two"),
    ]  # fmt: skip
    assert b"".join(row.raw for row in found) == data
    assert (file.form, file.columns, file.broken) == (Form.CSV, {"url": "URL", "caption": "TEXT"}, 0)


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_the_delimiter_is_found_out(tmp_path, delimiter):
    """From the first line."""
    text = f"id{delimiter}url{delimiter}caption\n1{delimiter}https://a.test/1{delimiter}boat\n"

    assert rows(opened(tmp_path, text.encode())) == [(2, "https://a.test/1", "boat")]


def test_a_bom_does_not_hide_the_first_column(tmp_path):
    """It is no part of its name."""
    assert rows(opened(tmp_path, b"\xef\xbb\xbfurl,text\nhttps://a.test/1,x\n")) == [(2, "https://a.test/1", "x")]
    assert rows(opened(tmp_path, b'\xef\xbb\xbf{"url": "https://a.test/1"}\n')) == [(1, "https://a.test/1", "")]


def test_latin_1_is_read_and_counted(tmp_path):
    """Line by line: others of the same file may be UTF-8."""
    file = opened(tmp_path, "url,text\nhttps://a.test/1,Grüße\n".encode("latin-1") + "https://a.test/2,ß\n".encode())

    assert [caption for _, _, caption in rows(file)] == ["Grüße", "ß"]
    assert file.latin == 1


def test_a_list_of_addresses_needs_no_header(tmp_path):
    """img2dataset takes such."""
    assert rows(opened(tmp_path, b"https://a.test/1\nhttps://a.test/2\n")) == [
        (1, "https://a.test/1", ""), (2, "https://a.test/2", ""),
    ]  # fmt: skip
    commas = opened(tmp_path, b"https://photo.example/a,b.jpg\nhttps://photo.example/2\n")
    assert [number for number, *_ in rows(commas)] == [1, 2]
    assert commas.broken == 0


def test_rows_that_are_too_short_are_broken_and_longer_ones_are_not(tmp_path):
    """A caption with a comma and no quotes does not hide the address in front of it."""
    file = opened(tmp_path, b"url,text,width\nhttps://a.test/1,a, b, c,3\nhttps://a.test/2\nhttps://a.test/3,x,3\n")

    assert [url for _, url, _ in rows(file)] == ["https://a.test/1", "https://a.test/3"]
    assert file.first_broken == [(3, "1 fields where there are 3 columns")]


def test_a_quote_that_is_never_closed_ends_with_the_file(tmp_path, monkeypatch):
    """The rows that it swallows are one broken row of bounded length, and reading goes on behind it."""
    monkeypatch.setattr(module, "LONGEST_LINE", 1000)
    data = b'url,text\nhttps://a.test/1,"open\n' + b"https://a.test/x,y\n" * 100 + b"https://a.test/2,z\n"
    file = opened(tmp_path, data)
    found = rows(file)

    assert file.broken >= 1
    assert file.first_broken[0] == (2, "field larger than field limit (1000)")
    assert found[-1][1:] == ("https://a.test/2", "z")


def test_broken_json_lines_are_named_counted_and_skipped(tmp_path):
    """The first five by number."""
    good = b'{"url": "https://a.test/1", "caption": "x"}\n'
    file = opened(tmp_path, good + b"{oops\n" * 7 + b"[1]\n" + b"\n" + good)

    assert [number for number, *_ in rows(file)] == [1, 11]
    assert file.broken == 8
    assert file.first_broken == [(number, "no JSON") for number in range(2, 7)]


def test_objects_need_not_have_the_same_keys(tmp_path):
    """A missing or empty value is an empty one, and what is no text becomes text."""
    data = (
        b'{"caption": "x"}\n{"url": null}\n{"url": 7, "caption": ["a", "b"]}\n{"URL": "https://a.test/1"}\n{"x": 1}\n'
    )
    file = opened(tmp_path, data)

    assert [row.listed.url for row in file if row.listed] == ["", "", "7", "", ""]


def test_a_nested_column_is_named_by_its_path(tmp_path):
    """With dots."""
    file = opened(tmp_path, b'{"image": {"src": "https://a.test/1"}, "url": "x"}\n{"image": null}\n', url="image.src")

    assert [row.listed.url for row in file if row.listed] == ["https://a.test/1", ""]


def test_a_row_of_ten_megabytes_is_read(tmp_path):
    """A caption may be anything."""
    long = b"x" * 10_000_000
    assert rows(opened(tmp_path, b'{"url": "https://a.test/1", "caption": "' + long + b'"}\n'))[0][0] == 1
    assert len(rows(opened(tmp_path, b"url,text\nhttps://a.test/1," + long + b"\n"))[0][2]) == 10_000_000


@pytest.mark.parametrize("first", [b"url,text\nhttps://a.test/0,x\n", b'{"url": "https://a.test/0"}\n'])
def test_a_line_that_is_far_too_long_is_broken(tmp_path, monkeypatch, first):
    """It is passed over without being held, and the line numbers stay right."""
    monkeypatch.setattr(module, "LONGEST_LINE", 1000)
    file = opened(tmp_path, first + b"y" * 5000 + b"\n" + first.splitlines()[-1] + b"\n")
    number = len(first.splitlines())

    assert [line for line, *_ in rows(file)] == [number, number + 2]
    assert file.first_broken == [(number + 1, "longer than 1,000 bytes")]


def test_a_packed_file_that_breaks_off_is_read_as_far_as_it_goes(tmp_path):
    """And says so."""
    import random

    text = b"url\n" + b"".join(b"https://a.test/%d\n" % random.Random(n).getrandbits(64) for n in range(20_000))
    packed = gzip.compress(text)
    file = opened(tmp_path, packed[: len(packed) // 2])
    found = rows(file)

    assert 5_000 < len(found) < 15_000
    assert file.damage.startswith(f"can not be read beyond line {found[-1][0]:,}: Compressed file ended")


def test_packed_pieces_behind_each_other_are_one_file(tmp_path):
    """Common Crawl packs its index so."""
    data = gzip.compress(b"url\nhttps://a.test/1\n") + gzip.compress(b"https://a.test/2\n")

    assert [url for _, url, _ in rows(opened(tmp_path, data))] == ["https://a.test/1", "https://a.test/2"]


CDXJ = (
    b'com,example)/a.jpg 20240518004106 {"url": "https://example.com/a.jpg", "mime": "image/jpeg", "status": "200", '
    b'"digest": "G7HRM7BGOKSKMSXZAHMUQTTV53QOFSMK", "length": "1219", "offset": "771", "filename": "x.warc.gz"}\n'
)
CDX = (
    b" CDX N b a m s k r M S V g\n"
    b"com,example)/a.jpg 20150914222034 https://example.com/a.jpg image/jpeg 200 ZMSA5TNJUKKRYAIM5PRUJLL24DV7QYOO - - "
    b"83848 117273 x.warc.gz\n"
)


@pytest.mark.parametrize(("data", "at"), [(CDXJ, "20240518004106"), (CDX, "20150914222034")], ids=["cdxj", "cdx"])
def test_the_index_of_a_web_archive_is_read(tmp_path, data, at):
    """With the time and the type of what was fetched; with JSON and, as it was once, without."""
    file = opened(tmp_path, data)
    (row,) = [row for row in file if row.listed is not None]

    assert file.form is Form.CDX
    assert (row.listed.url, row.listed.at, row.listed.media_type) == ("https://example.com/a.jpg", at, "image/jpeg")


def test_broken_lines_of_an_index_are_named(tmp_path):
    """Both that the JSON breaks off and that there is no address."""
    file = opened(tmp_path, CDXJ + b'com,example)/b 20240518004106 {"url": "https\n' + b"what is this\n" + CDXJ)

    assert [number for number, *_ in rows(file)] == [1, 4]
    assert [number for number, _ in file.first_broken] == [2, 3]


NOTHING = {
    "empty": (b"", UnreadableError, "is empty"),
    "only lines": (b"\n\n  \n", UnreadableError, "is empty"),
    "one JSON list": (b'[{"url": 1}]', UnreadableError, "write one object a line"),
    "something else": (b"\x00\x01\x02\n", UnreadableError, "neither Parquet nor CSV"),
    "no known column": (b"a,b\n1,2\n", ColumnError, "found: 'a', 'b'); name it: --column url=NAME"),
    "no known key": (b'{"a": 1}\n', ColumnError, "found: 'a')"),
}


@pytest.mark.parametrize(("data", "error", "message"), NOTHING.values(), ids=NOTHING)
def test_a_file_without_rows_says_why(tmp_path, data, error, message):
    """And which columns it has."""
    with pytest.raises(error) as caught:
        rows(opened(tmp_path, data))

    assert message in str(caught.value)


def test_a_renamed_column_is_named_by_the_owner(tmp_path):
    """And if it is not there, those that are there are listed."""
    assert rows(opened(tmp_path, b"link,x\nhttps://a.test/1,y\n", url="link")) == [(2, "https://a.test/1", "")]
    with pytest.raises(ColumnError, match=r"has no column 'lnk' \(found: 'link', 'x'\)"):
        rows(opened(tmp_path, b"link,x\nhttps://a.test/1,y\n", url="lnk"))
