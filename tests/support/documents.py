"""The blocks of README.md and docs/*.md, which tests type, run or read."""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
_BLOCK = re.compile(r"^```([^\n`]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """One fenced block: "```sh demo" is of the language `sh` and of the kind `demo`."""

    page: str
    line: int
    language: str
    kind: str
    text: str

    @property
    def place(self) -> str:
        """Where it stands, as an editor opens it."""
        return f"{self.page}:{self.line}"


def blocks() -> list[Block]:
    """All of them, in the order in which they stand."""
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    return [block for page in pages for block in _in(page)]


def _in(page: Path) -> list[Block]:
    text = page.read_text()
    return [
        Block(str(page.relative_to(ROOT)), text.count("\n", 0, found.start()) + 1, *_label(found[1]), found[2])
        for found in _BLOCK.finditer(text)
    ]


def _label(info: str) -> tuple[str, str]:
    language, _, kind = info.partition(" ")
    return language, kind
