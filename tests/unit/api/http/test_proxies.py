"""Who calls when proxies stand in between: what they say is believed, and nobody else."""

import ipaddress
import time
from collections.abc import Sequence

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from hypothesis import given, settings
from hypothesis import strategies as st
from multidict import CIMultiDict

from api.http.proxies import Origin, Proxies, plain, read_node

OURS = ("10.0.0.0/8", "fd00::/8")
CALLER = "203.0.113.7"
Headers = Sequence[tuple[str, str]]


def asked(peer: str, headers: Headers = ()) -> web.BaseRequest:
    """A request as aiohttp makes it of what came by a plain connection from `peer`."""
    given_headers = CIMultiDict([("Host", "bridge:8080"), *headers])
    return make_mocked_request("GET", "/", headers=given_headers).clone(remote=peer)


def x_origin(peer: str, *headers: tuple[str, str]) -> Origin:
    return Proxies.of(OURS, unix=True).origin(asked(peer, headers))


def origin(peer: str, *forwarded: str) -> Origin:
    return Proxies.of(OURS, "forwarded", unix=True).origin(asked(peer, [("Forwarded", each) for each in forwarded]))


def for_(value: str) -> tuple[str, str]:
    return ("X-Forwarded-For", value)


def test_without_trusted_proxies_nobody_is_believed() -> None:
    headers = (for_(CALLER), ("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", "evil"), ("Forwarded", "for=1.2.3.4"))
    for kind in ("x-forwarded", "forwarded"):
        found = Proxies.of((), kind).origin(asked("10.0.0.1", headers))
        assert found == Origin("10.0.0.1", "http", "bridge:8080")


@pytest.mark.parametrize("peer", ["10.0.0.1", "::ffff:10.0.0.1", "fd00::1", "fd00::1%eth0", ""])
def test_believes_a_trusted_proxy_by_whichever_way_it_comes(peer: str) -> None:
    headers = (for_(CALLER), ("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", "sms.example.com:8443"))
    assert x_origin(peer, *headers) == Origin(CALLER, "https", "sms.example.com:8443")
    assert origin(peer, f'for={CALLER};proto=https;host="sms.example.com:8443"') == Origin(
        CALLER, "https", "sms.example.com:8443"
    )


@pytest.mark.parametrize("peer", [CALLER, "::ffff:203.0.113.9", "2001:db8::1", "11.0.0.1"])
def test_ignores_everybody_else(peer: str) -> None:
    assert x_origin(peer, for_("10.9.9.9"), ("X-Forwarded-Proto", "https")) == Origin(
        plain(peer), "http", "bridge:8080"
    )
    assert origin(peer, "for=10.9.9.9;proto=https") == Origin(plain(peer), "http", "bridge:8080")


def test_a_unix_socket_is_no_proxy_unless_one_was_made_for_it() -> None:
    assert Proxies.of(OURS).origin(asked("", [for_(CALLER)])).address == ""


@pytest.mark.parametrize(
    ("written", "address"),
    [
        (CALLER, CALLER),
        (f"{CALLER}:51234", CALLER),
        ("2001:db8::7", "2001:db8::7"),
        ("[2001:db8::7]", "2001:db8::7"),
        ("[2001:DB8:0::7]:443", "2001:db8::7"),
        ("::ffff:203.0.113.7", CALLER),
        ("[::ffff:203.0.113.7]:80", CALLER),
        ("fe80::1%eth0", "fe80::1"),
        ("[2001:db8::7]:_port", "2001:db8::7"),
        ("unknown", ""),
        ("_hidden", ""),
        ("", ""),
        ("203.0.113", ""),
        ("203.0.113.7, 1.2.3.4", ""),
        ("203.0.113.007", ""),
        ("[203.0.113.7", ""),
        ("1.2.3.4\n5.6.7.8", ""),
        ("²03.0.113.7", ""),
    ],
)
def test_reads_what_proxies_write(written: str, address: str) -> None:
    assert read_node(written) == address


@pytest.mark.parametrize(
    ("headers", "address"),
    [
        # what a caller made up stands to the left of what the proxy saw
        ([for_(f"10.1.1.1, 127.0.0.1, {CALLER}")], CALLER),
        ([for_("127.0.0.1"), for_(CALLER)], CALLER),
        # through two proxies of ours
        ([for_(f"8.8.8.8, {CALLER}, 10.2.2.2")], CALLER),
        ([for_(f"8.8.8.8,{CALLER}"), for_("10.2.2.2, fd00::9")], CALLER),
        # all are ours: somebody inside
        ([for_("10.3.3.3, 10.2.2.2")], "10.3.3.3"),
        # what cannot be read ends the walk at whoever wrote it
        ([for_(f"{CALLER}, unknown")], "10.0.0.1"),
        ([for_(f"{CALLER}, unknown, 10.2.2.2")], "10.2.2.2"),
        ([for_("")], "10.0.0.1"),
        ([for_(f"{CALLER},")], "10.0.0.1"),
        ([], "10.0.0.1"),
    ],
)
def test_walks_from_the_end_as_far_as_proxies_are_trusted(headers: Headers, address: str) -> None:
    assert x_origin("10.0.0.1", *headers).address == address


@pytest.mark.parametrize(
    ("forwarded", "found"),
    [
        (["for=8.8.8.8, for=203.0.113.7"], Origin(CALLER, "http", "bridge:8080")),
        (["for=8.8.8.8", "For=203.0.113.7 ; Proto=HTTPS"], Origin(CALLER, "https", "bridge:8080")),
        (['for="[2001:db8::7]:4711";by=10.0.0.1'], Origin("2001:db8::7", "http", "bridge:8080")),
        # the proxy that the caller spoke with knows how it was called
        (["for=203.0.113.7;proto=https;host=a.example, for=10.2.2.2;proto=http"], Origin(CALLER, "https", "a.example")),
        (["for=203.0.113.7;proto=gopher;host=a/b"], Origin(CALLER, "http", "bridge:8080")),
        # a quote that a caller left open swallows what the proxy adds: then nothing is known
        (['for="8.8.8.8, for=203.0.113.7'], Origin("10.0.0.1", "http", "bridge:8080")),
        (['for=8.8.8.8;a=", for="[2001:db8::7]"'], Origin("10.0.0.1", "http", "bridge:8080")),
        (['for="8.8.8.8', "for=203.0.113.7"], Origin(CALLER, "http", "bridge:8080")),
        (["for=_hidden"], Origin("10.0.0.1", "http", "bridge:8080")),
        (["nonsense"], Origin("10.0.0.1", "http", "bridge:8080")),
    ],
)
def test_reads_the_header_of_the_rfc(forwarded: Sequence[str], found: Origin) -> None:
    assert origin("10.0.0.1", *forwarded) == found


def test_one_kind_of_header_alone_is_believed() -> None:
    """A proxy that writes the one passes the other on as a stranger wrote it."""
    both = [("Forwarded", "for=8.8.8.8"), for_(CALLER)]
    assert Proxies.of(OURS).origin(asked("10.0.0.1", both)).address == CALLER
    assert Proxies.of(OURS, "forwarded").origin(asked("10.0.0.1", both)).address == "8.8.8.8"
    assert Proxies.of(OURS, "forwarded").origin(asked("10.0.0.1", both[1:])).address == "10.0.0.1"


@pytest.mark.parametrize(
    ("schemes", "hosts", "scheme", "host"),
    [
        (["https"], ["a.example"], "https", "a.example"),
        # each proxy added its own: that of the one which the caller spoke with
        (["gopher, https, http"], ["evil, a.example, b"], "https", "a.example"),
        # the last proxy wrote over the others
        (["HTTPS"], [], "https", "bridge:8080"),
        (["ftp"], ["a b", "<script>"], "http", "bridge:8080"),
    ],
)
def test_scheme_and_host_are_those_of_the_hop_where_the_caller_is(
    schemes: Sequence[str], hosts: Sequence[str], scheme: str, host: str
) -> None:
    headers = [for_(f"8.8.8.8, {CALLER}, 10.2.2.2")]
    headers += [("X-Forwarded-Proto", each) for each in schemes] + [("X-Forwarded-Host", each) for each in hosts]
    assert x_origin("10.0.0.1", *headers) == Origin(CALLER, scheme, host)


addresses = st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)).map(str)
ours = st.sampled_from(["10.0.0.1", "10.255.1.2", "fd00::5", "::ffff:10.1.2.3", "[fd00::7]:9"])
strangers = addresses.filter(lambda each: not Proxies.of(OURS).trusts(plain(each)))
garbage = st.text(st.characters(codec="latin-1", exclude_characters="\r\n"), max_size=60)


@settings(deadline=None)
@given(made_up=st.lists(garbage | addresses | ours, max_size=4), caller=strangers, behind=st.lists(ours, max_size=3))
def test_whatever_a_caller_makes_up_it_is_found_at_its_own_address(
    made_up: list[str], caller: str, behind: list[str]
) -> None:
    """Each proxy of ours appends whom it saw, as nginx does by $proxy_add_x_forwarded_for."""
    written = ", ".join([*made_up, caller, *behind])
    found = x_origin("10.0.0.1", for_(written)).address
    assert found == plain(str(ipaddress.ip_address(caller)))


@settings(deadline=None)
@given(made_up=st.lists(garbage, max_size=3), caller=strangers, kind=st.sampled_from(["", "https", "http"]))
def test_whatever_a_caller_forwards_it_cannot_be_another(made_up: list[str], caller: str, kind: str) -> None:
    """A proxy that adds to the same line: the caller is itself, or nobody but the proxy."""
    node = f'"[{caller}]"' if ":" in caller else caller
    added = f"for={node}" + (f";proto={kind}" if kind else "")
    found = origin("10.0.0.1", ", ".join([*made_up, added]))
    assert found.address in {plain(str(ipaddress.ip_address(caller))), "10.0.0.1"}
    assert found.scheme in {"http", "https"}


@settings(deadline=None)
@given(peer=addresses | garbage, header=garbage, other=garbage)
def test_never_fails(peer: str, header: str, other: str) -> None:
    for kind in ("x-forwarded", "forwarded"):
        names = ("X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "Forwarded")
        headers = [(name, value) for name in names for value in (header, other)]
        found = Proxies.of(OURS, kind, unix=True).origin(asked(peer, headers))
        assert found.scheme == "http" or "https" in header + other.lower() or "https" in header.lower()


@pytest.mark.parametrize("piece", [" ", "\t;", ",", 'a="', 'a="\\', ";", "a=b;", "1.1.1.1, ", "10.0.0.1,"])
def test_a_hostile_header_costs_little(piece: str) -> None:
    hostile = piece * (16 * 1024 // len(piece))
    begun = time.process_time()
    origin("10.0.0.1", hostile)
    x_origin("10.0.0.1", for_(hostile))
    assert time.process_time() - begun < 0.1  # s
