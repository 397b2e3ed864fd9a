"""What is fuzzed: each target takes bytes and raises when something that must hold does not."""

import sqlite3
from collections.abc import Callable, Mapping
from contextlib import suppress

from device_drivers.android_adb import facts, isms, radiolog, rows
from device_drivers.gsm_modem import framing, news, reading, textmode
from device_drivers.gsm_modem.answers import Dialogue
from device_drivers.gsm_modem.pdu import Deliver, Malformed, StatusReport, decode

Target = Callable[[bytes], None]
#: commands that the driver asks, by the first octet of what is fuzzed
COMMANDS = (
    "",
    "AT",
    "AT+CREG?",
    "AT+CMGL=4",
    'AT+CPMS="SM"',
    "AT+CSQ",
    "AT+CMGS=23",
    "ATD*100#",
    "AT+CGSN",
    "AT+CUSD=1",
)


def pdu(data: bytes) -> None:
    """The PDU decoder: what it does not understand it says so, and nothing that came in is ever dropped."""
    hexadecimal = data.hex()
    for from_mobile in (False, True):
        for has_smsc in (False, True):
            with suppress(Malformed):
                _sensible(decode(hexadecimal, from_mobile=from_mobile, has_smsc=has_smsc))
    for written in (hexadecimal, data.decode("latin-1")):
        item = reading.read("office", "SM:1", written)
        assert item is None or item.raw == written


def _sensible(found: object) -> None:
    if isinstance(found, Deliver):
        assert found.concat is None or 1 <= found.concat.index <= found.concat.total
        found.text.encode("utf-8", "surrogatepass")
    elif isinstance(found, StatusReport):
        assert found.outcome[1]


def at_framing(data: bytes) -> None:
    """The dialogue with a modem: whatever comes, in whatever pieces, each line is told once or is the answer."""
    if not data:
        return
    command = COMMANDS[data[0] % len(COMMANDS)]
    whole, pieces = _talk(command, [data[1:]]), _talk(command, [data[at : at + 1] for at in range(1, len(data))])
    assert len(whole) <= len(data), "more lines than there were octets"
    in_text_mode = any(framing.is_text_mode(line) for line in whole)  # where nothing says where a text ends
    assert in_text_mode or whole == pieces, f"{whole} or, by the octet, {pieces}"


def _talk(command: str, pieces: list[bytes]) -> list[str]:
    """All lines that come out of a dialogue: of the news, then of the answer."""
    dialogue, told = Dialogue(), list[str]()
    if command:
        dialogue.begin(command, prompt=command.startswith("AT+CMGS"))
    for piece in pieces:
        for item in dialogue.feed(piece):
            told += item
            _understood(item)
    answer = dialogue.answer
    if answer is None:
        return told + list(dialogue.abandon())
    return [*told, *answer.lines, answer.final]


def _understood(item: tuple[str, ...]) -> None:
    meant = news.understand(item)
    if meant.meaning is news.Meaning.TEXT:
        textmode.read("office", "", meant.text)
    elif meant.pdu:
        reading.read("office", "", meant.pdu)


def parcel(data: bytes) -> None:
    """Answers of `service call isms`: taken, or a no, or nobody knows; never two of these, never a failure of ours."""
    told = data.decode("utf-8", "replace")
    for text in (told, f"Result: Parcel({told}", f"Result: Parcel(\n  0x00000000: {data.hex()} '{told}')"):
        reply = isms.reply(text)
        assert not (reply.accepted and reply.is_no)
        assert reply.sentence
        assert reply.number is None or reply.accepted
        if not reply.accepted:
            reply.error_of_it()
    radiolog.understand(told.split("\n"), 7, 2)
    facts.takes_expressions(told)
    facts.denied(told)
    facts.grants(told)


def content_query(data: bytes) -> None:
    """Rows of `content query`: believed as they were, or not at all, whatever the texts hold."""
    told = data.decode("utf-8", "replace")
    for columns in (("_id", "body"), ("_id",)):
        with suppress(rows.Garbled):
            rows.parse(told, columns)
        with suppress(rows.Garbled):
            rows.single(told, columns[0])
    for read_one in (rows.text, rows.number):
        with suppress(rows.Garbled):
            read_one(told)
    _goes_round(told.replace("\0", ""))


def _goes_round(text: str) -> None:
    """As SQLite on the phone escapes it and the tool prints it, it comes back."""
    expression = rows.escaped("body")
    printed = DATABASE.execute(f"SELECT {expression} FROM (SELECT ? AS body)", (text,)).fetchone()[0]
    found = rows.parse(f"Row: 0 _id=5, body={printed}\nRow: 1 _id=6, body={printed}\n", ("_id", "body"))
    assert [rows.text(row["body"]) for row in found] == [text, text]
    assert [rows.number(row["_id"]) for row in found] == [5, 6]


DATABASE = sqlite3.connect(":memory:")
TARGETS: Mapping[str, Target] = {
    "pdu": pdu,
    "at-framing": at_framing,
    "parcel": parcel,
    "content-query": content_query,
}

#: what an interesting input looks like
SEEDS: Mapping[str, tuple[bytes, ...]] = {
    "pdu": tuple(
        bytes.fromhex(each)
        for each in (
            "07911326040000F0040B911346610089F60000208062917314080CC8F71D14969741F977FD07",
            "07911326040000F0440B911346610089F60008208062917314080C0500030C0201004100420043",
            "0791133604000000066B0B911346610089F62080629173140820806291731408000F",
        )
    ),
    "at-framing": (
        b"\x02\r\n+CREG: 0,1\r\n\r\nOK\r\n",
        b"\x03\r\n+CMGL: 1,0,,23\r\n07911326040000F0040B911346610089F6\r\nOK\r\nNO CARRIER\r\n",
        b"\x06\r\n> \r\n+CMGS: 12\r\n\r\nOK\r\n",
        b"\x06\r\n+CMT: ,23\r\n+CMT: ,23\r\n+CMT: ,9\r\n07\r\n\r\n> \r\nOK\r\n\r\n>x\r\n",
        b"\x00\r\n+CMT: ,2\xb3\r\n~\r\n07911326040000F0040B911346610089F6\r\nOK\r\n",
        b"\x00\r\n+CMT: ,23\r\n07911326040000F0040B911346610089F60000208062917314080CC8F71D14969741F977FD07\r\n",
        b'\x09\r\n+CUSD: 0,"a\r\nb",15\r\nOK\r\n',
        b'\x00\r\n+CMT: "+15550150",,"20/08/26,19:37:41+32"\r\nhello\r\n',
    ),
    "parcel": (
        b"Result: Parcel(00000000    '....')",
        b"Result: Parcel(\n  0x00000000: fffffffd 00000004 006e0061 0064 '........n.a.d...')",
        b'Result: Parcel(Error: 0xffffffffffffffe0 "Broken pipe")',
        b"service: Service isms does not exist",
        b"  1700000000.123  1000  1234 D SMS : SMS_FAIL_RETRY error: 4 x-message-id: 7",
    ),
    "content-query": (
        b"Row: 0 _id=1, body=|hello\nRow: 1 _id=2, body=NULL\n",
        b"No result found.\n",
        b"Row: 0 _id=1, body=|a\\nb\\c c\\\\\n",
    ),
}
