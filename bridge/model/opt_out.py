"""The words by which recipients opt out of messages and in again, by language, and whom an opt-out holds for."""

from enum import StrEnum

from bridge.dataclass import dataclass


class Scope(StrEnum):
    """Whom a recipient's STOP holds for."""

    #: every account, where the message would go by the line that the STOP came to
    LINE = "line"
    #: the accounts that wrote to the recipient by that line; all of them when none did
    ACCOUNT = "account"
    #: every account, by whatever line
    BRIDGE = "bridge"


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words of a language, in small letters; several words are a phrase."""

    stop: tuple[str, ...]
    start: tuple[str, ...]
    #: what people put before or behind them, which changes nothing
    courtesies: tuple[str, ...] = ()


#: Lone letters are in none: they may mean anything. Nor is `cancel`, by which reminders of appointments invite to
#: cancel the appointment. The English ones are those of the CTIA's rules and of 47 CFR 64.1200(a)(10) without it.
LANGUAGES: dict[str, Vocabulary] = {
    "en": Vocabulary(
        (
            "stop", "stopall", "stop all", "unsubscribe", "unsubscribe me", "end", "quit", "optout", "opt out",
            "revoke", "stop sms", "stop texting", "stop texting me", "stop texts", "stop messages", "stop messaging me",
            "stop sending", "stop sending messages", "stop sending me messages", "stop sending texts",
        ),
        ("start", "unstop", "optin", "opt in", "resubscribe"),
        ("please", "pls", "plz", "kindly", "thanks", "thank you", "thx", "now"),
    ),
    "zh": Vocabulary(("td", "退订", "请退订", "回复退订"), ("恢复", "取消退订", "恢复订阅"), ("请", "谢谢")),
    "de": Vocabulary(
        ("stop", "stopp", "abmelden", "abbestellen", "austragen"), ("start", "anmelden"), ("bitte", "danke")
    ),
    "es": Vocabulary(
        ("stop", "baja", "alto", "parar", "darme de baja"), ("start", "alta"), ("por favor", "gracias")
    ),
    "fr": Vocabulary(
        ("stop", "arrêt", "arret", "arrêter", "arreter", "désabonner", "desabonner", "désinscription"),
        ("start", "réabonner", "reabonner"),
        ("svp", "s il vous plaît", "s il vous plait", "merci"),
    ),
    "it": Vocabulary(("stop", "disiscrivi", "disiscrivimi"), ("start", "riprendi"), ("per favore", "grazie")),
    "nl": Vocabulary(("stop", "afmelden", "uitschrijven"), ("start", "aanmelden"), ("aub", "alstublieft", "bedankt")),
    "pt": Vocabulary(
        ("stop", "parar", "sair", "descadastrar"), ("start", "voltar"), ("por favor", "obrigado", "obrigada")
    ),
}  # fmt: skip
#: those that count when nobody says otherwise
DEFAULT_LANGUAGES = ("en", "zh")
