"""The SOAP twin of `/sendsms`: what toolkits write, and what must never get in."""

import json
from collections.abc import Iterator
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.dialects.smsmobile_soap import envelope
from bridge.errors import BadRequest
from bridge.model.account import AccountChange
from tests.support.http_site import CREDENTIALS, Answer, HttpSite, open_site

KEY, TO = CREDENTIALS["apikey"], "+15550123"
SOAP_11 = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP_12 = "http://www.w3.org/2003/05/soap-envelope"
WSDL = "/sendsms/wsdl/sendsms.wsdl"
SERVICE = "/sendsms/soap"
PARTS = f"<recipients>{TO}</recipients><message>hello</message><apikey>{KEY}</apikey>"


def written(parts: str = PARTS, version: str = SOAP_11, operation: str = "sendSms", header: str = "") -> str:
    return (
        f'<s:Envelope xmlns:s="{version}">{header}<s:Body>'
        f'<m:{operation} xmlns:m="urn:any">{parts}</m:{operation}></s:Body></s:Envelope>'
    )


async def call(site: HttpSite, body: str | bytes, label: str = "text/xml; charset=utf-8", **headers: str) -> Answer:
    raw = body.encode() if isinstance(body, str) else body
    return await site.ask("POST", SERVICE, data=BytesIO(raw), headers={"Content-Type": label} | headers)


def returned(answer: Answer) -> Any:
    """The JSON in the one part that comes back."""
    assert answer.status == 200, answer.body
    (part,) = ElementTree.fromstring(answer.body)[0][0]
    assert part.tag == "return"
    return json.loads(part.text or "")["result"]


def fault(answer: Answer, status: int = 500) -> tuple[str, str, Any]:
    """Code, sentence and the JSON in the detail of a fault of either version."""
    assert answer.status == status, answer.body
    root = ElementTree.fromstring(answer.body)
    (told,) = root[0]
    assert told.tag == root.tag.replace("Envelope", "Fault")
    code, reason, detail = told
    word, sentence = ("".join(node.itertext()) for node in (code, reason))
    return word, sentence, json.loads("".join(detail.itertext()))


class TestDescription:
    async def test_names_the_operation_its_parts_and_our_own_address(self, site: HttpSite) -> None:
        answer = await site.ask("GET", WSDL)
        assert (answer.status, answer.headers["Content-Type"]) == (200, "text/xml; charset=utf-8")
        root = ElementTree.fromstring(answer.body)
        wsdl = "{http://schemas.xmlsoap.org/wsdl/}"
        messages = root.findall(f"{wsdl}message")
        parts = [[(part.get("name"), part.get("type")) for part in message] for message in messages]
        text = "xsd:string"
        assert parts == [[("recipients", text), ("message", text), ("apikey", text)], [("return", text)]]
        operations = [node.get("name") for node in root.findall(f"{wsdl}portType/{wsdl}operation")]
        assert operations == ["sendSms"]
        addresses = {node.get("location") for node in root.iter() if node.tag.endswith("}address")}
        assert addresses == {f"{site.url}/sendsms/soap"}
        styles = {node.get("style") for node in root.iter() if node.tag.endswith("}binding") and node.get("style")}
        assert styles == {"rpc"}

    async def test_names_the_public_address_and_the_prefix(self, tmp_path: Path) -> None:
        public = "https://sms.shop.example/?a&b"
        async with open_site(tmp_path, dialects={"smsmobile_soap": "/here"}, public_url=public) as site:
            answer = await site.ask("GET", f"/here{WSDL}", headers={"Host": '"><evil/>'})
            assert b'location="https://sms.shop.example/?a&amp;b/here/sendsms/soap"' in answer.body

    @pytest.mark.parametrize("host", ['"><evil/>', "shop.example/path", "a b", "shop.example:port", ""])
    async def test_takes_no_address_that_is_none_from_the_host_header(self, site: HttpSite, host: str) -> None:
        answer = await site.raw(f"GET {WSDL} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        assert b"evil" not in answer.body
        assert fault(answer)[0] == "soap:Client"

    @pytest.mark.parametrize("host", ["sms.shop.example", "192.0.2.7:8080", "[2001:db8::7]:8080", "pi.local:80"])
    async def test_takes_a_proper_host_header(self, site: HttpSite, host: str) -> None:
        answer = await site.ask("GET", f"{WSDL}?wsdl", headers={"Host": host})
        assert f'location="http://{host}/sendsms/soap"'.encode() in answer.body


class TestCalls:
    async def test_answers_with_the_json_of_sendsms_in_one_part(self, site: HttpSite) -> None:
        told = returned(await call(site, written()))
        message = await site.the_message()
        assert (message.recipient, message.text, message.dialect) == (TO, "hello", "smsmobile_soap")
        form = {"apikey": KEY, "recipients": TO, "message": "hello"}
        plain = (await site.ask("POST", "/sendsms", data=form)).json["result"]
        assert told == plain | {"id": message.id}

    async def test_speaks_soap_1_2_with_those_who_do(self, site: HttpSite) -> None:
        answer = await call(site, written(version=SOAP_12), 'application/soap+xml; charset=utf-8; action="any"')
        assert answer.headers["Content-Type"] == "application/soap+xml; charset=utf-8"
        assert ElementTree.fromstring(answer.body).tag == f"{{{SOAP_12}}}Envelope"
        assert returned(answer)["sent"] == "1"

    @pytest.mark.parametrize("action", ['""', "", "anything", '"urn:sms-bridge:sendsms#sendSms"'])
    async def test_takes_any_soap_action(self, site: HttpSite, action: str) -> None:
        assert returned(await call(site, written(), SOAPAction=action))["sent"] == "1"

    @pytest.mark.parametrize("path", [WSDL, WSDL + "/", SERVICE + "/"])
    async def test_is_called_at_the_address_of_its_description_too(self, site: HttpSite, path: str) -> None:
        headers = {"Content-Type": "text/xml"}
        assert returned(await site.ask("POST", path, data=written().encode(), headers=headers))["sent"] == "1"

    SPELLINGS = (
        # encoded, typed, as nuSOAP and PHP write it
        (
            f'<SOAP-ENV:Envelope xmlns:SOAP-ENV="{SOAP_11}" xmlns:ns1="urn:x"'
            ' xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
            ' SOAP-ENV:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><SOAP-ENV:Body><ns1:sendSms>'
            f'<recipients xsi:type="xsd:string">{TO}</recipients><message xsi:type="xsd:string">hello</message>'
            f'<apikey xsi:type="xsd:string">{KEY}</apikey></ns1:sendSms></SOAP-ENV:Body></SOAP-ENV:Envelope>'
        ),
        # no prefix at all, everything in the service's namespace, parts in another order, blanks between
        (
            f'<Envelope xmlns="{SOAP_11}">\n <Body>\n  <sendSms xmlns="urn:x">\n   <apikey>{KEY}</apikey>\n'
            f"   <message><![CDATA[hello]]></message>\n   <recipients>{TO}</recipients>\n  </sendSms>\n </Body>\n"
            "</Envelope>"
        ),
        # values by reference (SOAP 1.1 §5.4.1)
        (
            f'<e:Envelope xmlns:e="{SOAP_11}"><e:Body><sendSms><recipients href="#a"/><message href="#b"/>'
            f'<apikey>{KEY}</apikey></sendSms><multiRef id="a">{TO}</multiRef><multiRef id="b">hello</multiRef>'
            "</e:Body></e:Envelope>"
        ),
        # a comment and an instruction in the midst, and what must be ignored
        (
            f'<!-- x --><e:Envelope xmlns:e="{SOAP_11}"><e:Header><t xmlns="urn:t" e:mustUnderstand="0"/></e:Header>'
            f"<e:Body><!-- x --><sendSms>{PARTS}<sendername>Shop</sendername><?x y?></sendSms></e:Body></e:Envelope>"
        ),
        # a part that is not there by being nil
        (
            f'<e:Envelope xmlns:e="{SOAP_11}" xmlns:i="http://www.w3.org/2001/XMLSchema-instance"><e:Body>'
            f'<sendSms>{PARTS}<schedule_timestamp i:nil="true">7</schedule_timestamp></sendSms></e:Body></e:Envelope>'
        ),
    )

    @pytest.mark.parametrize("body", SPELLINGS)
    async def test_takes_every_spelling_of_the_same_call(self, site: HttpSite, body: str) -> None:
        assert returned(await call(site, body))["sent"] == "1"
        message = await site.the_message()
        assert (message.recipient, message.text) == (TO, "hello")

    @pytest.mark.parametrize(
        ("encoding", "declared", "label"),
        [
            ("utf-8", "", "text/xml"),
            ("utf-8", "ISO-8859-1", "text/xml; charset=UTF-8"),
            ("iso-8859-1", "ISO-8859-1", "text/xml; charset=ISO-8859-1"),
            ("iso-8859-1", "ISO-8859-1", "text/xml"),
            ("windows-1252", "", 'text/xml; charset="windows-1252"'),
            ("utf-16", "UTF-16", "text/xml"),
            ("utf-8", "UTF-8", "text/xml; charset=rot13"),
            # nuSOAP's label whatever it sends
            ("utf-8", "ISO-8859-1", "text/xml; charset=ISO-8859-1"),
            ("utf-8", "no-such", "text/xml"),
        ],
    )
    async def test_reads_the_charset_that_is_meant(
        self, site: HttpSite, encoding: str, declared: str, label: str
    ) -> None:
        declaration = f'<?xml version="1.0" encoding="{declared}"?>' if declared else ""
        parts = PARTS.replace("hello", "Grüße für 5 Äpfel")
        returned(await call(site, (declaration + written(parts)).encode(encoding), label))
        assert (await site.the_message()).text == "Grüße für 5 Äpfel"

    async def test_keeps_the_text_as_it_was_written(self, site: HttpSite) -> None:
        parts = PARTS.replace("hello", " two\nlines &lt;b&gt; &amp; &#x20AC; 🙂 ]]&gt; ")
        returned(await call(site, written(parts)))
        assert (await site.the_message()).text == " two\nlines <b> & € 🙂 ]]> "

    async def test_takes_what_sendsms_takes(self, site: HttpSite) -> None:
        parts = f"{PARTS}<sIdentifiant>duo</sIdentifiant><port>2</port>"
        assert returned(await call(site, written(parts)))["port"] == 2
        refused = await call(site, written(f"{PARTS}<waonly>yes</waonly>"))
        assert fault(refused)[2]["error"] == "whatsapp_not_connected"

    async def test_local_dates_are_those_of_the_account(self, site: HttpSite) -> None:
        change = AccountChange(zone="Asia/Shanghai")
        await site.gateway.administration.change_account("test", "shop", change)
        site.clock.at += 1001  # accounts are remembered for a second
        assert returned(await call(site, written()))["datetimeLocal"].endswith("+08:00")

    async def test_local_dates_follow_the_configured_zone(self, tmp_path_factory: pytest.TempPathFactory) -> None:
        options = {"smsmobile_soap": {"timezone": "Europe/Brussels"}}
        async with open_site(tmp_path_factory.mktemp("zone"), options=options) as site:
            assert returned(await call(site, written()))["datetimeLocal"] == "2026-03-20T22:07:44+01:00"


class TestFaults:
    @pytest.mark.parametrize(
        ("parts", "code"),
        [
            (PARTS.replace(KEY, "0" * 48), "invalid_apikey"),
            (PARTS.replace(KEY, ""), "missing_apikey"),
            (PARTS.replace("hello", ""), "missing_message"),
            (PARTS.replace(TO, ""), "missing_recipients"),
            (PARTS.replace(TO, "shop"), "invalid_recipients"),
            (PARTS.replace("hello", "x" * 40_000), "invalid_message"),
            (PARTS.replace("hello", "<b>hello</b>"), "invalid_message"),
            (PARTS + "<sIdentifiant>attic</sIdentifiant>", "unknown_sidentifiant"),
        ],
    )
    async def test_tells_the_word_of_sendsms_in_either_version(self, site: HttpSite, parts: str, code: str) -> None:
        word, sentence, told = fault(await call(site, written(parts)))
        assert (word, told["error"], told["result"]["error"]) == ("soap:Client", code, code)
        assert sentence == told["message"] != ""
        answer = await call(site, written(parts, SOAP_12), "application/soap+xml")
        assert answer.headers["Content-Type"] == "application/soap+xml; charset=utf-8"
        assert fault(answer, 400) == ("soap:Sender", sentence, told)
        assert not await site.messages()

    async def test_blames_itself_when_the_store_is_gone(self, site: HttpSite) -> None:
        await site.close_store()
        assert fault(await call(site, written()))[0] == "soap:Server"
        assert fault(await call(site, written(version=SOAP_12)))[0] == "soap:Receiver"

    async def test_says_which_operation_there_is(self, site: HttpSite) -> None:
        word, sentence, _ = fault(await call(site, written(operation="sendFax")))
        assert (word, "sendSms" in sentence) == ("soap:Client", True)

    async def test_says_when_it_does_not_speak_that_version(self, site: HttpSite) -> None:
        assert fault(await call(site, written(version="urn:soap-2")))[0] == "soap:VersionMismatch"

    @pytest.mark.parametrize("version", [SOAP_11, SOAP_12])
    async def test_refuses_a_header_that_must_be_understood(self, site: HttpSite, version: str) -> None:
        block = '<s:Header><t:Pay xmlns:t="urn:t" s:mustUnderstand="{}"{}/></s:Header>'
        for true in ("1", "true"):
            answer = await call(site, written(version=version, header=block.format(true, "")))
            assert fault(answer)[0] == "soap:MustUnderstand"
        assert not await site.messages()
        other = block.format("1", f' s:{"actor" if version == SOAP_11 else "role"}="urn:somebody-else"')
        assert returned(await call(site, written(version=version, header=other)))["sent"] == "1"

    NO_CALLS = (
        "", "hello", "<a/>", "{}", "apikey=x&recipients=1", f'<e:Envelope xmlns:e="{SOAP_11}"/>',
        f'<e:Envelope xmlns:e="{SOAP_11}"><e:Body/></e:Envelope>', written()[:-3], written() + "<more/>", "\x00",
        '<?xml version="1.0" encoding="no-such"?>' + written(PARTS.replace("hello", "&#0;")),
    )  # fmt: skip

    @pytest.mark.parametrize("encoding", ["gb2312", "rot13", "no-such", "utf-8", "utf-7", "utf-16"])
    async def test_refuses_bytes_that_it_cannot_read(self, site: HttpSite, encoding: str) -> None:
        body = f'<?xml version="1.0" encoding="{encoding}"?>{written()}'.encode().replace(b"hello", b"\xd6\xd0")
        assert fault(await call(site, body, "text/xml"))[0] == "soap:Client"
        assert not await site.messages()

    @pytest.mark.parametrize("body", NO_CALLS)
    async def test_refuses_what_is_no_call(self, site: HttpSite, body: str) -> None:
        assert fault(await call(site, body, "text/xml"))[0] == "soap:Client"
        assert not await site.messages()


def laughs() -> Iterator[str]:
    yield '<!ENTITY l0 "ha">'
    for level in range(1, 30):
        yield f'<!ENTITY l{level} "&l{level - 1};&l{level - 1};">'


class TestHostileDocuments:
    DECLARATIONS = (
        f"<!DOCTYPE x [{''.join(laughs())}]>",
        '<!DOCTYPE x [<!ENTITY l29 SYSTEM "file:///etc/hostname">]>',
        '<!DOCTYPE x [<!ENTITY l29 SYSTEM "http://127.0.0.1:9/secret">]>',
        '<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1:9/p.dtd"> %p;]>',
        '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">',
        '<!DOCTYPE x PUBLIC "-//x//x" "x.dtd">',
        "<!DOCTYPE x>",
    )

    @pytest.mark.parametrize("declaration", DECLARATIONS)
    async def test_refuses_document_types_and_entities(self, site: HttpSite, declaration: str) -> None:
        body = declaration + written(PARTS.replace("hello", "&l29;"))
        word, sentence, _ = fault(await call(site, body))
        assert (word, "document type" in sentence) == ("soap:Client", True)
        assert not await site.messages()

    async def test_includes_no_files(self, site: HttpSite) -> None:
        include = '<i:include xmlns:i="http://www.w3.org/2001/XInclude" href="/etc/hostname" parse="text"/>'
        assert fault(await call(site, written(PARTS.replace("hello", include))))[2]["error"] == "invalid_message"

    @pytest.mark.parametrize("size", [1 << 19, 50_000_000])
    async def test_reads_no_more_than_its_limit(self, site: HttpSite, size: int) -> None:
        body = written(PARTS.replace("hello", "x" * size))
        assert fault(await call(site, body))[2]["error"] == "too_large"
        assert fault(await call(site, body, "application/soap+xml"), 400)[0] == "soap:Sender"
        assert not await site.messages()

    @pytest.mark.parametrize("nest", ["<a>", "<a b='c'/>", "<a xmlns:b='c'>"])
    async def test_survives_elements_without_end(self, site: HttpSite, nest: str) -> None:
        many = nest * ((1 << 19) // len(nest) - 100)
        assert fault(await call(site, written(PARTS)[:-10] + many))[0] == "soap:Client"


_FRAGMENTS = st.sampled_from(
    ["<", ">", "/", "&", ";", "<!--", "]]>", "<![CDATA[", "<!DOCTYPE x>", "&#0;", "&amp;", f'xmlns="{SOAP_12}"', "\x00",
     'href="#a"', 'id="a"', "<a/>", "</s:Body>", "é", "\ud7ff", "\ufffe", '<?xml version="1.0" encoding="utf-7"?>']
)  # fmt: skip


@given(data=st.data())
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_garbled_envelope_is_read_or_refused_and_nothing_else(data: st.DataObject) -> None:
    body = written(PARTS)
    for _ in range(data.draw(st.integers(0, 4))):
        start = data.draw(st.integers(0, len(body)))
        body = body[:start] + data.draw(_FRAGMENTS) + body[start + data.draw(st.integers(0, 3)) :]
    label = data.draw(st.sampled_from(["text/xml", "text/xml; charset=utf-16", ""]))
    with suppress(BadRequest):
        assert all(isinstance(value, str) for value in envelope.read(body.encode(), label).parts.values())


@given(raw=st.binary(max_size=200), label=st.text(max_size=40))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_read_or_refused_and_nothing_else(raw: bytes, label: str) -> None:
    with pytest.raises(BadRequest):
        envelope.read(raw, label)


@given(value=st.text())
def test_every_text_comes_back_from_an_answer_and_from_a_fault(value: str) -> None:
    kept = ElementTree.fromstring(envelope.answer(envelope.SOAP_11, "sendSms", value))
    assert "".join(kept.itertext()) == envelope.legal(value)
    told = ElementTree.fromstring(envelope.fault(envelope.SOAP_12, "Sender", value, value))
    assert "".join(told.itertext()) == f"soap:Sender{envelope.legal(value) * 2}"


def test_exactly_what_xml_cannot_carry_is_replaced() -> None:
    """XML 1.0 §2.2: Char ::= #x9 | #xA | #xD | [#x20-#xD7FF] | [#xE000-#xFFFD] | [#x10000-#x10FFFF]."""
    char = {0x9, 0xA, 0xD, *range(0x20, 0xD800), *range(0xE000, 0xFFFE), *range(0x10000, 0x110000)}
    every = "".join(map(chr, range(0x110000)))
    kept = {at for at, (was, now) in enumerate(zip(every, envelope.legal(every), strict=True)) if was == now}
    assert kept == char
