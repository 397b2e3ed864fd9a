"""What `make docs` adds to mkdocs: pages that stand outside docs/, links among all of them, and nothing from elsewhere.

A hook of mkdocs, named in mkdocs.yml. A link to a page becomes one within the site; a link to another file of the
repository, such as a test, becomes its text, because the site has no copy of it. The build ends with an error when a
page would load something from another host.
"""

import posixpath
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
#: file of the repository → page of the site, for what does not stand in docs/
ELSEWHERE = {
    "README.md": "index.md",
    "SECURITY.md": "security.md",
    "CHANGELOG.md": "changes.md",
    "benchmarks/README.md": "benchmarks.md",
    "tests/campaign/README.md": "campaign_rules.md",
}
_LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^()\s]+)\)")
#: a name of a block of shell lines, which scripts find it by
_NAMED_BLOCK = re.compile(r"^```(\w+) [^\n]*$", re.MULTILINE)
#: what a browser fetches by itself, unlike what somebody clicks on
_LOADING = {"src", "srcset", "poster", "data"}
_FROM_ELSEWHERE = re.compile(r"(?:https?:)?//[^\s'\")]+")
_CSS_LOAD = re.compile(r"(?:@import\s+|url\()\s*['\"]?((?:https?:)?//[^'\")\s]+)")


# -- pages and links ------------------------------------------------------------------------------
def on_files(files: Any, config: Any) -> Any:
    """Add the pages that stand outside docs/."""
    from mkdocs.structure.files import File

    for source, page in ELSEWHERE.items():
        files.append(File.generated(config, page, content=(ROOT / source).read_text()))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Let links lead to pages of the site."""
    return of_the_site(markdown, source_of(page.file.src_uri))


def source_of(page: str) -> str:
    """The file of the repository that a page is made of."""
    return {name: source for source, name in ELSEWHERE.items()}.get(page, f"docs/{page}")


def of_the_site(markdown: str, source: str) -> str:
    """The markdown of one file, with links within the site. Raises LookupError for a link that leads nowhere."""
    parts = re.split(r"(^```.*?^```$)", _NAMED_BLOCK.sub(r"```\1", markdown), flags=re.MULTILINE | re.DOTALL)
    return "".join(part if part.startswith("```") else _relinked(part, source) for part in parts)


def _relinked(text: str, source: str) -> str:
    def instead(link: re.Match[str]) -> str:
        mark, words, target = link.groups()
        if re.match(r"[a-z]+:|#", target):
            return link[0]
        path, _, anchor = target.partition("#")
        file = posixpath.normpath(posixpath.join(posixpath.dirname(source), path))
        if not (ROOT / file).exists():
            raise LookupError(f"{source} leads to {file}, which is not there")
        place = ELSEWHERE.get(file) or (file.removeprefix("docs/") if file.startswith("docs/") else "")
        if not place:
            return words if words.startswith("`") else f"`{words}`"
        return f"{mark}[{words}]({place}{'#' if anchor else ''}{anchor})"

    return _LINK.sub(instead, text)


# -- nothing from elsewhere -----------------------------------------------------------------------
class Loads(HTMLParser):
    """The addresses that a page loads by itself from another host."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Look at what this element loads."""
        for name, value in attrs:
            if name in _LOADING or (tag == "link" and name == "href" and not self._only_named(attrs)):
                self.found += _FROM_ELSEWHERE.findall(value or "")
            elif name == "style":
                self.found += _CSS_LOAD.findall(value or "")

    @staticmethod
    def _only_named(attrs: list[tuple[str, str | None]]) -> bool:
        return dict(attrs).get("rel") in ("canonical", "next", "prev", "alternate")


def loads_from_elsewhere(site: Path) -> Iterator[str]:
    """Each address on another host that a page or a stylesheet of the site loads."""
    for page in sorted(site.rglob("*.html")):
        yield from (f"{page.relative_to(site)}: {address}" for address in Loads(page.read_text()).found)
    for sheet in sorted(site.rglob("*.css")):
        yield from (f"{sheet.relative_to(site)}: {address}" for address in _CSS_LOAD.findall(sheet.read_text()))


def on_post_build(config: Any) -> None:
    """Fail when something would be fetched from elsewhere while somebody reads."""
    from mkdocs.exceptions import PluginError

    found = list(loads_from_elsewhere(Path(config.site_dir)))
    if found:
        raise PluginError("the site loads from elsewhere:\n  " + "\n  ".join(found))
