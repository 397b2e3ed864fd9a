"""What the doctor makes of the running bridge."""

import os
from pathlib import Path

from aiohttp import web

from bridge.config.field import Secret
from bridge.doctor import http
from bridge.host import control_file
from bridge.host.control_file import Control

HANGS = "The store did not answer within 2 seconds."


def test_a_bridge_of_another_release_wants_a_restart() -> None:
    assert http.same_release("0.1.0", "0.1.0") == []
    (older,) = http.same_release("0.1.0", "0.2.0")
    assert (older.level, "restart" in older.remedy) == ("warn", True)
    (oldest,) = http.same_release("", "0.2.0")
    assert "of an older release" in oldest.message


async def test_a_bridge_that_its_store_keeps_from_answering_is_not_to_be_restarted(tmp_path: Path) -> None:
    """It is asked why, and its lines are known all the same."""

    async def answer(request: web.Request) -> web.Response:
        if request.path == "/v1/lines":
            return web.json_response({"lines": [{"device": "modem0", "state": "ready"}]})
        if request.path == "/readyz":
            return web.json_response({"status": "not ready", "reason": HANGS}, status=503)
        return web.json_response({"detail": "this search takes longer than 5 s: narrow it"}, status=400)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = control_file.address("127.0.0.1", runner.addresses[0][1])
    control_file.write(tmp_path, Control(url, Secret("t0ken"), os.getpid()))
    try:
        (found,), told = await http.running(tmp_path, "sms-bridge serve")
    finally:
        await runner.cleanup()
    assert (found.level, found.remedy) == ("fail", "see to its store; it goes on by itself then")
    assert found.message == f"answers at {url} (process {os.getpid()}), but stores nothing now: {HANGS}"
    assert told is not None
    assert (told.well, [line["device"] for line in told.lines]) == (True, ["modem0"])
