"""E-mail that accounts send through the mail server of `[alarm]`."""

import re
import socket
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bridge.config.field import mail_address
from bridge.config.schema import Alarm
from bridge.errors import BadRequest, NotPossible, OutcomeUnknown
from bridge.model.account import Account
from bridge.model.notification import Letter, Posted
from bridge.monitoring.mail import Mailer, NotTaken, PerhapsTaken
from bridge.ports.clock import Clock

if TYPE_CHECKING:
    from email.message import EmailMessage

#: stands for every account in `[alarm] mail_accounts`
EVERYBODY = "*"
_MARKUP = re.compile(
    r"<(!doctype|html|body|p|br|div|table|span|a|b|i|strong|em|h[1-6]|ul|ol|img)\b[^>]*>", re.IGNORECASE
)


class Letters:
    """Sends an account's e-mail at once. `gateway.mail` is the one of a bridge."""

    def __init__(self, settings: Alarm, mailer: Mailer, clock: Clock) -> None:
        self._settings = settings
        self._mailer = mailer
        self._clock = clock

    async def __call__(self, account: Account, letter: Letter) -> Posted:
        """Send a letter; when this returns the mail server has it.

        Raises NotPossible for a definite no, also where the account may not send e-mail; OutcomeUnknown; BadRequest.
        """
        if not self._settings.smtp_host:
            raise NotPossible("this bridge has no mail server: [alarm] smtp_host")
        if not {account.name, EVERYBODY} & set(self._settings.mail_accounts):
            raise NotPossible(f'the account {account.name} may not send e-mail here: [alarm] mail_accounts = ["…"]')
        message = composed(letter, self._settings.sender, self._clock.now())
        try:
            refused = await self._mailer.deliver(message, [letter.recipient, *letter.copies])
        except NotTaken as error:
            raise NotPossible(str(error)) from error
        except PerhapsTaken as error:
            raise OutcomeUnknown(f"{error}; the mail may or may not have been sent") from error
        return Posted(str(message["Message-ID"]).strip("<>"), tuple(refused))


def composed(letter: Letter, sender: str, now: int) -> "EmailMessage":
    """Compose it. It is from the server's own address, because no other is taken. Raises BadRequest."""
    from email.message import EmailMessage
    from email.utils import format_datetime, formataddr, make_msgid

    copies = [(address, f"email_cc{place}") for place, address in enumerate(letter.copies, 1)]
    for address, name in ((letter.recipient, "recipient_email"), (letter.reply_to, "sender_email"), *copies):
        if wrong := mail_address(address):
            raise BadRequest(f"{name} {wrong}", name)
    message = EmailMessage()
    message["From"] = formataddr((_one_line(letter.sender_name), sender))
    message["To"] = letter.recipient
    if letter.copies:
        message["Cc"] = ", ".join(letter.copies)
    message["Subject"] = _one_line(letter.subject)
    if letter.reply_to and letter.reply_to.lower() != sender.lower():
        message["Reply-To"] = formataddr((_one_line(letter.reply_name), letter.reply_to))
    message["Date"] = format_datetime(datetime.fromtimestamp(now / 1000, UTC))
    message["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2] or socket.gethostname())
    if letter.unsubscribe:
        message["List-Unsubscribe"] = f"<mailto:{letter.reply_to or sender}?subject=unsubscribe>"
    if _MARKUP.search(letter.body):
        from bridge.monitoring.plain_text import plain  # with the parser of HTML: for the few who write it

        message.set_content(plain(letter.body))
        message.add_alternative(letter.body, subtype="html")
    else:
        message.set_content(letter.body)
    for each in letter.attachments:
        name = _one_line(each.name) or "attachment"
        message.add_attachment(each.content, maintype="application", subtype="octet-stream", filename=name)
    return message


def _one_line(text: str) -> str:
    """Without line ends, by which a value could become a header of its own."""
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())
