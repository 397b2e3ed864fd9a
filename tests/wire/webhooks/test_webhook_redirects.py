"""A receiver that redirects, by every status and to every kind of place: nothing goes anywhere but to itself."""

import pytest
from aiohttp import web
from multidict import CIMultiDict

from tests.support.connects import connects
from tests.support.receivers import Heard, Receiver
from tests.support.webhook_site import Bench

STATUSES = (300, 301, 302, 303, 307, 308)
#: by what they are: the fields `Location` of an answer; `{port}` is where somebody else listens on loopback
LOCATIONS = {
    "none": (),
    "an empty one": ("",),
    "itself": ("{own}",),
    "an absolute path": ("/elsewhere",),
    "a relative path": ("elsewhere",),
    "a path upwards": ("../../elsewhere",),
    "a query": ("?token=other",),
    "a fragment": ("#elsewhere",),
    "another port": ("http://127.0.0.1:{port}/hook",),
    "another port and a fragment": ("http://127.0.0.1:{port}/hook#there",),
    "no scheme": ("//127.0.0.1:{port}/hook",),
    "https": ("https://127.0.0.1:{port}/hook",),
    "a name of loopback": ("http://localhost:{port}/hook",),
    "loopback as a number": ("http://2130706433:{port}/hook",),
    "loopback in octal": ("http://0177.0.0.1:{port}/hook",),
    "loopback, short": ("http://127.1:{port}/hook",),
    "no address": ("http://0.0.0.0:{port}/hook",),
    "IPv6 loopback": ("http://[::1]:{port}/hook",),
    "IPv4 in IPv6": ("http://[::ffff:127.0.0.1]:{port}/hook",),
    "link-local IPv6 with a zone": ("http://[fe80::1%25lo]:{port}/hook",),
    "6to4": ("http://[2002:7f00:1::]:{port}/hook",),
    "NAT64": ("http://[64:ff9b::7f00:1]:{port}/hook",),
    "metadata": ("http://169.254.169.254/latest/meta-data/",),
    "metadata over IPv6": ("http://[fd00:ec2::254]/latest/meta-data/",),
    "metadata by name": ("http://metadata.google.internal/computeMetadata/v1/",),
    "a user": ("http://user:word@127.0.0.1:{port}/hook",),
    "a host that looks like a user": ("http://127.0.0.1:{own_port}@127.0.0.1:{port}/hook",),
    "backslashes": ("http:\\\\127.0.0.1:{port}\\hook",),
    "a backslash in the host": ("http://127.0.0.1:{own_port}\\@127.0.0.1:{port}/hook",),
    "blanks around it": ("  http://127.0.0.1:{port}/hook\t",),
    "capitals": ("HTTP://127.0.0.1:{port}/hook",),
    "a file": ("file:///etc/hostname",),
    "gopher": ("gopher://127.0.0.1:{port}/_POST",),
    "a script": ("javascript:fetch('http://127.0.0.1:{port}/')",),
    "a Unix socket": ("http+unix://%2Frun%2Fsms-bridge%2Fcontrol.sock/v1/messages",),
    "no URL": ("http://[::1", "http://"),
    "a port that is none": ("http://127.0.0.1:99999/hook",),
    "letters beyond ASCII": ("http://127.0.0.1:{port}/hÖok",),
    "a long one": ("http://127.0.0.1:{port}/" + "x" * 7000,),
    "two of them": ("http://127.0.0.1:{port}/first", "http://127.0.0.1:{port}/second"),
}


@pytest.mark.parametrize("locations", LOCATIONS.values(), ids=LOCATIONS)
async def test_a_receiver_that_redirects_is_not_followed(
    bench: Bench, receiver: Receiver, locations: tuple[str, ...]
) -> None:
    left = list(STATUSES)

    async with Receiver() as elsewhere:
        words = {"port": elsewhere.port, "own": receiver.url, "own_port": receiver.port}
        headers = CIMultiDict(("Location", each.format(**words)) for each in locations)

        def answer(heard: Heard, request: web.Request) -> web.Response:
            return web.Response(status=left.pop(0), headers=headers) if left else web.Response(status=202)

        receiver.answer = answer
        await bench.endpoint(receiver)
        with connects() as heard:
            await bench.sms("hello")
            for attempt, status in enumerate(STATUSES, 1):
                row = await bench.tried(attempt)
                assert (row.state, row.status) == ("owed", status)
                assert row.error.startswith(f"HTTP {status} ")
                assert "127.0.0.1" not in row.error
                bench.pass_until(row.due_at)
            await bench.delivered(1)
        assert set(heard) <= {f"127.0.0.1:{receiver.port}"}
        assert len(heard) >= 1
        assert elsewhere.heard == []
        assert receiver.texts == ["hello"] * (len(STATUSES) + 1)
