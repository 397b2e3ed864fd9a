"""Where a provider's webhooks reach a link that no bridge has open, over real HTTP."""

from aiohttp import web

from bridge.errors import LinkError
from bridge.model.callback import Callback
from bridge.ports.driver import Answering


class CallbackSite:
    """Answers as `/callbacks/DEVICE` of a bridge does. `start` and `close` it."""

    def __init__(self) -> None:
        #: who answers; 503 while it is None
        self.link: Answering | None = None
        self.url = ""
        #: statuses that were answered, in order
        self.answered: list[int] = []
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Listen on any free port."""
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/"

    async def close(self) -> None:
        """Answer nobody any more."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        body, path = await request.read(), request.match_info["path"]
        callback = Callback(request.method, dict(request.query), headers, body, path, request.remote or "")
        try:
            if self.link is None:
                return self._counted(web.Response(status=503))
            reply = await self.link.answer(callback)
        except LinkError as error:
            return self._counted(web.Response(status=503, text=error.message))
        return self._counted(web.Response(status=reply.status, body=reply.body, content_type=reply.content_type))

    def _counted(self, response: web.Response) -> web.Response:
        self.answered.append(response.status)
        return response
