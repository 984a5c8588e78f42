"""Line charts as SVG, without a library: the same numbers give the same bytes."""

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

WIDTH, HEIGHT = 720, 260
LEFT, RIGHT, TOP, BOTTOM = 84, 12, 34, 40
COLORS = ("#1a7f37", "#bf8700", "#cf222e", "#0969da")


class Line(NamedTuple):
    """A name, and its points from left to right."""

    name: str
    points: Sequence[tuple[float, float]]


def chart(title: str, x_title: str, y_title: str, lines: Sequence[Line]) -> str:
    """Return an SVG picture of the lines, with both axes from the smallest x and from 0."""
    every = [point for line in lines for point in line.points]
    low, high = min(x for x, _ in every), max(x for x, _ in every)
    top = _round_up(max(y for _, y in every) or 1)

    def place(x: float, y: float) -> tuple[float, float]:
        across = (x - low) / ((high - low) or 1) * (WIDTH - LEFT - RIGHT)
        return LEFT + across, HEIGHT - BOTTOM - y / top * (HEIGHT - TOP - BOTTOM)

    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif"'
            f' font-size="12"><title>{escape(title)}</title><rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>'
        )
    ]
    for share in (0, 0.25, 0.5, 0.75, 1):
        x, y = place(low + share * (high - low), share * top)
        parts.append(
            f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#d0d7de"/>'
            f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{_number(share * top)}</text>'
            f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">'
            f"{_number(low + share * (high - low))}</text>"
        )
    for number, line in enumerate(lines):
        color, points = COLORS[number], " ".join(f"{x:.1f},{y:.1f}" for x, y in (place(*each) for each in line.points))
        parts.append(
            f'<polyline points="{points}" fill="none" stroke="{color}" stroke-width="1.5"/>'
            f'<text x="{LEFT + 130 * number}" y="16" fill="{color}">{escape(line.name)}</text>'
        )
    parts.append(
        f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - 8}" text-anchor="end">{escape(x_title)}</text>'
        f'<text x="{WIDTH - RIGHT}" y="16" text-anchor="end">{escape(y_title)}</text></svg>'
    )
    return "\n".join(parts) + "\n"


def _round_up(value: float) -> float:
    """Return the next number of one digit and zeros, or half of that."""
    size: float = 1
    while size * 10 < value:
        size *= 10
    return next(step * size for step in (1, 1.5, 2, 3, 4, 5, 6, 8, 10) if step * size >= value)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value == round(value) or value >= 100 else f"{value:,.1f}"  # noqa: PLR2004 - digits
