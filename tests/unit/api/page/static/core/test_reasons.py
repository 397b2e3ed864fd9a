"""What drivers, alarms, webhooks and the API say in English has words on the page in its other languages."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import api.http
import bridge
import device_drivers
from api import webhooks
from api.dialects.native import dialect as native
from api.dialects.native.fields import Unfit
from api.page.files import load
from bridge.devices import rest
from bridge.errors import BridgeError
from bridge.store import suppression
from bridge.store.suppression import EVERY_LINE, Stop
from device_drivers.android_adb import conditions, radiolog
from device_drivers.android_adb import examination as phone_examination
from device_drivers.android_adb import health as phone_health
from device_drivers.gsm_modem import causes, checkup
from device_drivers.gsm_modem import health as modem_health
from device_drivers.gsm_modem.pdu import status

OTHERS = {
    name.removeprefix("reasons/"): json.loads(file.body)
    for name, file in load("").others.items()
    if name.startswith("reasons/")
}


def names(of: type[BridgeError]) -> Iterator[str]:
    """All kinds of an error."""
    yield of.__name__
    for each in of.__subclasses__():
        yield from names(each)


DRIVERS, CORE = Path(device_drivers.__file__).parent, Path(bridge.__file__).parent
#: the calls that make a reason, and which of their arguments are its words
CALLS = {
    "Condition": slice(1, 3),
    "Finding": slice(2, 4),
    "Trouble": slice(1, 3),
    "_fail": slice(0, 1),
    "problem": slice(1, 2),
    **dict.fromkeys(names(BridgeError), slice(0, 1)),
}
#: whose errors come to the page
ROOMS = ("accounts", "devices", "gateway", "messages", "store")
#: what is said while there is no page yet, or on the command line
BEFORE = ("archive", "backup", "lock", "migrations", "salvage", "soundness", "tables", "__init__", "naming", "survey")
#: how what is to be typed begins
COMMANDS = ("adb ", "sudo ", "sms-bridge ", "7; or: sudo ")
#: where errors are that a page can be answered with
SHOWN = ("bridge.errors", "api.http.", "api.dialect.", "api.dialects.native.")


def matching(table: dict[str, str]) -> list[re.Pattern[str]]:
    """The patterns of a table, as core/reasons.js reads them."""
    return [re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>.*?)", re.escape(said)), re.IGNORECASE) for said in table]


def texts_of(node: ast.expr, known: dict[str, list[str]]) -> list[str]:
    """What a value in the code may say, with a 7 for each value in it; nothing for what is no text."""
    match node:
        case ast.Constant(value=str(said)):
            return [said]
        case ast.JoinedStr():
            return ["".join(piece(each, known) for each in node.values)]
        case ast.Name():
            return known.get(node.id, [])
        case ast.IfExp():
            return texts_of(node.body, known) + texts_of(node.orelse, known)
        case ast.BinOp(op=ast.Add()):
            behind = texts_of(node.right, known) or [""]
            return [one + other for one in texts_of(node.left, known) for other in behind]
    return []


def piece(node: ast.expr, known: dict[str, list[str]]) -> str:
    """A piece of a text with values in it: a name's own text where it has one."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    texts = texts_of(node.value, known) if isinstance(node, ast.FormattedValue) else []
    return texts[0] if len(texts) == 1 else "7"


def assigned(tree: ast.AST) -> dict[str, list[str]]:
    """The texts under each name of a module or a function."""
    known: dict[str, list[str]] = {}
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)]):
                known.setdefault(name, []).extend(texts_of(node.value, known))
    return known


def said_in(file: Path) -> Iterator[str]:
    """The reasons that are written where they are given, or just before."""
    tree = ast.parse(file.read_text())
    for scope in [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]:
        known = {**assigned(ast.Module([node for node in tree.body if isinstance(node, ast.Assign)], []))}
        known |= assigned(scope)
        for call in (node for node in ast.walk(scope) if isinstance(node, ast.Call)):
            name = getattr(call.func, "id", getattr(call.func, "attr", ""))
            given = call.args[CALLS[name]] if name in CALLS else []
            if name == "Condition" and len(given) == 2:
                words, remedies = (texts_of(each, known) for each in given)
                # a name that has several texts goes with one sentence each
                yield from (f"{one}: {other}" for one in words for other in remedies if len(remedies) == 1)
            elif name == "Unfit":
                yield from (f"`7` {said}" for each in given for said in texts_of(each, known))
            else:
                yield from (said for each in given for said in texts_of(each, known))


def written() -> Iterator[str]:
    """What drivers, the core and the API say to people, without what is only said where no page is."""
    folders = [folder for folder in DRIVERS.iterdir() if folder.name != "virtual"]
    folders += [DRIVERS, *(CORE / name for name in ROOMS), Path(api.http.__file__).parent, Path(native.__file__).parent]
    modules = [file for folder in folders for file in folder.glob("*.py") if file.stem not in BEFORE]
    for file in [*modules, CORE / "monitoring" / "problems.py"]:
        for said in said_in(file):
            if re.search("[a-z]", said) and " " in said and not said.startswith(COMMANDS):
                yield said


def returned() -> Iterator[str]:
    """Why a webhook was not delivered, or may not be."""
    for name in ("poster", "url_policy"):
        tree = ast.parse((Path(webhooks.__file__).parent / f"{name}.py").read_text())
        for node in ast.walk(tree):
            if isinstance(node, ast.Return) and node.value is not None:
                yield from (said for said in texts_of(node.value, {}) if " " in said)


def defaults(of: type[BridgeError] = BridgeError) -> Iterator[str]:
    """What errors say that are raised without words."""
    said = (of.__doc__ or "").strip()
    yield f"`7` {said}" if of is Unfit else said
    for each in of.__subclasses__():
        if each.__module__.startswith(SHOWN):  # what else another test has imported is nothing of the page's
            yield from defaults(each)


def listed() -> Iterator[str]:
    """The reasons that stand in tables."""
    yield from (words for _, words in modem_health.REGISTRATION.values() if words)
    yield from (words for _, words in phone_health._SENTENCES.values())
    for table in (conditions._STATES, conditions._NETWORK_STATES):
        yield from (": ".join(each[1:]).format(name="7") for each in table.values())
    yield from (words.format("7") for words in rest._WORDS.values())
    for codes in (causes.CMS, causes.CME, causes.WORDS, radiolog._CAUSES, radiolog._RESULTS):
        yield from (words for words, _ in codes.values())
    for code in range(256):
        yield status.outcome(code)[1].partition(" (TP-ST")[0]
    yield from status._WORDS.values()
    for levels in (phone_examination._LEVELS, checkup._LEVELS):
        yield from (f"signal 7 dBm, {word}" for _, word in levels)
    yield from checkup._UNREGISTERED.values()
    yield from (suppression.BLOCKED, Stop(EVERY_LINE, "", "+15550150", "STOP", 1).error)


@pytest.mark.parametrize("language", OTHERS)
def test_whatever_the_bridge_says_to_people_has_words(language: str) -> None:
    patterns = matching(OTHERS[language])
    reasons = {each.removesuffix(".") for each in [*written(), *listed(), *returned(), *defaults()]}
    assert len(reasons) > 400
    assert {each for each in reasons if not any(pattern.fullmatch(each) for pattern in patterns)} == set()


@pytest.mark.parametrize("language", OTHERS)
def test_words_for_a_reason_keep_what_stands_in_it(language: str) -> None:
    for said, ours in OTHERS[language].items():
        assert sorted(re.findall(r"\{\w+\}", said)) == sorted(re.findall(r"\{\w+\}", ours)), said
