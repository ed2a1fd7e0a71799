"""What hangs in the demo's gallery?

Thirty photographs of our own, painted by rule, in three albums, with pages to look at
them: what a small portfolio looks like to a visitor and to a crawler. Fixed seeds make it
the same gallery every time (with the same versions of numpy and Pillow).
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from guard.demo import album_pages
from guard.demo.close_up import SUBJECTS
from guard.demo.darkroom import DISPLAY_SIDE, Development, develop
from guard.demo.mountains import MOODS, paint_mountains
from guard.demo.night_sea import NIGHTS, paint_night_sea
from guard.demo.paint import Field, Rng

CANVAS = DISPLAY_SIDE
"""Pixels of the longest side that is painted. Originals are enlarged from it and get the grain of their film."""
PAINTERS = 2
"""Threads: numpy and Pillow leave the interpreter alone while they work, and more cores are rarely free."""

Paint = Callable[[Rng, int, int], Field]


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One photograph. Paths are those of its URLs, with a leading slash."""

    title: str
    thumbnail: str
    display: str
    original: str
    width: int
    """Of the display size, upright, in pixels."""
    height: int
    """Likewise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Album:
    """One page of the gallery."""

    title: str
    text: str
    page: str
    """The path of its URL, with a leading slash."""
    pictures: tuple[Picture, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gallery:
    """A gallery on disk, ready to be served."""

    directory: Path
    albums: tuple[Album, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Negative:
    """A picture that is still to be made."""

    title: str
    paint: Paint
    shape: tuple[int, int] = (3, 2)
    """Width to height, upright."""
    development: Development


def build(directory: Path, *, progress: Callable[[int, int], None]) -> Gallery:
    """Make the gallery in `directory` and return it.

    `progress` is called in this thread with the number of finished pictures and of all.

    Raises:
        OSError: The directory can not be written.
    """
    rolls = _rolls()
    total = sum(len(negatives) for _, _, _, negatives in rolls)
    order = [(name, index, negative) for name, _, _, negatives in rolls for index, negative in enumerate(negatives)]
    for name, *_ in rolls:
        (directory / "photos" / name).mkdir(parents=True, exist_ok=True)
    progress(0, total)
    with ThreadPoolExecutor(PAINTERS) as pool:
        jobs = [
            pool.submit(_make, directory, name, negative, number)
            for number, (name, _, negative) in enumerate(order, start=1)
        ]
        for done, job in enumerate(as_completed(jobs), start=1):
            job.result()
            progress(done, total)
    made = iter(job.result() for job in jobs)
    albums = tuple(
        Album(title=title, text=text, page=f"/{name}.html", pictures=tuple(next(made) for _ in negatives))
        for name, title, text, negatives in rolls
    )
    for path, content in album_pages.render(albums).items():
        (directory / path).write_bytes(content)
    return Gallery(directory=directory, albums=albums)


def _make(directory: Path, album: str, negative: _Negative, number: int) -> Picture:
    across, down = negative.shape
    width = round(CANVAS * min(1, across / down))
    height = round(width * down / across)
    canvas = negative.paint(np.random.default_rng(1000 + number), width, height)
    files = develop(canvas, directory / "photos" / album / _file_name(negative.title), negative.development, number)
    thumbnail, display, original = (
        f"/{file.relative_to(directory).as_posix()}" for file in (files.thumbnail, files.display, files.original)
    )
    return Picture(
        title=negative.title,
        thumbnail=thumbnail,
        display=display,
        original=original,
        width=files.width,
        height=files.height,
    )


def _file_name(title: str) -> str:
    return "-".join("".join(character if character.isalnum() else " " for character in title.lower()).split())


def _rolls() -> tuple[tuple[str, str, str, tuple[_Negative, ...]], ...]:
    """Return name, title, text and pictures of each album."""
    mountains = tuple(
        _Negative(
            title=title,
            paint=partial(paint_mountains, mood=mood),
            shape=((3, 2), (3, 2), (16, 9), (3, 2), (3, 2), (3, 2), (4, 5), (16, 9), (3, 2), (3, 2))[index],
            development=MOUNTAIN_FILM[index],
        )
        for index, (title, mood) in enumerate(MOODS)
    )
    night_sea = tuple(
        _Negative(
            title=title,
            paint=partial(paint_night_sea, night=night),
            shape=((3, 2), (3, 2), (16, 9), (4, 5), (3, 2), (3, 2), (3, 2), (3, 2), (16, 9), (3, 2))[index],
            development=NIGHT_FILM[index],
        )
        for index, (title, night) in enumerate(NIGHTS)
    )
    close_up = tuple(
        _Negative(
            title=title,
            paint=painter,
            shape=((3, 2), (3, 2), (3, 2), (1, 1), (3, 2), (3, 2), (4, 5), (3, 2), (3, 2), (4, 3))[index],
            development=CLOSE_FILM[index],
        )
        for index, (title, painter) in enumerate(SUBJECTS)
    )
    return (
        ("mountains", "Ridgelines", "Ten hours in the mountains, from first light to moonlight.", mountains),
        ("night-sea", "Night sea", "The coast after sunset: long exposures, calm water and wind.", night_sea),
        ("close-up", "Close up", "A hand’s breadth away: stone, leaves, ice and petals.", close_up),
    )


MOUNTAIN_FILM = (
    Development(place=(46.55, 8.56), rights=True),
    Development(place=(46.57, 8.41)),
    Development(place=(46.5, 8.3), grain=4.5),
    Development(progressive=True, rights=True),
    Development(place=(46.6, 8.1)),
    Development(camera=False),
    Development(orientation=6, place=(46.53, 8.04), grain=4.5),
    Development(original="WEBP", small="WEBP"),
    Development(place=(46.7, 8.6)),
    Development(grey=True, grain=7, camera=False),
)
NIGHT_FILM = (
    Development(longest_side=1800, original="PNG", grain=0, camera=False),
    Development(place=(68.2, 14.4), rights=True),
    Development(),
    Development(orientation=8, grain=5),
    Development(place=(54.2, 7.9)),
    Development(original="WEBP", small="WEBP"),
    Development(rights=True),
    Development(place=(68.1, 13.6), grain=4.5),
    Development(progressive=True),
    Development(place=(67.9, 13.0)),
)
CLOSE_FILM = (
    Development(rights=True, grain=3),
    Development(grain=3),
    Development(grain=3),
    Development(longest_side=1600, original="PNG", grain=0),
    Development(original="WEBP", small="WEBP", grain=3),
    Development(grain=2, camera=False),
    Development(orientation=8, grain=3, place=(51.5, 10.6)),
    Development(rights=True),
    Development(longest_side=1800, original="PNG", small="WEBP", grain=0),
    Development(grain=3),
)
