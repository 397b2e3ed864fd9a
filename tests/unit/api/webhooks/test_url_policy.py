import pytest

from api.webhooks.url_policy import CheckedResolver, Policy, TargetRefused, check_target, check_url
from bridge.errors import BadRequest
from tests.support.receivers import NameTable

STRICT = Policy()
METADATA = "is link-local or a cloud's metadata service; webhooks never go there"
OUTSIDE = "is outside this network: use https, or name the host in allow_http in the configuration"


def complaint(url: str, policy: Policy = STRICT) -> str:
    """What `check_url` says; "" when it has nothing to say."""
    try:
        check_url(url, policy)
    except BadRequest as error:
        return f"{error.field}: {error.message}"
    return ""


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/hook",
        "https://93.184.215.14/hook",
        "https://192.168.1.20:8443/hook",
        "http://127.0.0.1:3000/hook?token=x",
        "http://localhost:3000/",
        "http://[::1]:3000/",
        "http://10.1.2.3/",
        "http://172.16.0.1/",
        "http://172.31.255.254/",
        "http://192.168.178.20/api/webhook/sms",
        "http://[fd12:3456::1]/",
        "http://[::ffff:192.168.1.1]/",
        "http://[64:ff9b:1::c0a8:101]/",
        "https://[64:ff9b:1::808:808]/",
        "https://[2001:db8::5efe:808:808]/",
        "http://homeassistant.local:8123/api/webhook/sms",
        "http://bücher.lan/",
        "HTTPS://EXAMPLE.COM/hook",
        "https://example.com./",
        "https://my_nas.lan/",
        "https://user:password@example.com/",
        "https://example.com:0443/",
        "https://例え.example/",
        f"https://{'a' * 63}.{'b' * 63}.{'c' * 63}.{'d' * 61}/",
    ],
)
def test_allows(url: str) -> None:
    assert complaint(url) == ""


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("", "must begin with"),
        ("example.com/hook", "must begin with"),
        ("ftp://example.com/", "must begin with"),
        ("file:///etc/passwd", "must begin with"),
        ("https://", "needs a host"),
        ("https:///hook", "needs a host"),
        ("https://exa mple.com/", "no spaces"),
        ("https://example.com/\nX-Evil: 1", "no spaces"),
        ("https://example.com:0/", "needs a host"),
        ("https://example.com:99999/", "not a URL"),
        ("https://[::1/", "not a URL"),
        ("http://93.184.215.14/", OUTSIDE),
        ("http://172.32.0.1/", OUTSIDE),
        ("http://100.64.1.1/", OUTSIDE),
        ("http://[2001:db8::1]/", OUTSIDE),
        ("http://[::ffff:8.8.8.8]/", OUTSIDE),
        ("http://169.254.169.254/latest/meta-data/", METADATA),
        ("https://169.254.169.254/", METADATA),
        ("http://[::ffff:169.254.169.254]/", METADATA),
        ("https://[64:ff9b::a9fe:a9fe]/", METADATA),
        ("https://[fd00:ec2::254]/", METADATA),
        ("http://169.254.170.2/", METADATA),
        ("https://100.100.100.200/", METADATA),
        *(
            (f"https://{address}/", METADATA)
            for address in (
                "169.254.170.23",
                "169.254.42.42",
                "169.254.0.23",
                "169.254.3.4",
                "168.63.129.16",
                "192.0.0.192",
                "[fd00:ec2::23]",
                "[fd00:42::42]",
                "[fd20:ce::254]",
                "[fe80::1]",
                "[fe80::a9fe:a9fe]",
                "[2002:a9fe:a9fe::]",
                "[2002:a9fe:a9fe::1]",
                "[2002:a83f:8110::1]",
                "[::169.254.169.254]",
                "[::168.63.129.16]",
                "[64:ff9b:1::a9fe:a9fe]",
                "[64:ff9b:1:a9fe:a9:fe00::]",
                "[64:ff9b:1:a9:fe:a9fe::]",
                "[64:ff9b:1:0:a9:fea9:fe00:0]",
                "[::ffff:0:a9fe:a9fe]",
                "[2001:db8::5efe:a9fe:a9fe]",
                "[2001:db8::200:5efe:a9fe:a9fe]",
                "[2001:0:4136:e378:8000:63bf:5601:5601]",
            )
        ),
        ("http://[2002:808:808::1]/", OUTSIDE),
        ("http://[64:ff9b:1::808:808]/", OUTSIDE),
        ("http://[::ffff:0:808:808]/", OUTSIDE),
        ("http://[2001:db8::5efe:c0a8:101]/", OUTSIDE),
        ("http://[::8.8.8.8]/", OUTSIDE),
        ("http://0.0.0.0/", "not the address of a receiver"),
        ("https://[::]/", "not the address of a receiver"),
        ("https://224.0.0.1/", "not the address of a receiver"),
        ("https://255.255.255.255/", "not the address of a receiver"),
        ("http://127.1/", "in full"),
        ("http://2130706433/", "in full"),
        ("http://0x7f.0.0.1/", "in full"),
        ("http://127.0.0.1./", "in full"),
        ("https://2852039166/", "in full"),
        ("https://%31%36%39.254.169.254/", "in full"),
        ("https://0251.0376.0251.0376/", "in full"),
        ("https://169.254.43518/", "in full"),
        ("https://１６９。２５４．１６９.２５４/", METADATA),
        ("https://①⑥⑨.254.169.254/", METADATA),
        ("https://example.com@169.254.169.254/", METADATA),
        ("https://[::ffff:169.254.169.254%25eth0]/", METADATA),
        ("https://[fd12::1%25eth0]/", "without a zone"),
        *(
            (f"https://{host}/", "is not the name of a host")
            for host in (
                "localhost%00.evil",
                "localhost%2eevil",
                "evil%2fhost",
                "127.0.0.1%20",
                "127.0.0.1%00",
                "exa%0d%0ample.com",
                "example..com",
                ".example.com",
                "example.com..",
                ".",
                "-",
                "-a.com",
                "a-.com",
                "*.example.com",
                'ex"ample.com',
                "ex<ample>.com",
                "ex^ample",
                "ex|ample",
                "`",
                f"{'a' * 64}.com",
                "a." * 126 + "com",
            )
        ),
        ("https://xn--/", "not a URL"),
        ("https://xn--zzzzzz---/", "not a URL"),
        ("https://exa\u200bmple.com/", "not a URL"),
        ("https://exa\u00admple.com/", "not a URL"),
        ("https://exa\u202emple.com/", "not a URL"),
        ("https://example.com\\@169.254.169.254/", "not a URL"),
        ("https://example.com\\.evil/", "not a URL"),
        ("https://example.com:-1/", "not a URL"),
        ("https://example.com:+80/", "not a URL"),
        ("https://example.com:８０/", "not a URL"),
        ("https://[::1²]/", "not a URL"),
        (f"https://example.com:{'9' * 5000}/", "not a URL"),
        ("https://exa\0mple.com/", "control characters"),
        ("https://example.com/\0", "control characters"),
        ("\0https://example.com/", "control characters"),
        ("https://us\x7fer@example.com/", "control characters"),
        ("https://example.com/\u202e", "control characters"),
    ],
)
def test_refuses(url: str, why: str) -> None:
    told = complaint(url)
    assert told.startswith("url: ")
    assert why in told


def test_a_host_named_in_the_configuration_may_be_reached_by_plain_http() -> None:
    policy = Policy(allow_http=frozenset({"93.184.215.14", "hooks.example.com"}))
    assert complaint("http://93.184.215.14/", policy) == ""
    assert complaint("http://93.184.215.15/", policy) != ""


def test_no_configuration_opens_a_metadata_service() -> None:
    assert METADATA in complaint("http://169.254.169.254/", Policy(allow_http=frozenset({"169.254.169.254"})))


class TestNames:
    NAMES = NameTable(
        {
            "nas.lan": ["192.168.1.5", "fd12::5"],
            "shop.example": ["93.184.215.14"],
            "half.example": ["192.168.1.5", "93.184.215.14"],
            "rebind.example": ["169.254.169.254"],
            "scoped.lan": ["fd12::1%eth0"],
            "neighbour.lan": ["fe80::1%eth0"],
        }
    )

    async def resolved(self, scheme: str, host: str, policy: Policy = STRICT) -> list[str]:
        found = await CheckedResolver(scheme, policy, self.NAMES).resolve(host, 80)
        return [result["host"] for result in found]

    async def test_of_this_network_may_be_connected_to(self) -> None:
        assert await self.resolved("http", "nas.lan") == ["192.168.1.5", "fd12::5"]
        assert await self.resolved("http", "scoped.lan") == ["fd12::1%eth0"]

    async def test_with_one_address_outside_are_refused_as_a_whole(self) -> None:
        with pytest.raises(TargetRefused, match=r"half\.example is outside this network"):
            await self.resolved("http", "half.example")

    async def test_outside_may_be_connected_to_by_https(self) -> None:
        assert await self.resolved("https", "shop.example") == ["93.184.215.14"]

    async def test_outside_may_be_connected_to_by_http_when_configured(self) -> None:
        policy = Policy(allow_http=frozenset({"shop.example"}))
        assert await self.resolved("http", "SHOP.example".lower(), policy) == ["93.184.215.14"]

    async def test_that_turn_out_to_be_a_metadata_service_are_refused_whatever_is_configured(self) -> None:
        with pytest.raises(TargetRefused, match="metadata"):
            await self.resolved("https", "rebind.example", Policy(allow_http=frozenset({"rebind.example"})))

    async def test_of_a_link_local_address_are_refused_whatever_its_interface(self) -> None:
        with pytest.raises(TargetRefused, match="link-local"):
            await self.resolved("https", "neighbour.lan")

    async def test_are_looked_up_when_an_endpoint_is_added(self) -> None:
        with pytest.raises(BadRequest, match="outside this network") as refused:
            await check_target("http://shop.example/hook", STRICT, self.NAMES)
        assert refused.value.field == "url"

    @pytest.mark.parametrize(
        "url", ["http://laptop.lan/hook", "http://laptop/hook", "http://nas.home.arpa./", "https://later.example/hook"]
    )
    async def test_of_this_network_or_for_https_that_do_not_resolve_now_may_be_added(self, url: str) -> None:
        await check_target(url, STRICT, self.NAMES)

    async def test_elsewhere_that_do_not_resolve_now_may_not_be_added_for_http(self) -> None:
        with pytest.raises(BadRequest, match="may be outside this network: use https"):
            await check_target("http://later.example/hook", STRICT, self.NAMES)
        await check_target("http://later.example/hook", Policy(frozenset({"later.example"})), self.NAMES)

    async def test_need_not_be_looked_up_when_the_url_is_bad_already(self) -> None:
        with pytest.raises(BadRequest, match="must begin with"):
            await check_target("gopher://nas.lan/", STRICT, self.NAMES)
