"""The real servers of others around the middleware."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.fronts import free_port, visit
from tests.support.http import CHATGPT_USER, GPTBOT
from tests.support.running import RunningGuard, wait_until
from tests.support.upstream import PICTURES

ORIGINAL = PICTURES["/original.jpg"]

STARLETTE = """
from starlette.applications import Starlette
from starlette.responses import FileResponse, HTMLResponse
from starlette.routing import Route
from guard.middleware import GuardMiddleware

async def photo(request): return FileResponse({photo!r}, media_type="image/jpeg")
async def page(request): return HTMLResponse("<title>Gallery</title>")

app = GuardMiddleware(Starlette(routes=[Route("/photo", photo), Route("/", page)]), {where!r})
"""

ADDED = """
import contextlib
from starlette.applications import Starlette
from starlette.responses import FileResponse, HTMLResponse, StreamingResponse
from starlette.routing import Mount, Route, Router
from guard.middleware import GuardMiddleware

async def photo(request):
    async def pieces():
        with open({photo!r}, "rb") as file:
            while piece := file.read(9000): yield piece
    return StreamingResponse(pieces(), media_type="image/jpeg")
async def page(request): return HTMLResponse(request.state.title)

@contextlib.asynccontextmanager
async def lifespan(app):
    yield {{"title": "<title>Gallery</title>"}}

app = Starlette(routes=[Mount("/", Router([Route("/photo", photo), Route("/", page)]))], lifespan=lifespan)
app.add_middleware(GuardMiddleware, where={where!r})
"""

DJANGO = """
from django.conf import settings
settings.configure(ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__, SECRET_KEY="x", MIDDLEWARE=[])
import django; django.setup()
from django.core.asgi import get_asgi_application
from django.http import FileResponse, HttpResponse
from django.urls import path
from guard.middleware import GuardMiddleware

def photo(request): return FileResponse(open({photo!r}, "rb"), content_type="image/jpeg")
def page(request): return HttpResponse("<title>Gallery</title>")

urlpatterns = [path("photo", photo), path("", page)]
app = GuardMiddleware(get_asgi_application(), {where!r})
"""

SERVERS = {
    "uvicorn": ("-m", "uvicorn", "--host", "127.0.0.1", "--port", "{port}", "--no-access-log", "--log-level", "error",
                "app:app"),
    "hypercorn": ("-m", "hypercorn", "--bind", "127.0.0.1:{port}", "--error-logfile", "/dev/null", "app:app"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("server", "source"),
    [("uvicorn", STARLETTE), ("hypercorn", STARLETTE), ("uvicorn", ADDED), ("uvicorn", DJANGO), ("hypercorn", DJANGO)],
    ids=["uvicorn-starlette", "hypercorn-starlette", "uvicorn-added", "uvicorn-django", "hypercorn-django"],
)
def test_a_real_application_is_guarded(asked: RunningGuard, tmp_path: Path, server: str, source: str):
    """Person, training crawler and assistant, as through the proxy.

    Around the application, or added to it as FastAPI's manual does, whose applications are Starlette's.
    """
    (tmp_path / "photo.jpg").write_bytes(ORIGINAL)
    where = f"unix:{asked.directory}/decisions.sock"
    (tmp_path / "app.py").write_text(source.format(photo=str(tmp_path / "photo.jpg"), where=where))
    port = free_port()
    command = [sys.executable, *(part.format(port=port) for part in SERVERS[server])]
    # PYTHONPATH may be where the project is.
    process = subprocess.Popen(command, cwd=tmp_path, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"})

    def up() -> bool | None:
        assert process.poll() is None
        try:
            return visit(port, "/").status == 200 or None
        except OSError:
            return None

    try:
        wait_until(up, 30)
        person, crawler = visit(port, "/photo"), visit(port, "/photo", agent=GPTBOT)
        preview, page = visit(port, "/photo", agent=CHATGPT_USER), visit(port, "/", agent=CHATGPT_USER)
    finally:
        process.terminate()
        process.wait(10)

    assert (person.status, person.body == ORIGINAL, person.get("tdm-reservation")) == (200, True, "1")
    assert (crawler.status, preview.status, page.status) == (403, 403, 200)
    assert ORIGINAL[600:1200] not in crawler.body + preview.body
    assert page.body == b"<title>Gallery</title>"
