"""The few calls of the Graph API that are needed, each made once: nothing here is ever repeated."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bridge.errors import DeviceLost, OutcomeUnknown, Refusal, SendRefused
from device_drivers._http import Answer, Http
from device_drivers.whatsapp_cloud.codes import GraphError, error_in, failure_of
from device_drivers.whatsapp_cloud.options import Options

#: what a token that may only send is answered when it asks about the number
_NOT_FOR_THIS = frozenset({3, 10, 131005, *range(200, 300)})
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

    @property
    def _credentials(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._options.access_token}"}

    async def close(self) -> None:
        """Hang up. Never raises."""
        await self._http.close()


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
