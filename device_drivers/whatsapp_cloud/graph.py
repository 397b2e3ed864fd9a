"""Calls the parts of Meta's Graph API that the driver needs; no call is ever repeated here."""

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from bridge.dataclass import dataclass
from bridge.errors import DeviceLost, NoSuchThing, OutcomeUnknown, Refusal, SendRefused
from bridge.model.media import Media
from device_drivers._http import LONGEST_ANSWER, Answer, Http
from device_drivers.whatsapp_cloud.codes import GraphError, error_in, failure_of
from device_drivers.whatsapp_cloud.options import Options

#: what a token that may only send is answered when it asks about the number
_NOT_FOR_THIS = frozenset({3, 10, 131005, *range(200, 300)})
#: hosts that Meta gives out media from
_METAS = (".fbsbx.com", ".facebook.com", ".whatsapp.net", ".fbcdn.net")
#: bytes of the largest file that is fetched: recordings, videos and pictures are smaller, documents may be larger
LARGEST = 16 * 1024 * 1024
_FIELDS = "display_phone_number,verified_name,quality_rating"


@dataclass(frozen=True, slots=True)
class Number:
    """What Meta tells of the number; "" where the token may not ask."""

    phone: str = ""
    name: str = ""
    #: GREEN, YELLOW, RED
    quality: str = ""
    #: why nothing is told; "" when it is
    silence: str = ""


class Graph:
    """One number in the Graph API."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._http = Http(options.timeout)

    async def post(self, message: Mapping[str, Any]) -> bytes:
        """Send a message; the body of the success. Raises DeviceLost, SendRefused, OutcomeUnknown."""
        body = json.dumps(message).encode()
        headers = {**self._credentials, "Content-Type": "application/json"}
        url = f"{self._options.number_url}/messages"
        answer = await self._http.ask("POST", url, headers=headers, body=body)
        if answer.status != 200:
            raise failure_of(answer.status, answer.body)
        return answer.body

    async def number(self) -> Number:
        """Ask about the number. Raises DeviceLost without an answer, SendRefused(LINE) when a person has to act."""
        try:
            url = f"{self._options.number_url}?fields={_FIELDS}"
            answer = await self._http.ask("GET", url, headers=self._credentials)
        except OutcomeUnknown as silence:
            raise DeviceLost(silence.message) from silence
        error = error_in(answer.body)
        if error is not None and error.code in _NOT_FOR_THIS:
            return Number(silence=error.cause)
        if error is not None and error.refusal is Refusal.LINE:
            raise SendRefused(error.cause, Refusal.LINE)
        return _number(answer, error)

    async def media(self, id: str) -> Media:
        """A file that somebody sent, by Meta's id of it. Raises NoSuchThing, DeviceLost.

        Its URL is good for five minutes, so it is asked for each time; the file is there for seven days.
        """
        options = self._options
        url = f"{options.base_url.rstrip('/')}/{options.version}/{id}?phone_number_id={options.phone_number_id}"
        told = _object(await self._get(url))
        where, host = str(told.get("url", "")), urlsplit(str(told.get("url", ""))).hostname or ""
        if not self._is_metas(where, host):
            raise NoSuchThing(f"WhatsApp says that it is at {host or 'no address'}, which is not Meta's")
        answer = await self._get(where, LARGEST)
        known = str(told.get("sha256", ""))
        digest = hashlib.sha256(answer.body)
        if known and known not in (digest.hexdigest(), base64.b64encode(digest.digest()).decode()):
            raise NoSuchThing("what came is not what WhatsApp says was sent: its SHA-256 differs")
        return Media(str(told.get("mime_type", "")), answer.body)

    def _is_metas(self, url: str, host: str) -> bool:
        """Whether the token may be shown there."""
        own = urlsplit(self._options.base_url)
        if (urlsplit(url).scheme, urlsplit(url).netloc) == (own.scheme, own.netloc):
            return True
        return url.startswith("https://") and f".{host}".endswith(_METAS)

    async def _get(self, url: str, longest: int = LONGEST_ANSWER) -> Answer:
        """Raises NoSuchThing for what is not there (any more), DeviceLost without an answer."""
        try:
            answer = await self._http.ask("GET", url, headers=self._credentials, longest=longest)
        except OutcomeUnknown as silence:
            raise DeviceLost(silence.message) from silence
        if answer.status == 200:
            return answer
        error = error_in(answer.body)
        if answer.status >= 500 or (error is not None and error.refusal is not Refusal.PERMANENT):
            raise DeviceLost(error.cause if error else f"WhatsApp answered {answer.status}")
        raise NoSuchThing("WhatsApp does not have it any more: it keeps what people send for seven days")

    @property
    def _credentials(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._options.access_token}"}

    async def close(self) -> None:
        """Hang up. Never raises."""
        await self._http.close()


def _object(answer: Answer) -> Mapping[str, Any]:
    """Raises DeviceLost for what is no answer of the API."""
    try:
        told = json.loads(answer.body)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        raise DeviceLost("the Graph API answered 200 without saying anything")
    return told


def _number(answer: Answer, error: GraphError | None) -> Number:
    """Raises DeviceLost for what is no answer of the API."""
    try:
        told = json.loads(answer.body)
        if answer.status == 200 and error is None:
            phone = "".join(char for char in str(told.get("display_phone_number", "")) if char.isdecimal())
            name, quality = (str(told.get(key, "")) for key in ("verified_name", "quality_rating"))
            return Number(f"+{phone}" if phone else "", name, quality)
    except (ValueError, AttributeError, RecursionError):
        pass
    raise DeviceLost(error.cause if error else f"the Graph API answered {answer.status}, which says nothing")
