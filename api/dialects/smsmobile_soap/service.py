"""The SOAP service: WSDL on GET, its one operation on POST."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from html import escape
from typing import ClassVar, NamedTuple

from aiohttp import web

from api.dialect import auth
from api.dialect.contract import Mount, Route, Sample, Site, word_for
from api.dialects.smsmobile import vocabulary
from api.dialects.smsmobile.refusals import sending_answer, sentence
from api.dialects.smsmobile.rows import Calendar
from api.dialects.smsmobile.send import accepted, compose
from api.dialects.smsmobile_soap import envelope
from api.dialects.smsmobile_soap.envelope import (
    NAMESPACE,
    SOAP_11,
    MustUnderstand,
    NotSoap,
    Version,
    VersionMismatch,
)
from api.dialects.smsmobile_soap.wsdl import OPERATION, describe
from api.http.bodies import read_body
from api.http.errors import UnknownPath, WrongMethod
from api.http.parameters import Parameters
from api.http.proxies import origin
from bridge.errors import BridgeError, TooManyRequests
from bridge.model.message import State
from bridge.model.scope import SEND

WSDL_PATH = "/sendsms/wsdl/sendsms.wsdl"
SERVICE_PATH = "/sendsms/soap"
#: fault codes with a meaning of their own, in both versions
_CODES: Mapping[type[BridgeError], str] = {VersionMismatch: "VersionMismatch", MustUnderstand: "MustUnderstand"}


class FaultWord(NamedTuple):
    """How an error is reported as a fault."""

    #: the caller is to blame, and the same call again will fail again
    client: bool
    #: the word that `/sendsms` has for it
    code: str


class SmsMobileSoap:
    """Implements `api.dialect.Dialect`."""

    name: ClassVar[str] = "smsmobile_soap"
    about: ClassVar[str] = "the SOAP service of smsmobileapi.com; its WSDL is at /sendsms/wsdl/sendsms.wsdl"
    prefix: ClassVar[str] = ""
    #: the longest text an SMS can carry, each character of it as a reference, with room for the envelope
    body_limit: ClassVar[int] = 1 << 19
    cors: ClassVar[bool] = False
    options: ClassVar[Mapping[str, tuple[type, str]]] = {
        "timezone": (str, "the zone of dates in answers, such as Europe/Paris; UTC when not given"),
    }
    STATE_WORDS: ClassVar[Mapping[State, vocabulary.StateWord]] = vocabulary.STATE_WORDS
    ERROR_WORDS: ClassVar[Mapping[type[BridgeError], FaultWord]] = {
        kind: FaultWord(word.status < 500, word.code) for kind, word in vocabulary.ERROR_WORDS.items()
    }

    def __init__(self, site: Site, mount: Mount) -> None:
        """Raises ConfigError for an unknown time zone."""
        self._gateway = site.gateway
        self._public_url = site.public_url
        self._mount = mount
        self._calendar = Calendar(mount.options.get("timezone", "UTC"), self.name)

    def routes(self) -> Sequence[Route]:
        """WSDL and service; each path serves both, as clients confuse them."""
        return [Route(path, self.answer, {"GET": None, "POST": SEND}) for path in (WSDL_PATH, SERVICE_PATH)]

    def refuse(self, error: BridgeError) -> web.Response:
        """A fault of SOAP 1.1."""
        return self._fault(error, SOAP_11)

    def sample(self, credentials: Mapping[str, str], recipient: str, text: str) -> Sample:
        """A call as a SOAP toolkit writes it."""
        values = {"recipients": recipient, "message": text, "apikey": credentials["apikey"]}
        parts = "".join(f"<{name}>{escape(value, quote=False)}</{name}>" for name, value in values.items())
        body = (
            '<?xml version="1.0" encoding="UTF-8"?>'
            f'<soap:Envelope xmlns:soap="{SOAP_11.envelope}"><soap:Body>'
            f'<m:{OPERATION} xmlns:m="{NAMESPACE}">{parts}</m:{OPERATION}></soap:Body></soap:Envelope>'
        )
        headers = {"Content-Type": SOAP_11.content_type, "SOAPAction": f'"{NAMESPACE}#{OPERATION}"'}
        return Sample("POST", self._mount.prefix + SERVICE_PATH, headers, body.encode())

    async def answer(self, request: web.Request) -> web.Response:
        """Answer GET with the WSDL and POST with the result of the call."""
        if request.method == "GET":
            return web.Response(body=describe(self._address(request)), headers={"Content-Type": SOAP_11.content_type})
        label = request.headers.get("Content-Type", "")
        version = envelope.labelled(label)
        try:
            call = envelope.read(await read_body(request, self._mount.body_limit), label)
            version = call.version
            if call.operation != OPERATION:
                raise NotSoap(f"There is no operation of that name; there is {OPERATION}.")
            told = await self._send(request, call.parts)
        except BridgeError as error:
            self._gateway.metrics.refused(error)
            return self._fault(error, version)
        body = envelope.answer(version, OPERATION, told)
        return web.Response(body=body, headers={"Content-Type": version.content_type})

    async def _send(self, request: web.Request, parts: Mapping[str, str]) -> str:
        """Accept one SMS; returns the JSON of `/sendsms`."""
        params = Parameters()
        for name, value in parts.items():
            params.put(name, value.encode())
        account = await auth.caller(self._gateway, params.text("apikey"), request)
        lines, country = self._gateway.lines(), account.terms.country
        drafts = [replace(draft, dialect=self.name) for draft in compose(params, lines, country)]
        submission = await self._gateway.submit(account, drafts)
        return accepted(submission.messages, self._calendar.of(account), params).decode()

    def _fault(self, error: BridgeError, version: Version) -> web.Response:
        word: FaultWord = word_for(self.ERROR_WORDS, error)
        code = _CODES.get(type(error), version.client if word.client else version.server)
        detail = json.dumps(sending_answer(error), ensure_ascii=False)
        body = envelope.fault(version, code, sentence(error), detail)
        status = version.client_status if code == version.client else 500
        headers = {"Content-Type": version.content_type}
        if isinstance(error, UnknownPath):
            status = 404
        elif isinstance(error, WrongMethod):
            status, headers["Allow"] = 405, "GET, POST"
        elif isinstance(error, TooManyRequests):
            headers["Retry-After"] = str(error.retry_after)
        return web.Response(body=body, status=status, headers=headers)

    def _address(self, request: web.Request) -> str:
        """The URL of this service as the caller reaches it."""
        _, scheme, host = origin(request)
        if not self._public_url and not host:
            raise NotSoap("The request has no proper Host header, and no public URL is configured.")
        return f"{self._public_url or f'{scheme}://{host}'}{self._mount.prefix}{SERVICE_PATH}"
