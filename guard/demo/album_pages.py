"""What do the pages of the demo's gallery look like?

Plain HTML without a script, as a careful portfolio would have it: thumbnails in rows, each
a link to the display size, a link to the original beneath; readable in light and dark and
by a screen reader.
"""

import io
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw

from guard.demo.darkroom import ARTIST, DISPLAY_SIDE, NOTICE, THUMBNAIL_SIDE

if TYPE_CHECKING:
    from guard.demo.gallery import Album, Picture

SITE = "Ada Example, photographs"
EAGER = 4
"""Pictures at the top of a page that are loaded at once; the others when they come near."""

STYLE = """\
:root {
  color-scheme: light dark;
  --paper: #f7f4ee; --ink: #1c2026; --soft: #63676d; --line: #dcd6cb; --accent: #a8472a; --card: #fffdf9;
  --row: 12.5rem; --gap: .75rem;
}
@media (prefers-color-scheme: dark) {
  :root { --paper: #14161a; --ink: #eceae5; --soft: #a3a7ad; --line: #2c3037; --accent: #f0916f; --card: #1b1e23; }
}
* { box-sizing: border-box; }
html { font: 1rem/1.55 Inter, system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
body { margin: 0; background: var(--paper); color: var(--ink); }
a { color: inherit; text-underline-offset: .2em; text-decoration-color: var(--line); }
a:hover { color: var(--accent); text-decoration-color: currentcolor; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 3px; border-radius: 2px; }
.skip { position: absolute; left: -100vw; }
.skip:focus { left: 1rem; top: 1rem; background: var(--card); padding: .5rem 1rem; z-index: 1; }
header, main, footer { max-width: 84rem; margin: 0 auto; padding: 0 clamp(1rem, 4vw, 3rem); }
header {
  display: flex; flex-wrap: wrap; gap: .5rem 2rem; align-items: baseline; padding-top: 1.6rem;
  padding-bottom: 1.2rem;
}
header .name { font-weight: 650; letter-spacing: -.01em; text-decoration: none; margin-right: auto; }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; list-style: none; margin: 0; padding: 0; }
nav a { text-decoration: none; color: var(--soft); }
nav a[aria-current] { color: var(--ink); box-shadow: 0 2px 0 var(--accent); }
h1 {
  font-size: clamp(1.9rem, 4.5vw, 3.1rem); line-height: 1.12; letter-spacing: -.025em; margin: 2rem 0 .5rem;
  font-weight: 680;
}
.lead { color: var(--soft); max-width: 42rem; margin: 0 0 2rem; font-size: 1.06rem; }
.rows { display: flex; flex-wrap: wrap; gap: 1.4rem var(--gap); list-style: none; margin: 0; padding: 0; }
.rows::after { content: ""; flex: 999 1 0; }
.rows li { flex: var(--ratio) 1 calc(var(--ratio) * var(--row)); max-width: calc(var(--ratio) * var(--row) * 1.5); }
.rows img { display: block; width: 100%; height: auto; border-radius: 3px; background: var(--line); }
.rows a:first-child { display: block; overflow: hidden; border-radius: 3px; }
@media (prefers-reduced-motion: no-preference) {
  .rows img, .albums img { transition: transform .5s cubic-bezier(.2, .7, .2, 1); }
  .rows a:first-child:hover img, .albums a:hover img { transform: scale(1.025); }
}
.rows p { display: flex; justify-content: space-between; gap: 1rem; margin: .45rem 0 0; font-size: .875rem; }
.rows p a { color: var(--soft); }
.albums {
  display: grid; grid-template-columns: repeat(auto-fit, minmax(17rem, 1fr)); gap: 1.5rem; list-style: none;
  margin: 0; padding: 0;
}
.albums a {
  display: block; text-decoration: none; background: var(--card); border: 1px solid var(--line);
  border-radius: 6px; overflow: hidden; height: 100%;
}
.albums .frame { display: block; overflow: hidden; }
.albums img {
  display: block; width: 100%; height: auto; aspect-ratio: 3 / 2; object-fit: cover; background: var(--line);
}
.albums .text { padding: 1rem 1.2rem 1.2rem; }
.albums h2 { margin: 0 0 .2rem; font-size: 1.15rem; letter-spacing: -.01em; }
.albums p { margin: 0; color: var(--soft); font-size: .95rem; }
h2.section { font-size: 1.15rem; margin: 3rem 0 1rem; }
footer {
  border-top: 1px solid var(--line); margin-top: 4rem; padding-top: 1.4rem; padding-bottom: 3rem;
  color: var(--soft); font-size: .875rem;
}
"""


def render(albums: "Sequence[Album]") -> dict[str, bytes]:
    """Return the files of the gallery that are no photographs, by path without a leading slash."""
    files = {f"{album.page[1:]}": _album(album, albums).encode() for album in albums}
    files["index.html"] = _index(albums).encode()
    files["style.css"] = STYLE.encode()
    files["favicon.ico"] = _favicon()
    return files


def _index(albums: "Sequence[Album]") -> str:
    cards = "\n".join(
        f"""<li><a href="{album.page}">
<span class="frame">{_image(album.pictures[0], "28rem", lazy=False)}</span>
<div class="text"><h2>{escape(album.title)}</h2><p>{escape(album.text)}</p></div>
</a></li>"""
        for album in albums
    )
    latest = "\n".join(_item(picture, lazy=True) for album in albums for picture in album.pictures[1:4])
    body = f"""<h1>Mountains, the sea at night,<br>and small things close up</h1>
<p class="lead">Photographs by {ARTIST}. Look around; for a print or a licence, please write.</p>
<ul class="albums" role="list">
{cards}
</ul>
<h2 class="section">Some of them</h2>
<ul class="rows" role="list">
{latest}
</ul>"""
    return _page(SITE, "Photographs by Ada Example.", albums[0].pictures[0], albums, body, current="/")


def _album(album: "Album", albums: "Sequence[Album]") -> str:
    items = "\n".join(_item(picture, lazy=index >= EAGER) for index, picture in enumerate(album.pictures))
    body = f"""<h1>{escape(album.title)}</h1>
<p class="lead">{escape(album.text)}</p>
<ul class="rows" role="list">
{items}
</ul>"""
    title = f"{album.title} · {SITE}"
    return _page(title, album.text, album.pictures[0], albums, body, current=album.page)


def _item(picture: "Picture", *, lazy: bool) -> str:
    title = escape(picture.title)
    return f"""<li style="--ratio: {picture.width / picture.height:.4f}">
<a href="{picture.display}">{_image(picture, _sizes(picture), lazy=lazy)}</a>
<p><span>{title}</span> <a href="{picture.original}" aria-label="Original of {title}">original</a></p>
</li>"""


def _sizes(picture: "Picture") -> str:
    # An ordinary screen chooses the thumbnail, a fine one and a telephone the display size.
    return f"(max-width: 40rem) 92vw, {_thumbnail_width(picture)}px"


def _thumbnail_width(picture: "Picture") -> int:
    return round(picture.width * THUMBNAIL_SIDE / max(picture.width, picture.height))


def _image(picture: "Picture", sizes: str, *, lazy: bool) -> str:
    loading = ' loading="lazy"' if lazy else ""
    small = f"{picture.thumbnail} {_thumbnail_width(picture)}w"
    return (
        f'<img src="{picture.thumbnail}" srcset="{small}, {picture.display} {picture.width}w" sizes="{sizes}" '
        f'width="{picture.width}" height="{picture.height}" alt="{escape(picture.title)}"{loading} decoding="async">'
    )


def _page(title: str, description: str, cover: "Picture", albums: "Sequence[Album]", body: str, *, current: str) -> str:
    links = "\n".join(
        f'<li><a href="{album.page}"{_current(album.page, current)}>{escape(album.title)}</a></li>' for album in albums
    )
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<meta name="description" content="{escape(description)}">
<meta property="og:title" content="{escape(title)}">
<meta property="og:description" content="{escape(description)}">
<meta property="og:type" content="website">
<meta property="og:image" content="{cover.display}">
<meta property="og:image:width" content="{cover.width}">
<meta property="og:image:height" content="{cover.height}">
<meta property="og:image:alt" content="{escape(cover.title)}">
<link rel="stylesheet" href="/style.css">
<link rel="icon" href="/favicon.ico" sizes="32x32">
</head>
<body>
<a class="skip" href="#content">Skip to the pictures</a>
<header>
<a class="name" href="/"{_current("/", current)}>{SITE}</a>
<nav aria-label="Albums"><ul>
{links}
</ul></nav>
</header>
<main id="content">
{body}
</main>
<footer><p>{NOTICE}. All rights reserved; display sizes are up to {DISPLAY_SIDE} pixels.</p></footer>
</body>
</html>
"""


def _current(page: str, current: str) -> str:
    return ' aria-current="page"' if page == current else ""


def _favicon() -> bytes:
    side = 128
    image = Image.new("RGBA", (side, side))
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle((4, 4, side - 4, side - 4), 26, fill=(168, 71, 42, 255))
    draw.ellipse((78, 26, 102, 50), fill=(255, 236, 210, 255))
    draw.polygon((16, 100, 50, 48, 84, 100), fill=(255, 246, 232, 255))
    draw.polygon((60, 100, 86, 66, 112, 100), fill=(240, 200, 176, 255))
    out = io.BytesIO()
    image.resize((32, 32), Image.Resampling.LANCZOS).save(out, "ICO", sizes=[(16, 16), (32, 32)])
    return out.getvalue()
