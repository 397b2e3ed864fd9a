"""Charts as SVG, without a library: lines in panels above each other over one axis, and bars."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

WIDTH, PANEL, LEFT, RIGHT, TOP, BOTTOM = 760, 120, 76, 16, 30, 44
_GAP, _ROW = 26, 38
_COLOURS = ("#2563eb", "#d97706", "#059669", "#dc2626", "#7c3aed")
_STYLE = (
    "<style>text{font:12px system-ui,sans-serif;fill:#333}.t{font-weight:600}.g{stroke:#ddd}.n{fill:#777}"
    "@media(prefers-color-scheme:dark){text{fill:#ddd}.g{stroke:#444}.n{fill:#999}}</style>"
)


@dataclass(frozen=True, slots=True)
class Panel:
    """One chart: its heading with the unit, and a line for each name."""

    title: str
    lines: dict[str, Sequence[float]]


@dataclass(frozen=True, slots=True)
class Bar:
    """One value as a share of what it should be, the least and the most of it, and what is written beside."""

    name: str
    share: float
    spread: tuple[float, float]
    is_met: bool
    note: str


def bars(heading: str, values: Sequence[Bar]) -> str:
    """An SVG document: a bar for each, the target of all of them at one place. Longer ones are cut there at twice."""
    height, full = TOP + _ROW * len(values) + 16, WIDTH - LEFT - RIGHT
    found = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">',
        f"<title>{escape(heading)}</title>{_STYLE}",
        f'<text class="t" x="{LEFT}" y="18">{escape(heading)}</text>',
    ]
    for place, bar in enumerate(values):
        top, length = TOP + _ROW * place, [full / 2 * min(max(share, 0), 2) for share in (bar.share, *bar.spread)]
        colour = _COLOURS[2] if bar.is_met else _COLOURS[3]
        found += [
            f'<text x="{LEFT}" y="{top + 12}">{escape(bar.name)}: {escape(bar.note)}</text>',
            f'<rect x="{LEFT}" y="{top + 18}" width="{length[0]:.1f}" height="10" fill="{colour}"/>',
            f'<rect x="{LEFT + length[1]:.1f}" y="{top + 22}" width="{length[2] - length[1]:.1f}" height="2"/>',
        ]
    middle, low = LEFT + full / 2, height - 12
    found.append(f'<line class="g" x1="{middle}" x2="{middle}" y1="{TOP}" y2="{low}"/></svg>')
    return "\n".join(found) + "\n"


def drawn(heading: str, axis: str, xs: Sequence[float], panels: Sequence[Panel]) -> str:
    """An SVG document. `xs` are the places of each line's values, ascending."""
    height = TOP + len(panels) * (PANEL + _GAP) + BOTTOM
    found = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">',
        f"<title>{escape(heading)}</title>{_STYLE}",
        f'<text class="t" x="{LEFT}" y="18">{escape(heading)}</text>',
    ]
    for place, panel in enumerate(panels):
        found += _panel(panel, xs, TOP + place * (PANEL + _GAP) + 18)
    low = height - BOTTOM + 6
    for x in _steps(xs[0], xs[-1]):
        found.append(f'<text x="{_across(x, xs):.1f}" y="{low}" text-anchor="middle">{x:g}</text>')
    found.append(f'<text class="n" x="{WIDTH - RIGHT}" y="{low + 18}" text-anchor="end">{escape(axis)}</text></svg>')
    return "\n".join(found) + "\n"


def _panel(panel: Panel, xs: Sequence[float], top: float) -> Iterator[str]:
    highest = max((value for values in panel.lines.values() for value in values), default=0) or 1
    steps = _steps(0, highest * 1.05)
    limit = max(steps[-1], highest * 1.05)
    yield f'<text class="n" x="{LEFT}" y="{top - 5:.0f}">{escape(panel.title)}</text>'
    for step in steps:
        y = top + PANEL * (1 - step / limit)
        yield f'<line class="g" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        yield f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{step:g}</text>'
    for place, (name, values) in enumerate(panel.lines.items()):
        colour = _COLOURS[place % len(_COLOURS)]
        points = " ".join(
            f"{_across(x, xs):.1f},{top + PANEL * (1 - y / limit):.1f}" for x, y in zip(xs, values, strict=True)
        )
        yield f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.5"/>'
        if len(panel.lines) > 1:
            x = WIDTH - RIGHT - 130 * (len(panel.lines) - place)
            yield f'<text x="{x}" y="{top - 5:.0f}" style="fill:{colour}">{escape(name)}</text>'


def _across(x: float, xs: Sequence[float]) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * (x - xs[0]) / ((xs[-1] - xs[0]) or 1)


def _steps(low: float, high: float) -> list[float]:
    """Three to six round numbers."""
    rough = ((high - low) or 1) / 5
    size = 10.0 ** len(str(int(rough))) / 10 if rough >= 1 else 10.0 ** -len(str(int(1 / rough)))
    size *= next(factor for factor in (1, 2, 2.5, 5, 10, 20, 50, 100) if factor * size >= rough)
    start = -(-low // size) * size
    return [start + number * size for number in range(int((high - start) / size) + 1)]
