"""Requests as clients of the smsmobile API were seen to send them, byte for byte."""

import asyncio

import pytest

from tests.support.http_site import HttpSite
from tests.support.smsmobile_calls import KEY, TO

FORM = b"Content-Type: application/x-www-form-urlencoded"


def request(line: str, *headers: bytes, body: bytes = b"") -> bytes:
    """A request whose length the sender fills in."""
    head = [f"{line} HTTP/1.1".encode(), b"Host: sms.example", b"Accept: */*", *headers]
    if body:
        head.append(b"Content-Length: {length}")
    return b"\r\n".join(head) + b"\r\n\r\n" + body


RECORDED = {
    "the Python package": (
        request(f"GET /sendsms?apikey={KEY}&recipients=%2B15550123&message=Hello+W%C3%B6rld&from=python"),
        "Hello Wörld",
    ),
    "the Python package, version 2": (
        request(f"GET /sendsms?apikey={KEY}&recipients=%2B15550123&message=hi&from=python&sendwa=0&sendsms=1"),
        "hi",
    ),
    "the shell client, values as they are": (
        request(
            "POST /sendsms/",
            FORM,
            body=b"recipients=+15550123&message=Ol\xc3\xa1 100% ok a+b&apikey="
            + KEY.encode()
            + b"&sendsms=1&sendwa=0&from=ssh",
        ),
        "Olá 100% ok a b",
    ),
    "the PHP package": (
        request(
            "POST /sendsms/",
            FORM,
            body=f"apikey={KEY}&recipients=%2B15550123&message=a+%26+b&sendwa=0&sendsms=1&from=composer".encode(),
        ),
        "a & b",
    ),
    "the Odoo module: a POST with all in the query and no body": (
        request(
            f"POST /sendsms/?recipients=%2B15550123&message=hi%20there&apikey={KEY}&from=odoo", b"Content-Length: 0"
        ),
        "hi there",
    ),
    "the vendor's examples": (
        request(
            "POST /sendsms/",
            FORM,
            b"Accept: application/json",
            body=f"apikey={KEY}&recipients=%2B15550123&message=hi".encode(),
        ),
        "hi",
    ),
    "axios with an object": (
        request(
            "POST /sendsms/",
            b"Content-Type: application/json",
            body=f'{{"recipients":"{TO}","message":"h\\u00e9 \\ud83d\\ude42","apikey":"{KEY}"}}'.encode(),
        ),
        "hé 🙂",
    ),
    "fetch with URLSearchParams": (
        request(
            "POST /sendsms/",
            b"Content-Type: application/x-www-form-urlencoded;charset=UTF-8",
            body=f"recipients=%2B15550123&message=line%0Abreak&apikey={KEY}".encode(),
        ),
        "line\nbreak",
    ),
    "the documentation's GET, a bare plus in it": (
        request(f"GET /sendsms?apikey={KEY}&recipients=+15550123&message=Hello%20World"),
        "Hello World",
    ),
    "a POST of workflow tools: JSON label, query only": (
        request(
            f"POST /sendsms?apikey={KEY}&recipients=%2B15550123&message=hi",
            b"content-type: application/json",
            b"Content-Length: 0",
        ),
        "hi",
    ),
}  # fmt: skip


@pytest.mark.parametrize("client", RECORDED)
async def test_understands(site: HttpSite, client: str) -> None:
    wire, text = RECORDED[client]
    answer = await site.raw(wire)
    assert answer.status == 200, answer.body
    assert answer.json["result"]["error"] == 0
    message = await site.the_message()
    assert (message.recipient, message.text) == (TO, text)


async def curl(*arguments: str) -> str:
    process = await asyncio.create_subprocess_exec("curl", "-sS", *arguments, stdout=asyncio.subprocess.PIPE)
    out, _ = await process.communicate()
    assert process.returncode == 0
    return out.decode()


@pytest.mark.needs("curl")
async def test_understands_the_documentations_curl_line(site: HttpSite) -> None:
    """All of it at once: by SMS and by WhatsApp. The SMS goes out, and the answer says what did not."""
    fields = (f"recipients={TO}", "message=YOUR_MESSAGE", f"apikey={KEY}", "sendwa=1", "sendsms=1")
    options = [option for field in fields for option in ("-d", field)]
    answer = await curl("-X", "POST", f"{site.url}/sendsms/", *options)
    assert '"sent": "1"' in answer
    assert '"send_with_whatsapp": "0"' in answer
    assert "WhatsApp, which is not connected" in answer
    message = await site.the_message()
    assert (message.recipient, message.text) == (TO, "YOUR_MESSAGE")


@pytest.mark.needs("curl")
async def test_understands_curl_with_multipart(site: HttpSite) -> None:
    answer = await curl(
        f"{site.url}/sendsms", "-F", f"recipients={TO}", "-F", "message=100% & more", "-F", f"apikey={KEY}"
    )
    assert '"sent": "1"' in answer
    assert (await site.the_message()).text == "100% & more"


async def test_takes_a_long_text_in_a_get(site: HttpSite) -> None:
    text = "%D0%AF" * 4000
    answer = await site.raw(request(f"GET /sendsms?apikey={KEY}&recipients=%2B15550123&message={text}"))
    assert answer.status == 200
    assert (await site.the_message()).text == "Я" * 4000


async def test_a_caller_who_hangs_up_in_the_middle_queues_nothing(
    site: HttpSite, caplog: pytest.LogCaptureFixture
) -> None:
    body = f"recipients=%2B15550123&message=hi&apikey={KEY}".encode()
    _, writer = await asyncio.open_connection("127.0.0.1", site.port)
    writer.write(request("POST /sendsms", FORM, body=b"x").replace(b"{length}", b"500")[:-1] + body)
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    assert (await site.ask("GET", "/livez")).status == 200
    assert not await site.messages()
    assert not caplog.records
