"""How does a Python application ask the guard itself, without a server in front?

`protect` for aiohttp, `GuardMiddleware` for ASGI (Starlette, FastAPI, Django, Litestar, Quart …). Both
ask the decision endpoint of a running guard (`decisions:` in guard.yaml), so that all processes of an
application share one memory of its clients and one evidence log.
"""

from guard.middleware.for_aiohttp import protect
from guard.middleware.for_asgi import GuardMiddleware

__all__ = ["GuardMiddleware", "protect"]
