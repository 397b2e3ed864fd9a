from api import http_library  # noqa: F401 - before anything imports aiohttp
