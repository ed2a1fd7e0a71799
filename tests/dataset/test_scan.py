"""Files are read one after the other; each is reported, whatever became of it."""

import gzip
import subprocess
import sys
from contextlib import nullcontext

from guard.dataset.identifiers import Identifiers, of_hosts
from guard.dataset.matcher import Matcher
from guard.dataset.scan import Scan
from guard.dataset.sources import find_sources
from tests.support.datasets import MINE, URLS, laion, parquet


class Silent:
    def text(self, done):
        pass

    def parquet(self, file):  # noqa: ARG002
        return nullcontext()


def scanned(paths, identifiers=None, **mapping):
    run = Scan(Matcher(identifiers or of_hosts(["photo.example"])), mapping, Silent())
    sources, _ = find_sources(paths)
    return [found for source in sources for found in run.read(source)], run.tally


def test_all_forms_give_the_same_rows(tmp_path):
    """Parquet, CSV, JSON lines, packed or not, and an archive's index."""
    import json

    texts = [one or "" for one in URLS]
    csv = "url\n" + "".join(f'"{one}"\n' for one in texts)
    (tmp_path / "b.csv").write_text(csv)
    (tmp_path / "c.csv.gz").write_bytes(gzip.compress(csv.encode()))
    (tmp_path / "d.jsonl").write_text("".join(json.dumps({"url": one}) + "\n" for one in URLS))
    cdx = "".join(f"x 20240518004106 {json.dumps({'url': one})}\n" for one in URLS)
    (tmp_path / "e.cdxj").write_text(cdx)
    laion(tmp_path / "a.parquet")
    found, tally = scanned([tmp_path])
    by_file = {}
    for one in found:
        by_file.setdefault(one.file.rpartition("/")[2], []).append(one.number)

    assert by_file == {
        "a.parquet": MINE, "b.csv": [number + 1 for number in MINE], "c.csv.gz": [number + 1 for number in MINE],
        "d.jsonl": MINE, "e.cdxj": MINE,
    }  # fmt: skip
    assert [one.rows for one in tally.files] == [9] * 5
    assert tally.found == 20
    assert {str(one): count for one, count in tally.by_confidence.items()} == {"certain": 10, "likely": 5, "weak": 5}
    assert len(tally.pictures) == 4
    assert tally.hosts["photo.example"] == 5


def test_a_file_that_can_not_be_read_does_not_hide_the_next(tmp_path):
    """Both are reported."""
    (tmp_path / "a.parquet").write_bytes(b"PAR1 no more")
    (tmp_path / "b.csv").write_bytes(b"")
    (tmp_path / "c.csv").write_bytes(b"a,b\n1,2\n")
    laion(tmp_path / "d.parquet")
    found, tally = scanned([tmp_path])

    assert [one.number for one in found] == MINE
    assert [bool(one.fault) for one in tally.files] == [True, True, True, False]


def test_a_broken_end_is_a_fault_and_what_was_before_it_counts(tmp_path):
    """Of a packed file."""
    text = "url\nhttps://photo.example/a.jpg\n" + "".join(f"https://x.test/{hash(str(n))}\n" for n in range(20_000))
    packed = gzip.compress(text.encode())
    (tmp_path / "a.csv.gz").write_bytes(packed[:-2000])
    found, tally = scanned([tmp_path])

    assert [one.number for one in found] == [2]
    assert tally.files[0].rows > 1000
    assert "Compressed file ended" in tally.files[0].fault


def test_only_columns_that_are_looked_for_need_be_there(tmp_path):
    """A table of hashes has no addresses."""
    path = parquet(tmp_path / "a.parquet", {"sha256": ["ab" * 32, "cd" * 32]})
    found, tally = scanned([path], Identifiers(sha256={"cd" * 32: "boat.jpg"}))

    assert [(one.number, one.matches[0].identifier) for one in found] == [(2, "boat.jpg")]
    assert len(tally.pictures) == 1


def test_memory_does_not_grow_with_the_rows(tmp_path):
    """Ten times the rows take no more than a little more, of text as of Parquet, found or not."""
    program = """if True:
        import sys
        from pathlib import Path
        from tests.dataset.test_scan import scanned
        from guard.dataset.scan import Scan
        for found in scanned([Path(sys.argv[1])]): pass
        print(next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')))
    """
    used = {}
    for rows in (20_000, 400_000):
        path = tmp_path / f"{rows}.csv"
        with path.open("w") as out:
            out.write("url,text\n")
            out.writelines(f"https://host{n % 999}.test/{n}.jpg,a caption of some length {n}\n" for n in range(rows))
        done = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True)
        used[rows] = int(done.stdout)

    assert used[400_000] < used[20_000] + 20_000
