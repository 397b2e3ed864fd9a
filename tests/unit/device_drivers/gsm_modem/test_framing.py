"""Answers and news, told apart whatever way the bytes were cut. Dialogues as they are on the wire."""

from dataclasses import dataclass, field

import pytest

from device_drivers.gsm_modem.answers import Answer, Dialogue, News
from device_drivers.gsm_modem.framing import Framer, Kind, asked, classify, is_final

PDU = "07915155100000F0040B915155100199F9000062112032910000" + "02C834"


@dataclass(frozen=True)
class Talk:
    """What is asked, what comes over the wire, and what it must be understood as."""

    name: str
    command: str
    wire: str
    answer: Answer | None
    news: tuple[News, ...] = ()
    how: dict[str, object] = field(default_factory=dict)


TALKS = (
    Talk("plain", "AT+CGSN", "\r\n490154203237518\r\n\r\nOK\r\n", Answer(("490154203237518",), "OK")),
    Talk("echo", "AT+CSQ", "AT+CSQ\r\r\n+CSQ: 20,99\r\n\r\nOK\r\n", Answer(("+CSQ: 20,99",), "OK")),
    Talk("LF alone", "AT+CSQ", "+CSQ: 20,99\nOK\n", Answer(("+CSQ: 20,99",), "OK")),
    Talk("CR alone", "AT+CSQ", "+CSQ: 20,99\rOK\r", Answer(("+CSQ: 20,99",), "OK")),
    Talk(
        "news before the answer",
        "AT+CGSN",
        '\r\n^RSSI:17\r\n\r\n+CMTI: "SM",3\r\n490154203237518\r\n\r\nOK\r\n',
        Answer(("490154203237518",), "OK"),
        (("^RSSI:17",), ('+CMTI: "SM",3',)),
    ),
    Talk(
        "a direct SMS inside an answer",
        "AT+CPMS?",
        f'\r\n+CPMS: "SM",1,50\r\n\r\n+CMT: ,21\r\n{PDU}\r\n\r\nOK\r\n',
        Answer(('+CPMS: "SM",1,50',), "OK"),
        (("+CMT: ,21", PDU),),
    ),
    Talk(
        "noise between a header and its PDU",
        "AT",
        f"\r\n+CDS: 21\r\n^RSSI:9\r\n{PDU}\r\n\r\nOK\r\n",
        Answer((), "OK"),
        (("^RSSI:9",), ("+CDS: 21", PDU)),
    ),
    Talk(
        "a cell broadcast",
        "AT",
        f"\r\n+CBM: 21\r\n{PDU}\r\nOK\r\n",
        Answer((), "OK"),
        (("+CBM: 21", PDU),),
    ),
    Talk("asked for", "AT+CREG?", "\r\n+CREG: 0,1\r\n\r\nOK\r\n", Answer(("+CREG: 0,1",), "OK")),
    Talk(
        "not asked for", "AT+CSQ", "+CREG: 5\r\n+CSQ: 1,99\r\nOK\r\n", Answer(("+CSQ: 1,99",), "OK"), (("+CREG: 5",),)
    ),
    *(
        Talk(
            f"news of the registration while it is asked for, {news}",
            "AT+CREG?",
            f'\r\n{news}\r\n\r\n+CREG: 2,1,"00D5","F1A2"\r\n\r\nOK\r\n',
            Answer(('+CREG: 2,1,"00D5","F1A2"',), "OK"),
            ((news,),),
        )
        for news in ("+CREG: 5", '+CREG: 5,"00D5","F1A2"', '+CREG: 5,"00D5","0000F1A2",7')
    ),
    Talk("words for a code", "AT+CMGR=1", "\r\n+CMS ERROR: SIM busy\r\n", Answer((), "+CMS ERROR: SIM busy")),
    Talk("Huawei's no", "AT^X", "\r\nCOMMAND NOT SUPPORT\r\n", Answer((), "COMMAND NOT SUPPORT")),
    Talk("too many", "AT+CNMI=2,1,0,2,0", "\r\nTOO MANY PARAMETERS\r\n", Answer((), "TOO MANY PARAMETERS")),
    Talk("nobody there", "ATD+15550150;", "\r\nNO CARRIER\r\n", Answer((), "NO CARRIER")),
    *(
        Talk(
            f"{word} while something else is asked",
            "AT+CMGL=4",
            f"\r\n+CMGL: 1,0,,23\r\n00AB\r\n{word}\r\n+CMGL: 2,0,,23\r\n00CD\r\n\r\nOK\r\n",
            Answer(("+CMGL: 1,0,,23", "00AB", "+CMGL: 2,0,,23", "00CD"), "OK"),
            ((word,),),
        )
        for word in ("NO CARRIER", "NO ANSWER", "NO DIALTONE", "BUSY")
    ),
    Talk("an OK to nothing", "AT+CREG?", "\r\nOK\r\n\r\n+CREG: 0,1\r\n\r\nOK\r\n", Answer(("+CREG: 0,1",), "OK")),
    Talk("an OK to nothing and no answer", "AT+CREG?", "\r\nOK\r\n", None),
    Talk("an OK to nothing before a name", "AT+CGSN", "OK\r\n4901\r\nOK\r\n", Answer(("4901",), "OK")),
    Talk("an OK within a line of several", "AT+CMGL=4;+CMGF?", "OK\r\n+CMGF: 0\r\nOK\r\n", Answer(("+CMGF: 0",), "OK")),
    Talk(
        "an OK before the reference",
        PDU,
        "OK\r\n+CMGS: 1\r\nOK\r\n",
        Answer(("+CMGS: 1",), "OK"),
        how={"result": "+CMGS"},
    ),
    Talk("a terse modem", "AT+CSCA?", "\r\nOK\r\n", Answer((), "OK"), how={"terse": True}),
    Talk("OK as a beginning", "AT+CMGR=1", "OK, see you\r\nOK\r\n", Answer(("OK, see you",), "OK")),
    Talk(
        "several in one line",
        "AT+CSQ;+CREG?",
        "+CSQ: 9,99\r\n+CREG: 0,1\r\nOK\r\n",
        Answer(("+CSQ: 9,99", "+CREG: 0,1"), "OK"),
    ),
    Talk("bytes that are no text", "AT+CGSN", "\xff\xfe^X\r\n4901\r\nOK\r\n", Answer(("\xff\xfe^X", "4901"), "OK")),
    Talk("prompt with a space", "AT+CMGS=20", "\r\n> ", Answer((), ">"), how={"prompt": True}),
    Talk("prompt without one", "AT+CMGS=20", "\r\n>", Answer((), ">"), how={"prompt": True}),
    Talk("prompt at once", "AT+CMGS=20", "> ", Answer((), ">"), how={"prompt": True}),
    Talk(
        "prompt with news behind it",
        "AT+CMGS=20",
        '\r\n> \r\n+CMTI: "SM",1\r\n',
        Answer((), ">"),
        (('+CMTI: "SM",1',),),
        {"prompt": True},
    ),
    Talk(
        "prompt with news on its line",
        "AT+CMGS=20",
        '\r\n>+CMTI: "SM",1\r\n',
        Answer((), ">"),
        (('+CMTI: "SM",1',),),
        {"prompt": True},
    ),
    Talk(
        "prompt refused", "AT+CMGS=20", "\r\n+CMS ERROR: 331\r\n", Answer((), "+CMS ERROR: 331"), how={"prompt": True}
    ),
    Talk(
        "reference", PDU, f"{PDU}\x1a\r\n+CMGS: 12\r\n\r\nOK\r\n", Answer(("+CMGS: 12",), "OK"), how={"result": "+CMGS"}
    ),
    Talk(
        "reference and time",
        PDU,
        '\r\n+CMGS: 12,"26/11/20,10:00:00+04"\r\n\r\nOK\r\n',
        Answer(('+CMGS: 12,"26/11/20,10:00:00+04"',), "OK"),
        how={"result": "+CMGS"},
    ),
    Talk("a late prompt", "AT+CSQ", "\r\n> +CSQ: 20,99\r\n\r\nOK\r\n", Answer(("+CSQ: 20,99",), "OK")),
    Talk(
        "a late reference",
        "AT+CGSN",
        "+CMGS: 1\r\n\r\nOK\r\n49015420323751\r\nOK\r\n",
        Answer(("49015420323751",), "OK"),
        (("+CMGS: 1",),),
    ),
    Talk(
        "a late reference before the prompt",
        "AT+CMGS=20",
        "+CMGS: 1\r\n\r\nOK\r\n\r\n> ",
        Answer((), ">"),
        (("+CMGS: 1",),),
        {"prompt": True},
    ),
    Talk(
        "late ends while coming into step",
        "AT+CMGF?",
        "OK\r\nERROR\r\n+CMGF: 0\r\nOK\r\n",
        Answer(("+CMGF: 0",), "OK"),
        how={"named_only": True},
    ),
    Talk("a restart", "AT+CMGL=4", "\r\nRDY\r\n", Answer((), "RDY"), (("RDY",),)),
    Talk(
        "USSD over lines",
        "AT",
        '+CUSD: 0,"Credit\r\n5.00 EUR",15\r\nOK\r\n',
        Answer((), "OK"),
        (('+CUSD: 0,"Credit', '5.00 EUR",15'),),
    ),
    Talk(
        "a report in text mode",
        "AT",
        '+CDS: 6,12,"+15550150",145,"26/11/20,10:00:00+04","26/11/20,10:00:01+04",0\r\nOK\r\n',
        Answer((), "OK"),
        (('+CDS: 6,12,"+15550150",145,"26/11/20,10:00:00+04","26/11/20,10:00:01+04",0',),),
    ),
    Talk(
        "an SMS in text mode inside an answer",
        "AT+CSQ",
        '+CMT: "+15550150",,"26/11/20,10:00:00+04"\r\nhello\r\n+CSQ: 20,99\r\nOK\r\n',
        Answer(("+CSQ: 20,99",), "OK"),
        (('+CMT: "+15550150",,"26/11/20,10:00:00+04"', "hello"),),
    ),
    Talk("nothing yet", "AT+COPS?", "\r\n^MODE:5,4\r\n", None, (("^MODE:5,4",),)),
)


def understood(talk: Talk, size: int) -> tuple[Answer | None, tuple[News, ...]]:
    dialogue = Dialogue()
    dialogue.begin(talk.command, **talk.how)  # type: ignore[arg-type]
    data = talk.wire.encode("latin-1")
    news: list[News] = []
    answer = None
    for start in range(0, len(data), size):
        news += dialogue.feed(data[start : start + size])
        answer = answer or dialogue.answer
    return answer, tuple(news)


@pytest.mark.parametrize("talk", TALKS, ids=lambda talk: talk.name)
def test_understands_the_wire_at_every_split_size(talk: Talk) -> None:
    for size in range(1, len(talk.wire) + 1):
        assert understood(talk, size) == (talk.answer, talk.news), f"in pieces of {size}"


def test_tells_what_had_come_when_it_is_given_up() -> None:
    dialogue = Dialogue()
    dialogue.begin("AT+CPIN?")
    dialogue.feed(b"\r\n+CPIN: READY\r\n")
    assert dialogue.abandon() == ("+CPIN: READY",)
    dialogue.feed(b"\r\nOK\r\n")
    assert dialogue.answer is None


def test_takes_a_refusal_for_a_late_result_only_where_it_can_be_nothing_else() -> None:
    dialogue = Dialogue()
    dialogue.begin("00AB", result="+CMGS")
    assert dialogue.feed(b"\r\n+CMS ERROR: 38\r\n") == []
    assert dialogue.answer == Answer((), "+CMS ERROR: 38")
    dialogue.expects_late_result = True
    assert dialogue.feed(b"\r\n+CMS ERROR: 331\r\n") == [("+CMS ERROR: 331",)]
    for command, prompt in (("AT+CMGR=3", False), ("AT+CMGS=17", True)):
        dialogue.begin(command, prompt=prompt)
        assert dialogue.feed(b"\r\n+CMS ERROR: 38\r\n") == [("+CMS ERROR: 38",)]
        assert dialogue.feed(b"\r\n+CMS ERROR: 321\r\n") == []
        assert dialogue.answer == Answer((), "+CMS ERROR: 321")
    assert dialogue.feed(b"\r\n+CMS ERROR: 321\r\n") == []
    assert dialogue.feed(b"\r\n+CMS ERROR: 38\r\n") == [("+CMS ERROR: 38",)]


def test_tells_of_a_header_whose_pdu_never_follows() -> None:
    dialogue = Dialogue()
    dialogue.begin("AT+CSQ")
    news = dialogue.feed(b"+CMT: ,23\r\n" + b"^RSSI:1\r\n" * 9)
    assert news == [("^RSSI:1",)] * 7 + [("+CMT: ,23",)] + [("^RSSI:1",)] * 2
    dialogue.feed(b"+CSQ: 20,99\r\nOK\r\n")
    assert dialogue.answer == Answer(("+CSQ: 20,99",), "OK")


def test_knows_a_prompt_that_nobody_waits_for() -> None:
    dialogue = Dialogue()
    dialogue.feed(b"\r\n> ")
    assert dialogue.at_prompt
    dialogue.forget_prompt()
    assert not dialogue.at_prompt
    dialogue.begin("AT+CSQ")
    dialogue.feed(b"\r\n+CSQ: 20,99\r\n\r\nOK\r\n")
    assert dialogue.answer == Answer(("+CSQ: 20,99",), "OK")


def test_takes_a_text_of_several_lines_that_comes_in_one_go() -> None:
    header = '+CMT: "+15550150",,"26/11/20,10:00:00+04"'
    dialogue = Dialogue()
    assert dialogue.feed(f"\r\n{header}\r\none\nOK\nthree\r\n\r\n{header}\r\nfour\r\n".encode()) == [
        (header, "one", "OK", "three"),
        (header, "four"),
    ]


def test_counts_what_comes_back_as_it_was_typed() -> None:
    dialogue = Dialogue()
    dialogue.begin("AT+CSQ")
    dialogue.feed(b"AT+CSQ\r\r\n+CSQ: 20,99\r\n\r\nOK\r\n")
    assert dialogue.echoes == 1


def test_a_header_whose_pdu_does_not_come_is_told_when_the_next_one_comes() -> None:
    assert Dialogue().feed(b"\r\n+CMT: ,23\r\n\r\n+CMT: ,24\r\n00112233445566778899\r\n") == [
        ("+CMT: ,23",),
        ("+CMT: ,24", "00112233445566778899"),
    ]


def test_a_prompt_behind_an_answer_is_none_in_whatever_pieces_it_comes() -> None:
    whole, pieces = Dialogue(), Dialogue()
    for dialogue in (whole, pieces):
        dialogue.begin("AT+CMGS=23", prompt=True)
    data = b"\r\n> \r\nERROR\r\n\r\n>x\r\n"
    told = [whole.feed(data), [item for octet in data for item in pieces.feed(bytes([octet]))]]
    assert told[0] == told[1]
    assert (whole.answer, whole.at_prompt) == (pieces.answer, pieces.at_prompt)


def test_drops_a_line_that_never_ends() -> None:
    framer = Framer()
    assert list(framer.feed(b"U" * 20_000)) == []
    assert list(framer.feed(b"\r\nOK\r\n")) == ["OK"]


@pytest.mark.parametrize(
    ("line", "final"),
    [
        ("OK", True),
        ("OKAY", False),
        ("ERROR", True),
        ("ERROR 5", False),
        ("+CMS ERROR: 500", True),
        ("+CMS ERROR:500", True),
        ("+CME ERROR: SIM not inserted", True),
        ("+CMTI: ERROR", False),
    ],
)
def test_only_a_whole_line_ends_an_answer(line: str, final: bool) -> None:
    assert is_final(line) is final


@pytest.mark.parametrize(
    "line", ["RING", "RDY", "Call Ready", "SMS Ready", '+CIEV: "SMSFULL"', '^SMMEMFULL: "SM"', "+SMS FULL"]
)
def test_knows_news_whatever_was_asked(line: str) -> None:
    assert classify(line, asked("ATI")) is Kind.URC
    assert classify(line, asked("AT+CGMM")) is Kind.URC
    assert classify(line, None) is Kind.URC
