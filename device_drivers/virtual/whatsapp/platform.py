"""The emulated Graph API of one number: takes messages, delivers them to people and reports their statuses."""

import asyncio
import hashlib
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from bridge.dataclass import dataclass
from device_drivers.virtual.network.message import now
from device_drivers.virtual.network.timers import Timers
from device_drivers.virtual.provider_server import ProviderServer
from device_drivers.virtual.whatsapp import errors
from device_drivers.virtual.whatsapp.faults import Faults
from device_drivers.virtual.whatsapp.person import Message, Person
from device_drivers.virtual.whatsapp.webhooks import Webhooks

#: what the sender puts into its configuration
NUMBER_ID, TOKEN, APP_SECRET, VERIFY_TOKEN = "106540352242922", "EAAG-virtual-token", "virtual-app-secret", "handshake"
NAME = "Virtual Shop"
#: the longest text, characters
LONGEST = 4096


class Refused(Exception):
    """The message is answered with an error of this code."""

    def __init__(self, code: int, details: str = "", subcode: int = 0) -> None:
        super().__init__(details)
        self.code, self.details, self.subcode = code, details, subcode


@dataclass(frozen=True, slots=True)
class File:
    """What somebody sent with a message."""

    mime: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Post:
    """A request for a message, as it came."""

    body: Mapping[str, Any]
    headers: Mapping[str, str]


class Whatsapp(ProviderServer):
    """A business number at Meta. `start` and `close` it."""

    garbled = b'{"messaging_product": "whats'

    def __init__(self, number: str, *, number_id: str = NUMBER_ID, port: int = 0) -> None:
        self.number = number
        self.number_id = number_id
        self.faults = Faults()
        super().__init__("virtual WhatsApp", self.faults, port)
        #: every POST for a message, taken or not
        self.posts: list[Post] = []
        metadata = {"display_phone_number": number.lstrip("+"), "phone_number_id": number_id}
        self.webhooks = Webhooks(APP_SECRET, self.faults, metadata)
        self._people: dict[str, Person] = {}
        #: by Meta's id
        self._files: dict[str, File] = {}
        self._timers = Timers()
        self._count = 0

    # -- where it is ------------------------------------------------------------------------------
    @property
    def options(self) -> dict[str, str]:
        """What a bridge's configuration says of it."""
        return {
            "phone_number_id": self.number_id,
            "access_token": TOKEN,
            "app_secret": APP_SECRET,
            "verify_token": VERIFY_TOKEN,
            "base_url": self.url,
        }

    async def close(self) -> None:
        """The end: nothing is on its way any more."""
        self._timers.close()
        await self._tasks.close()
        await self.webhooks.close()
        await super().close()

    def _add_routes(self, router: web.UrlDispatcher) -> None:
        router.add_post("/{version}/{number_id}/messages", self._messages)
        router.add_get("/{version}/{number_id}", self._about)
        router.add_get("/media/{name}", self._download)

    async def subscribe(self, url: str) -> bool:
        """Meta's handshake with a callback URL."""
        return await self.webhooks.subscribe(url, VERIFY_TOKEN)

    def subscribe_soon(self, url: str) -> None:
        """The same, again and again until the callback gives the challenge back."""
        self._tasks.start(self._subscribe(url), "handshake")

    async def _subscribe(self, url: str) -> None:
        if not await self.subscribe(url):
            self._timers.after(self.faults.retry_delay, self.subscribe_soon, url)

    # -- people -----------------------------------------------------------------------------------
    @property
    def people(self) -> list[str]:
        """Numbers of all who took part."""
        return list(self._people)

    def handset(self, number: str) -> Person:
        """Whose number it is."""
        if number not in self._people:
            self._people[number] = Person(number, self._carry)
        return self._people[number]

    def _carry(self, person: Person, text: str) -> None:
        person.wrote_at = now()
        self.bring(person, {"type": "text", "text": {"body": text}})

    def bring(self, person: Person, content: Mapping[str, Any]) -> str:
        """A message of any type comes from somebody; its id."""
        wamid, digits = self._next_id(), person.number.lstrip("+")
        who = {"from_user_id": _user_id(person)}
        if not self.faults.hide_numbers:
            who["from"] = digits
        told = {**who, "id": wamid, "timestamp": str(now() // 1000), **content}
        self.webhooks.tell("messages", told, self._contact(person))
        return wamid

    def _contact(self, person: Person) -> dict[str, Any] | None:
        if not self.faults.with_contacts:
            return None
        contact: dict[str, Any] = {"profile": {"name": "Virtual Person"}, "user_id": _user_id(person)}
        if not self.faults.hide_numbers:
            contact["wa_id"] = person.number.lstrip("+")
        return contact

    def bring_file(self, person: Person, kind: str, mime: str, body: bytes, **more: object) -> str:
        """Somebody sends a file; Meta's id of it."""
        media_id = str(700_000_000 + len(self._files))
        self._files[media_id] = File(mime, body)
        self.bring(person, {"type": kind, kind: {"id": media_id, "mime_type": mime, **more}})
        return media_id

    # -- answering --------------------------------------------------------------------------------
    async def _about(self, request: web.Request) -> web.Response:
        if (file := self._files.get(request.match_info["number_id"])) is not None:
            return self._resolve(request, request.match_info["number_id"], file)
        try:
            self._admit(request)
            if self.faults.token_only_sends:
                raise Refused(errors.NO_PERMISSION)
        except Refused as refused:
            return self._refusal(refused)
        told = {
            "display_phone_number": f"{self.number[:2]} {self.number[2:5]}-{self.number[5:]}",
            "verified_name": NAME,
            "quality_rating": "GREEN",
            "id": self.number_id,
        }
        return web.json_response(told)

    def _resolve(self, request: web.Request, media_id: str, file: "File") -> web.Response:
        """Where a file is, for five minutes."""
        if self.faults.token_expired or not _has_token(request):
            return self._refusal(Refused(errors.TOKEN_EXPIRED))
        if self.faults.media_gone:
            return self._refusal(Refused(errors.BAD_PARAMETER, "Object does not exist"))
        digest = hashlib.sha256(file.body if not self.faults.media_altered else b"").hexdigest()
        told = {
            "messaging_product": "whatsapp",
            "url": self.faults.media_elsewhere or f"{self.url}/media/{media_id}",
            "mime_type": file.mime,
            "sha256": digest,
            "file_size": str(len(file.body)),
            "id": media_id,
        }
        return web.json_response(told)

    async def _download(self, request: web.Request) -> web.Response:
        file = self._files.get(request.match_info["name"])
        if file is None or not _has_token(request):
            return web.Response(status=404)
        return web.Response(body=file.body, content_type=file.mime.partition(";")[0])

    async def _messages(self, request: web.Request) -> web.StreamResponse:
        try:
            body = await request.json()
        except ValueError:
            return self._refusal(Refused(errors.BAD_PARAMETER, "the body is no JSON"))
        self.posts.append(Post(body, dict(request.headers)))
        if (instead := await self._before(request)) is not None:
            return instead
        try:
            self._admit(request)
            person, failure = self._checked(body)
        except Refused as refused:
            return self._refusal(refused)
        return await self._taken(request, self._accept(person, body, failure), person)

    def _admit(self, request: web.Request) -> None:
        if self.faults.token_expired or not _has_token(request):
            raise Refused(errors.TOKEN_EXPIRED)
        if request.match_info["number_id"] != self.number_id:
            raise Refused(errors.BAD_PARAMETER, "Object does not exist", errors.NO_SUCH_OBJECT)

    def _refusal(self, refused: Refused) -> web.Response:
        body = errors.answer(refused.code, self.faults, refused.details, refused.subcode)
        return web.json_response(body, status=errors.status_of(refused.code))

    def _checked(self, body: Mapping[str, Any]) -> tuple[Person, int]:
        """To whom it goes, and the code of a failure that is told later; raises Refused for one that is told now."""
        faults = self.faults
        if faults.refuse_next:
            raise Refused(faults.refuse_next.pop(0))
        if body.get("messaging_product") != "whatsapp" or not body.get("to"):
            raise Refused(errors.MISSING_PARAMETER, "messaging_product and to")
        number = self._meant(str(body["to"]))
        if code := faults.refuse.get(number):
            raise Refused(code)
        person = self.handset(number)
        if number in faults.without_whatsapp:
            return person, errors.NOT_ON_WHATSAPP
        if body["type"] == "template":
            self._check_template(body["template"])
        elif not self._is_open(person):
            if not faults.late_refusals:
                raise Refused(errors.WINDOW_CLOSED)
            return person, errors.WINDOW_CLOSED
        if body["type"] == "text" and not 0 < len(body["text"]["body"]) <= LONGEST:
            raise Refused(errors.BAD_PARAMETER, f"body has at most {LONGEST} characters")
        return person, 0

    def _meant(self, to: str) -> str:
        """A number without + gets the sender's country code."""
        digits = "".join(char for char in to if char.isdecimal())
        if not digits:
            raise Refused(errors.BAD_PARAMETER, "to is no phone number")
        return f"+{digits}" if to.startswith("+") else f"+{self.number[1]}{digits}"

    def _is_open(self, person: Person) -> bool:
        return self.faults.always_open or now() - person.wrote_at < self.faults.window * 1000

    def _check_template(self, template: Mapping[str, Any]) -> None:
        wanted = self.faults.templates.get(template.get("name", ""))
        if wanted is None:
            raise Refused(errors.NO_TEMPLATE)
        if len(_parameters(template)) != wanted:
            raise Refused(errors.WRONG_COUNT)

    def _accept(self, person: Person, body: Mapping[str, Any], failure: int) -> str:
        """Take it; its id. What becomes of it goes its way."""
        wamid = self._next_id()
        statuses = ["failed"] if failure else list(self.faults.statuses)
        if not failure and "failed" not in statuses:
            person.take(_read(self.number, body))
        status = {"id": wamid, "recipient_id": person.number.lstrip("+")}
        if self.faults.hide_numbers:
            del status["recipient_id"]
        if self.faults.with_reference and "biz_opaque_callback_data" in body:
            status["biz_opaque_callback_data"] = body["biz_opaque_callback_data"]
        for place, word in enumerate(statuses):
            self._timers.after(self.faults.status_delay * (place + 1), self._tell, person, status, word, failure)
        return wamid

    def _tell(self, person: Person, status: Mapping[str, str], word: str, failure: int) -> None:
        told: dict[str, Any] = {**status, "status": word, "timestamp": str(now() // 1000)}
        if word == "failed":
            told["errors"] = errors.in_status(failure or self.faults.failure)
        self.webhooks.tell("statuses", told, self._contact(person))

    async def _taken(self, request: web.Request, wamid: str, person: Person) -> web.StreamResponse:
        """The answer for a message that was taken, or none."""
        if (instead := await self._after(request)) is not None:
            return instead
        if self.faults.answer_delay:
            await asyncio.sleep(self.faults.answer_delay)
        contact = {"input": person.number, "wa_id": person.number.lstrip("+")}
        told = {"messaging_product": "whatsapp", "contacts": [contact], "messages": [{"id": wamid}]}
        return web.json_response(told)

    def _next_id(self) -> str:
        self._count += 1
        return f"wamid.HBgLVirtual{now():x}{self._count:06x}"


def _has_token(request: web.Request) -> bool:
    return request.headers.get("Authorization") == f"Bearer {TOKEN}"


def _user_id(person: Person) -> str:
    """By which somebody is known who shows no number."""
    return f"US.{person.number[:0:-1]}"


def _parameters(template: Mapping[str, Any]) -> list[str]:
    components = template.get("components", [])
    return [each["text"] for part in components if part["type"] == "body" for each in part["parameters"]]


def _read(sender: str, body: Mapping[str, Any]) -> Message:
    """What the recipient sees of it."""
    kind = body["type"]
    content = body[kind]
    if kind == "template":
        return Message(sender, " ".join(_parameters(content)), now(), template=content["name"])
    if kind == "text":
        return Message(sender, content["body"], now())
    return Message(sender, content.get("caption", ""), now(), content.get("link", ""))
