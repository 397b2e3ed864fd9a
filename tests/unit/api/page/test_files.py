import ast
import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path

from api.page.files import load
from bridge import store

PAGE = load("")
OWN = {name: file.body.decode() for name, file in PAGE.others.items() if not name.startswith("vendor/")}
SCRIPTS = {name: text for name, text in OWN.items() if name.endswith(".js")}
WORDS = {name.split("/")[1].removesuffix(".json"): json.loads(text) for name, text in OWN.items() if "words/" in name}
#: a key, or the two of a choice
_PLAIN = re.compile(r'\bt\((?:[^"`()]*\? )?"([^"]+)"(?: : "([^"]+)")?')
#: addresses that nothing is asked of: a name space, and what stands in a field as an example
_EXAMPLES = re.compile(r"http://www\.w3\.org/2000/svg|https://shop\.example")
_MADE = re.compile(r"\bt\((?:[^\"`()]*\? )?`([^`]+)`")


def used() -> Iterator[re.Pattern[str]]:
    """The keys of words that scripts ask for, those that are put together as a pattern."""
    for text in SCRIPTS.values():
        for keys in _PLAIN.findall(text):
            yield from (re.compile(re.escape(key)) for key in keys if key)
        for made in _MADE.findall(text):
            parts = re.split(r"\$\{(?:[^{}]|\{[^}]*\})*\}", made)
            yield re.compile("[^ ]+".join(re.escape(part) for part in parts))


def forms(words: object) -> list[str]:
    """The words of a key, in each of their forms."""
    return list(words.values()) if isinstance(words, dict) else [str(words)]


def test_the_first_file_names_the_others_by_their_digest() -> None:
    first = PAGE.first.body.decode()
    named = re.findall(r'(?:href|src)="page/([^/"]+)/([^"]+)"', first)
    assert named
    assert {digest for digest, _ in named} == {PAGE.digest}
    assert {name for _, name in named} <= PAGE.others.keys()
    assert load("/sms").first.body.decode().count('content="/sms"') == 1


def test_the_digest_tells_one_release_from_another() -> None:
    assert load("").digest == PAGE.digest
    assert re.fullmatch(r"[0-9a-f]{16}", PAGE.digest)


def test_every_import_leads_to_a_file_that_is_there() -> None:
    for name, text in SCRIPTS.items():
        folder = name.split("/")[:-1]
        for target in re.findall(r'^(?:import|export) .*?from "([^"]+)"|^} from "([^"]+)"', text, re.MULTILINE):
            path = folder.copy()
            for step in next(filter(None, target)).split("/"):
                if step == "..":
                    path.pop()
                elif step != ".":
                    path.append(step)
            assert "/".join(path) in PAGE.others, f"{name} imports {target}"


def test_nothing_comes_from_elsewhere_and_no_text_becomes_markup() -> None:
    for name, text in OWN.items():
        if name.startswith("reasons/"):  # what is said of addresses
            continue
        for word in (
            "http://",
            "https://",
            "innerHTML",
            "dangerouslySetInnerHTML",
            "eval(",
            "new Function",
            " onclick=",
        ):
            assert word not in _EXAMPLES.sub("", text), f"{word} in {name}"


def test_the_page_s_own_code_stays_small() -> None:
    """Less than 60 KB compressed. Words are no code, and a browser loads those of one language; samples when shown."""
    code = "".join(text for name, text in OWN.items() if not name.startswith(("words/", "reasons/", "samples/")))
    assert len(gzip.compress(code.encode())) < 60 * 1024
    for language in WORDS:
        assert len(gzip.compress(OWN[f"words/{language}.json"].encode())) < 12 * 1024


def test_both_languages_have_every_word() -> None:
    assert set(WORDS) == {"en", "zh"}
    assert WORDS["en"].keys() == WORDS["zh"].keys()
    for key, words in WORDS["en"].items():
        places = {name for form in forms(words) for name in re.findall(r"\{(\w+)\}", form)}
        assert places == {name for form in forms(WORDS["zh"][key]) for name in re.findall(r"\{(\w+)\}", form)}, key
        assert all(form.strip() for form in forms(words) + forms(WORDS["zh"][key])), key


def test_every_word_that_is_asked_for_is_there_and_none_is_left_over() -> None:
    asked = list(used())
    missing = {each.pattern for each in asked if not any(each.fullmatch(key) for key in WORDS["en"])}
    assert missing == set()
    unused = [key for key in WORDS["en"] if not any(each.fullmatch(key) for each in asked)]
    assert unused == []


def audited() -> Iterator[str]:
    """What the store writes into the audit trail."""
    for file in Path(store.__file__).parent.glob("*.py"):
        for call in (node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Call)):
            place = {"audit": 2, "_change": 4}.get(getattr(call.func, "id", ""))
            said = ast.literal_eval(call.args[place]) if place and isinstance(call.args[place], ast.Constant) else ""
            yield from [said] if said else []


def test_the_audit_trail_has_words_for_every_change_that_the_store_notes() -> None:
    noted = set(audited())
    assert {"add_account", "change_endpoint"} <= noted
    assert {f"audit.{each}" for each in noted} - WORDS["en"].keys() == set()


def test_what_is_not_ours_comes_with_its_licence() -> None:
    from importlib import resources

    vendor = resources.files("api.page") / "static" / "vendor"
    for name in ("preact", "htm", "uplot"):
        assert "icen" in (vendor / f"LICENSE-{name}.txt").read_text()
