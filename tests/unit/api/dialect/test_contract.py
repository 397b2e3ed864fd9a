"""How the frame finds dialects, and which word of theirs an error gets."""

import subprocess
import sys
from pathlib import Path

import pytest
from aiohttp import web

from api.dialect.contract import Route, about_key, discover, word_for
from api.dialects import installed
from bridge.errors import BadRequest, BridgeError, InvalidNumber, KeyExpired, ScopeMissing, StoreUnavailable
from bridge.model.scope import EVERYTHING, READ, SEND

WORDS = {BridgeError: "error", BadRequest: "bad", KeyExpired: "expired"}


@pytest.mark.parametrize(
    ("error", "word"),
    [(InvalidNumber(), "bad"), (BadRequest(), "bad"), (KeyExpired(), "expired"), (StoreUnavailable(), "error")],
    ids=lambda each: type(each).__name__,
)
def test_an_error_without_a_word_of_its_own_is_told_as_its_nearest_parent(error: BridgeError, word: str) -> None:
    assert word_for(WORDS, error) == word


def test_what_is_said_of_a_key_names_what_it_lacks_or_when_it_ended() -> None:
    assert about_key(ScopeMissing("send read")) == "send read"
    assert about_key(KeyExpired(1_000_000_000_000)) == "2001-09-09 01:46 UTC"
    assert about_key(BadRequest()) == ""


async def answer(request: web.Request) -> web.Response:
    return web.Response()


def test_a_route_needs_what_it_says_for_a_method_and_everything_where_it_does_not_say() -> None:
    route = Route("/x", answer, {"GET": READ, "POST": SEND, "OPTIONS": None})
    assert [route.needs_of(method) for method in ("GET", "POST", "OPTIONS", "DELETE")] == [
        READ,
        SEND,
        None,
        EVERYTHING,
    ]
    assert Route("/x", answer, SEND).needs_of("DELETE") == SEND
    assert Route("/x", answer, None).needs_of("GET") is None


def test_only_the_dialects_that_are_wanted_are_imported() -> None:
    assert discover(["native", "carrier_pigeon"]).keys() == {"native"}
    assert discover([]) == {}
    assert list(discover()) == installed()


@pytest.mark.parametrize("name", installed())
def test_a_dialect_is_called_as_its_folder_is(name: str) -> None:
    assert discover([name])[name].name == name


def test_a_dialect_that_is_not_spoken_is_not_imported(tmp_path: Path) -> None:
    """In an interpreter of its own, for what a process has imported stays imported."""
    silent = [name for name in installed() if name != "native"]
    config = tmp_path / "config.toml"
    config.write_text("".join(f"[dialects.{name}]\nenabled = false\n" for name in silent))
    script = (
        "import sys; from pathlib import Path; from bridge.cli import product; from bridge.daemon import http\n"
        f"spoken = http._spoken(product.configuration(Path({str(config)!r})))\n"
        "print(*[name for port in spoken.values() for name in port['dialects']]); print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    spoken, modules = done.stdout.splitlines()
    assert spoken == "native"
    imported = {name.split(".")[2] for name in modules.split() if name.startswith("api.dialects.")}
    declared = {name for name in silent if f"api.dialects.{name}.declarations" in modules.split()}
    assert imported - declared == {"native"}
    assert not {f"api.dialects.{name}.dialect" for name in silent} & set(modules.split())
