"""The documented nginx in a process of its own, in front of a bridge."""

import asyncio
import re
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.certificates import NAME, Files, issue
from tests.support.ports import free_port
from tests.support.waiting import until

_DOCS = Path(__file__).parents[2] / "docs"
LOOPBACK = "127.0.0.1"
#: around the documented block: everything in a directory of its own, and this user's own rights
_FRAME = """
daemon off;
user {user};
pid {folder}/nginx.pid;
error_log {folder}/error.log;
{main}
events {{ }}
http {{
    access_log off;
    client_body_temp_path {folder}/t1;
    proxy_temp_path {folder}/t2;
    fastcgi_temp_path {folder}/t3;
    uwsgi_temp_path {folder}/t4;
    scgi_temp_path {folder}/t5;
    {block}
}}
"""


@dataclass
class Nginx:
    """Where it listens, and its certificate."""

    port: int
    files: Files
    _conf: Path
    _process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Returns once it answers."""
        folder = self._conf.parent
        with (folder / "out").open("w") as out:
            self._process = await asyncio.create_subprocess_exec(
                "nginx", "-p", folder, "-c", self._conf, stdout=out, stderr=out
            )
        await until(self._answers)

    async def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.returncode is None, (self._conf.parent / "out").read_text()
        try:
            _, writer = await asyncio.open_connection(LOOPBACK, self.port)
        except ConnectionRefusedError:
            return False
        writer.close()
        await writer.wait_closed()
        return True

    def reload(self) -> None:
        """As `systemctl reload nginx` does."""
        assert self._process is not None
        self._process.send_signal(signal.SIGHUP)

    async def stop(self) -> None:
        """End it, with all connections."""
        assert self._process is not None
        self._process.terminate()
        await self._process.wait()


def documented(page: str) -> str:
    """The block for nginx on a page."""
    found = re.search(r"```nginx\n(.*?)```", (_DOCS / page).read_text(), re.DOTALL)
    assert found is not None
    return found[1]


def _block(page: str, upstream: str, port: int, files: Files, more: str) -> str:
    """The documented one, with this machine's paths and ports; `more` stands beside its `location /`."""
    text = documented(page)
    for old, new in (
        ("server 127.0.0.1:8080;", f"server {upstream};"),
        ("listen 443 ssl;", f"listen {LOOPBACK}:{port} ssl;"),
        (f"/etc/letsencrypt/live/{NAME}/fullchain.pem", str(files.certificate)),
        (f"/etc/letsencrypt/live/{NAME}/privkey.pem", str(files.key)),
        ("    location / {", f"{more}    location / {{"),
    ):
        assert old in text
        text = text.replace(old, new)
    return text


@asynccontextmanager
async def nginx(
    folder: Path, page: str, upstream: str, files: Files | None = None, more: str = "", main: str = ""
) -> AsyncIterator[Nginx]:
    """As on a page, in front of `upstream`, as nginx writes addresses; `main`: what stands before its blocks."""
    folder.mkdir(exist_ok=True)
    front = Nginx(free_port(), files or issue(folder), folder / "nginx.conf")
    block = _block(page, upstream, front.port, front.files, more)
    (folder / "nginx.conf").write_text(_FRAME.format(folder=folder, user=folder.owner(), main=main, block=block))
    try:
        await front.start()
        yield front
    finally:
        await front.stop()
