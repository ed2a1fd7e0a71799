import re
from xml.etree import ElementTree as ET

import numpy as np
import pytest

pytest.importorskip("cv2")

from guard.cli.trace_chart import chart
from guard.image.tracer import Agreement

TEXTS = {"title": 'z of "all" <ids>', "threshold": "needed", "winner": "this", "coincidence": "chance", "axis": "z"}


def drawing(ids, winner):
    scores = np.append(np.random.default_rng(3).standard_normal(ids), winner)
    return chart(Agreement.of(scores), 8.3, TEXTS)


@pytest.mark.parametrize(("ids", "shape"), [(1, "circle"), (150, "circle"), (100_000, "rect")])
def test_few_ids_are_dots_and_many_are_bars(ids, shape):
    """Each inside the drawing, and all of it well-formed."""
    root = ET.fromstring(drawing(ids, 24.0))  # noqa: S314

    (marks,) = root.findall("g[@class='ids']")
    assert {one.tag for one in marks} == {shape}
    if shape == "circle":
        assert len(marks) == ids
    tops = [float(one.get("y") or one.get("cy")) for one in marks]
    assert min(tops) > 10
    assert max(tops) < float(root.get("viewBox").split()[3])


def test_the_one_stands_where_its_z_is():
    """Right of the threshold and far from the bell; its words stay inside."""
    root = ET.fromstring(drawing(150, 24.0))  # noqa: S314

    here = float(root.find("circle").get("cx"))
    limit = float(root.find("line").get("x1"))
    bell = [float(one.split(",")[0]) for one in root.find("polyline").get("points").split()]
    assert max(bell) < limit < here
    assert 2.9 < (here - np.mean(bell)) / (limit - np.mean(bell)) * 8.3 / 8.0 < 3.1
    assert root.find("text[@class='winner']").get("text-anchor") == "end"


def test_what_is_read_out_is_escaped():
    """It stands in an attribute."""
    said = drawing(1, 24.0)

    assert "z of &quot;all&quot; &lt;ids&gt;" in said
    assert re.search('aria-label="[^"<]*"', said)
