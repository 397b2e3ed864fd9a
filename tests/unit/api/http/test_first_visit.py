"""Who sits at this machine, told from everybody whom something brings along."""

import pytest
from aiohttp import HttpVersion10, HttpVersion11, web
from aiohttp.test_utils import make_mocked_request
from multidict import CIMultiDict

from api.http import peer
from api.http.first_visit import is_from_this_machine
from api.http.proxies import NO_PROXIES, PROXIES, Proxies


class Transport:
    """Tells whose connection it is."""

    def __init__(self, address: str) -> None:
        self.address = address

    def get_extra_info(self, name: str, default: object = None) -> object:
        return (self.address, 50_000) if name == "peername" else default


def visit(
    address: str = "127.0.0.1", proxies: Proxies = NO_PROXIES, version: object = HttpVersion11, **headers: str
) -> bool:
    app = web.Application()
    app[PROXIES] = proxies
    sent = CIMultiDict({"Host": "127.0.0.1:8080"} | {name.replace("_", "-"): value for name, value in headers.items()})
    request = make_mocked_request(
        "POST",
        "/",
        sent,
        version=version,
        transport=Transport(address),
        app=app,  # type: ignore[arg-type]
    )
    return is_from_this_machine(request)


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost:8080", "[::1]:8080", "127.0.0.1"])
def test_a_browser_here_is(host: str) -> None:
    assert visit(Host=host)
    assert visit("::1", Host=host, Origin=f"http://{host}")


@pytest.mark.parametrize("host", ["sms.example.com", "localhost.evil.example", "192.0.2.1:8080", "", "["])
def test_a_name_of_elsewhere_is_not(host: str) -> None:
    assert not visit(Host=host)


@pytest.mark.parametrize("address", ["192.0.2.1", "10.0.0.1", "fe80::1", ""])
def test_an_address_of_elsewhere_is_not(address: str) -> None:
    assert not visit(address)


@pytest.mark.parametrize("name", ["Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Via"])
def test_what_a_proxy_brings_along_is_not(name: str) -> None:
    assert not visit(**{name: "127.0.0.1"})


def test_what_a_proxy_could_bring_along_is_not() -> None:
    assert not visit(proxies=Proxies.of(["10.0.0.1"]))
    assert not visit(proxies=Proxies(unix=True))
    assert not visit(version=HttpVersion10), "nginx, with nothing set, speaks this to what is behind it"


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://127.0.0.1:8080", "http://127.0.0.1:9090"])
def test_a_page_of_another_site_is_not(origin: str) -> None:
    assert not visit(Origin=origin)


def test_a_command_is_not() -> None:
    app = web.Application()
    app[PROXIES], app[peer.OWNER] = NO_PROXIES, 0
    request = make_mocked_request(
        "POST",
        "/",
        {"Host": "localhost"},
        transport=Transport("127.0.0.1"),
        app=app,  # type: ignore[arg-type]
    )
    assert not is_from_this_machine(request)
