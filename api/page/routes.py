"""Where browsers get the web page: at `/`, with its files below `/page/`.

The page has no door of its own: all that it shows and does goes over the native API, with the rights of the person
who signed in.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from aiohttp import web

from api.http.connections import begin
from api.page.files import File, Page, load

#: no script, style, image or connection of anybody else, nothing written into a page as code, and no frame around it
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Vary": "Accept, Accept-Encoding",
}
#: the first file is asked for each time, and not sent again where it is the same
FRESH = "no-cache"
#: the others have a digest in their paths, so they never change
FOR_GOOD = "public, max-age=31536000, immutable"

Front = Callable[[web.Request], Awaitable[web.Response]]


class PageFiles:
    """The page's files, read when the first browser comes."""

    def __init__(self, api: str, demo: bool = False) -> None:
        """`api` is the prefix of the native API; a `demo` has the phones of a virtual network."""
        self._api = api
        self._demo = demo
        self._page: Page | None = None

    async def page(self) -> Page:
        """All files."""
        if self._page is None:
            self._page = await asyncio.to_thread(load, self._api, self._demo)
        return self._page

    async def first(self, request: web.Request) -> web.Response:
        """What a browser gets at `/`."""
        return _answer(request, (await self.page()).first, FRESH)

    async def other(self, request: web.Request) -> web.Response:
        """One of the files that the first one names."""
        page = await self.page()
        file = page.others.get(request.match_info["name"]) if request.match_info["digest"] == page.digest else None
        if file is None:
            # of a release that was here before, or of nobody's
            return web.Response(status=404, text="There is no such file.\n", headers={"Cache-Control": "no-store"})
        return _answer(request, file, FOR_GOOD)


def routes(api: str, front: Front, *, demo: bool = False) -> Sequence[web.RouteDef]:
    """The page's paths. `front` answers at `/` those who do not ask for HTML, as curl does not."""
    files = PageFiles(api, demo)

    async def root(request: web.Request) -> web.Response:
        begin(request)
        if "text/html" in request.headers.get("Accept", ""):
            return await files.first(request)
        return await front(request)

    async def other(request: web.Request) -> web.Response:
        begin(request)
        return await files.other(request)

    return [web.get("/", root), web.get("/page/{digest}/{name:.+}", other)]


def _answer(request: web.Request, file: File, cache: str) -> web.Response:
    headers = {**HEADERS, "ETag": f'"{file.digest}"', "Cache-Control": cache}
    if any(tag.value in (file.digest, "*") for tag in request.if_none_match or ()):
        return web.Response(status=304, headers=headers)
    body = file.squeezed
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        headers["Content-Encoding"] = "gzip"
    else:
        body = file.body
    return web.Response(body=body, content_type=file.content_type, charset="utf-8", headers=headers)
