"""Paths written with more slashes than they have: of a base URL that ends in a slash comes `//sendsms`.

Or `/api/v1//send`, where a client counts the beginning of the path to the base URL, as it does a prefix. Within a path
that has variable segments nothing is taken off: an empty one would make another path of it.

One resource looks them all up. A pattern for each path of each dialect took 0.7 MB and half of the time to build the
application.
"""

import re
from collections.abc import Iterator
from typing import Any

from aiohttp import web
from aiohttp.abc import AbstractMatchInfo
from aiohttp.web_urldispatcher import AbstractResource, AbstractRoute, UrlMappingMatchInfo
from yarl import URL

_MANY = re.compile("//+")


def plain(path: str) -> str:
    """The path with one slash at its front and none at its end."""
    return f"/{path.strip('/')}"


class Slashes(AbstractResource):
    """Finds among these resources the one that such a path means."""

    def __init__(self, router: web.UrlDispatcher) -> None:
        super().__init__()
        self._router = router
        self._meant: set[AbstractResource | None] = set()
        self._even: set[AbstractResource | None] = set()
        self._prefixes: set[str] = set()

    def add(self, resource: AbstractResource | None, prefix: str = "", even: bool = False) -> None:
        """Find this one too, behind its dialect's prefix; `even` with slashes too many within its path."""
        self._meant.add(resource)
        if even:
            self._even.add(resource)
        if prefix:
            self._prefixes.add(prefix)

    async def resolve(self, request: web.Request) -> tuple[UrlMappingMatchInfo | None, set[str]]:
        """As the router wants it: the match of the path that is meant, else None."""
        path = request.rel_url.raw_path
        for meant, known in self._readings(plain(path)):
            found = await self._match(request, meant) if meant != path else None
            if found is not None and found.route.resource in known:
                return found, set()
        return None, set()

    def _readings(self, path: str) -> Iterator[tuple[str, set[AbstractResource | None]]]:
        """What a path may mean, and the resources that it may mean by that."""
        yield path, self._meant
        if "//" in path:
            yield _MANY.sub("/", path), self._even
            for prefix in self._prefixes:
                if path.startswith(f"{prefix}//"):
                    yield f"{prefix}{plain(path[len(prefix) :])}", self._meant

    async def _match(self, request: web.Request, path: str) -> UrlMappingMatchInfo | None:
        url = request.rel_url.with_path(path, encoded=True)
        found: AbstractMatchInfo = await self._router.resolve(request.clone(rel_url=url))
        return found if isinstance(found, UrlMappingMatchInfo) else None

    @property
    def canonical(self) -> str:
        """Where the router looks for it: behind whatever fits better."""
        return "/"

    def url_for(self, **_kwargs: str) -> URL:
        """Not offered: no path is written so on purpose."""
        raise NotImplementedError

    def add_prefix(self, prefix: str) -> None:
        """Not offered: the application that is served has no prefix."""
        raise NotImplementedError

    def get_info(self) -> Any:
        """For introspection."""
        return {"path": self.canonical}

    def raw_match(self, _path: str) -> bool:
        """Whether a route may be added to it: none may."""
        return False

    def __iter__(self) -> Iterator[AbstractRoute]:
        return iter(())

    def __len__(self) -> int:
        return 0
