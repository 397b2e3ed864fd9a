"""Advice that the program gives: what needs root is said with sudo, and nobody's files are given to another user."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
#: programs and forms of them that Debian lets root alone use
_OF_ROOT = (
    r"apt (?:install|purge|remove)", "dmesg", r"fuser -v", "journalctl", r"mount -o", r"systemctl (?:\S+ )*sms-bridge",
    r"systemctl (?:start|stop|restart|enable|disable|unmask|edit)", r"udevadm (?:control|trigger)", "usermod", "chown",
    r"timedatectl set",
)  # fmt: skip
_WITHOUT_SUDO = re.compile(rf"(?<!sudo )\b(?:{'|'.join(_OF_ROOT)})\b")
MODULES = sorted(
    path.relative_to(ROOT) for package in ("api", "bridge", "device_drivers") for path in (ROOT / package).rglob("*.py")
)
#: what `sms-bridge setup` does itself, as root, and says that it did
OF_ROOT_ITSELF = {"bridge/host/install.py"}


def sentences(module: Path) -> Iterator[tuple[int, str]]:
    """The texts of a module, without docstrings; f-strings whole."""
    tree = ast.parse((ROOT / module).read_text())
    told = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    inside = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in ast.walk(node)} - {
        id(node) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)
    }
    for node in ast.walk(tree):
        if id(node) in told or id(node) in inside:
            continue
        if isinstance(node, ast.JoinedStr):
            yield (
                node.lineno,
                "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values),
            )
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value


@pytest.mark.parametrize("module", [each for each in MODULES if str(each) not in OF_ROOT_ITSELF], ids=str)
def test_what_needs_root_is_said_with_sudo(module: Path) -> None:
    # a program's name alone is a word of a command that we run, or of a sentence about it
    advice = [(line, text) for line, text in sentences(module) if " " in text]
    assert [f"{module}:{line}: {text}" for line, text in advice if _WITHOUT_SUDO.search(text)] == []
