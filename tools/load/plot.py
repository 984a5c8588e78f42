"""Curves as SVG, without a library: both axes logarithmic. Pure."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from xml.sax.saxutils import escape

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 720, 360, 64, 130, 16, 44
COLORS = ("#0b6e4f", "#c1440e", "#3d5a98", "#7a4b94", "#8a6d00")
PERCENTILES = (50, 90, 99, 99.9, 99.99)

Curve = Sequence[tuple[float, float]]
"""Percentiles, from 0 to below 100, each with its seconds."""
Scale = Callable[[float], float]


def by_percentile(curves: Mapping[str, Curve]) -> str:
    """Return the picture of latencies: as far again to the right is each next nine of the percentile."""
    values = [seconds * 1000 for curve in curves.values() for _, seconds in curve]
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    high = max(high, low + 1)

    def x(percentile: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * -math.log10(1 - percentile / 100) / 4

    def y(milliseconds: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (math.log10(milliseconds) - low) / (high - low)

    lines = [*_axes(x, y, low, high)]
    for (name, curve), color in zip(curves.items(), COLORS, strict=False):
        points = " ".join(f"{x(percentile):.1f},{y(seconds * 1000):.1f}" for percentile, seconds in curve)
        lines.append(f'<polyline points="{points}" fill="none" stroke="{color}" stroke-width="2"/>')
        percentile, seconds = curve[-1]
        lines.append(_text(x(percentile) + 6, y(seconds * 1000) + 4, name, color=color))
    view = f'viewBox="0 0 {WIDTH} {HEIGHT}"'
    style = 'font-family="sans-serif" font-size="12"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {view} {style} role="img">'
    return "\n".join([head, f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>', *lines, "</svg>"]) + "\n"


def _axes(x: Scale, y: Scale, low: int, high: int) -> Iterator[str]:
    for percentile in PERCENTILES:
        at = x(percentile)
        yield f'<line x1="{at:.1f}" y1="{TOP}" x2="{at:.1f}" y2="{HEIGHT - BOTTOM}" stroke="#ddd"/>'
        yield _text(at, HEIGHT - BOTTOM + 18, f"{percentile:g} %", anchor="middle")
    for exponent in range(low, high + 1):
        at = y(10**exponent)
        yield f'<line x1="{LEFT}" y1="{at:.1f}" x2="{WIDTH - RIGHT}" y2="{at:.1f}" stroke="#ddd"/>'
        yield _text(LEFT - 6, at + 4, f"{10**exponent:g} ms", anchor="end")
    yield _text(
        (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, "this share of the webhooks was answered within", anchor="middle"
    )


def _text(x: float, y: float, text: str, *, anchor: str = "start", color: str = "#333") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{color}">{escape(text)}</text>'
