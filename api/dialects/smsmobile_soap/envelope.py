"""SOAP envelopes, 1.1 (W3C Note 2000-05-08) and 1.2 (W3C Recommendation 2007-04-27): lenient parsing, plain output.

What is read comes from anybody, so `defusedxml` reads it: a document type is refused as a whole, and with it
every entity that could grow or reach out.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from html import escape
from typing import TYPE_CHECKING

from bridge.dataclass import dataclass
from bridge.errors import BadRequest

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

#: where our operation lives
NAMESPACE = "urn:sms-bridge:sendsms"
#: beginnings and ends of elements; a call has twenty
MOST_TAGS = 5_000
_SCHEMA_INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
#: charsets that XML toolkits really label their documents with; any other label is left to the document itself
_CHARSET = re.compile(r"charset=[\"']?(utf-8|utf-16|us-ascii|iso-8859-\d{1,2}|windows-125\d)\b", re.IGNORECASE)
#: what XML cannot carry even escaped (XML 1.0 §2.2)
_ILLEGAL = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Version:
    """The formats of a SOAP version."""

    #: namespace of the envelope
    envelope: str
    content_type: str
    #: who is to blame for a fault: the caller, and us
    client: str
    server: str
    #: HTTP status of the caller's faults; the server's own have 500
    client_status: int


SOAP_11 = Version("http://schemas.xmlsoap.org/soap/envelope/", "text/xml; charset=utf-8", "Client", "Server", 500)
#: its HTTP binding wants 400 for a fault of the caller's (Part 2 §7.5.2.2)
SOAP_12 = Version(
    "http://www.w3.org/2003/05/soap-envelope", "application/soap+xml; charset=utf-8", "Sender", "Receiver", 400
)
_VERSIONS = {version.envelope: version for version in (SOAP_11, SOAP_12)}
#: header blocks for these are for us (SOAP 1.1 §4.2.2, SOAP 1.2 Part 1 §2.2)
_OURS = frozenset(
    {
        "",
        "http://schemas.xmlsoap.org/soap/actor/next",
        "http://www.w3.org/2003/05/soap-envelope/role/next",
        "http://www.w3.org/2003/05/soap-envelope/role/ultimateReceiver",
    }
)


class NotSoap(BadRequest):
    """The request is no SOAP envelope with a call in it."""


class VersionMismatch(NotSoap):
    """This service speaks SOAP 1.1 and 1.2."""


class MustUnderstand(NotSoap):
    """The request has a header that must be understood, and this service understands none."""


@dataclass(frozen=True, slots=True)
class Call:
    """The call in an envelope."""

    version: Version
    #: the operation's name, without its namespace
    operation: str
    #: values by the parts' names; a part that is nil is left out
    parts: Mapping[str, str]


def labelled(content_type: str) -> Version:
    """The version named by a request's Content-Type, for refusals before the body is parsed."""
    return SOAP_12 if "application/soap+xml" in content_type.lower() else SOAP_11


def read(raw: bytes, content_type: str) -> Call:
    """Parse the call in an envelope, whatever its prefixes. Raises NotSoap and its subclasses."""
    root = _parse(raw, content_type)
    namespace, name = _split(root.tag)
    if name != "Envelope":
        raise NotSoap("The request body is XML, but no SOAP envelope.")
    if namespace not in _VERSIONS:
        raise VersionMismatch
    _check_headers(root, namespace)
    body = root.find(f"{{{namespace}}}Body")
    if body is None or not len(body):
        raise NotSoap("The SOAP envelope has no body with a call in it.")
    call = body[0]
    return Call(_VERSIONS[namespace], _split(call.tag)[1], dict(_parts(call, body)))


def _parse(raw: bytes, content_type: str) -> "Element":
    # with the first call: most bridges never hear of SOAP, and this is what is dearest in it
    from xml.etree.ElementTree import ParseError

    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import DefusedXMLParser

    if raw.count(b"<") > MOST_TAGS:
        raise NotSoap(f"The request body has more than {MOST_TAGS} tags.")
    parser = DefusedXMLParser(encoding=_encoding(raw, content_type), forbid_dtd=True)
    try:
        parser.feed(raw)
        root: Element = parser.close()
    except DefusedXmlException as error:
        raise NotSoap("A document type or entity in the request: neither is taken.") from error
    except (ParseError, ValueError, LookupError) as error:
        raise NotSoap("The request body is not well-formed XML.") from error
    return root


def _encoding(raw: bytes, content_type: str) -> str | None:
    """The encoding to decode a document with; None when the document declares it.

    nuSOAP labels everything ISO-8859-1 and sends the bytes that it was given. What reads as UTF-8 is UTF-8: texts
    in other encodings hardly ever do.
    """
    if b"\x00" not in raw:
        with suppress(UnicodeDecodeError):
            raw.decode()
            return "utf-8"
    label = _CHARSET.search(content_type)
    # the label of text/xml goes over the document's own declaration (RFC 7303 §3)
    return label[1] if label else None


def _check_headers(root: "Element", namespace: str) -> None:
    header = root.find(f"{{{namespace}}}Header")
    for block in header if header is not None else ():
        for_us = block.get(f"{{{namespace}}}actor", "") in _OURS and block.get(f"{{{namespace}}}role", "") in _OURS
        if for_us and block.get(f"{{{namespace}}}mustUnderstand", "").strip() in ("1", "true"):
            raise MustUnderstand


def _parts(call: "Element", body: "Element") -> Iterator[tuple[str, str]]:
    for part in call:
        name = _split(part.tag)[1]
        if part.get(f"{{{_SCHEMA_INSTANCE}}}nil", "").strip() in ("1", "true"):
            continue
        value = _referred(part, body)
        if len(value):
            raise BadRequest(f"The part {name} must be text.", name)
        yield name, value.text or ""


def _referred(part: "Element", body: "Element") -> "Element":
    """The element, or the one it references elsewhere in the body (SOAP 1.1 §5.4.1)."""
    target = part.get("href", "").removeprefix("#")
    return next((other for other in body if other.get("id") == target), part) if target else part


def _split(tag: str) -> tuple[str, str]:
    namespace, _, name = tag.rpartition("}")
    return namespace.removeprefix("{"), name


# -- written ------------------------------------------------------------------------------------
def answer(version: Version, operation: str, value: str) -> bytes:
    """The answer to a call, with one part named `return`."""
    # no `xsi:type`: npm's soap hands its callers an object as soon as there is an attribute
    part = f"<return>{_text(value)}</return>"
    return _envelope(version, f'<m:{operation}Response xmlns:m="{NAMESPACE}">{part}</m:{operation}Response>')


def fault(version: Version, code: str, reason: str, detail: str) -> bytes:
    """A fault; `detail` is one element named `return`."""
    told = f'<m:return xmlns:m="{NAMESPACE}">{_text(detail)}</m:return>'
    if version is SOAP_11:
        inner = f"<faultcode>soap:{code}</faultcode><faultstring>{_text(reason)}</faultstring><detail>{told}</detail>"
    else:
        inner = (
            f"<soap:Code><soap:Value>soap:{code}</soap:Value></soap:Code>"
            f'<soap:Reason><soap:Text xml:lang="en">{_text(reason)}</soap:Text></soap:Reason>'
            f"<soap:Detail>{told}</soap:Detail>"
        )
    return _envelope(version, f"<soap:Fault>{inner}</soap:Fault>")


def _envelope(version: Version, body: str) -> bytes:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<soap:Envelope xmlns:soap="{version.envelope}">'
        f"<soap:Body>{body}</soap:Body></soap:Envelope>"
    ).encode()


def legal(value: str) -> str:
    """Replace characters that XML cannot represent."""
    return _ILLEGAL.sub("\ufffd", value)


def _text(value: str) -> str:
    return escape(legal(value), quote=False).replace("\r", "&#13;")
