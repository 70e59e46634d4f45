"""Draws throughput and p99 against the number of connections, as an SVG file."""

import math
from collections.abc import Callable, Mapping, Sequence
from html import escape

from benchmarks.report import Point

_WIDTH, _HEIGHT, _LEFT, _TOP, _GAP = 420, 300, 70, 50, 110
"""In pixels: one panel, and the space around it."""

_SVG = "http://www.w3.org/2000/svg"

COLOURS = ("#0072b2", "#009e73", "#d55e00", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
"""Of Okabe and Ito's palette, which people with colour blindness can distinguish."""


def drawing(curves: Mapping[str, Sequence[Point]]) -> str:
    """Return the picture: two panels, both with logarithmic axes."""
    width = _LEFT + 2 * _WIDTH + _GAP + 20
    parts = [
        _panel(
            curves, left=_LEFT, title="Answers per second", value=lambda point: point.per_second
        ),
        _panel(
            curves,
            left=_LEFT + _WIDTH + _GAP,
            title="p99 in milliseconds",
            value=lambda point: point.p99_seconds * 1000,
        ),
    ]
    for number, name in enumerate(curves):
        colour, x = COLOURS[number % len(COLOURS)], _LEFT + 150 * number
        parts.append(f'<rect x="{x}" y="12" width="12" height="12" fill="{colour}"/>')
        parts.append(f'<text x="{x + 18}" y="22">{escape(name)}</text>')
    return picture(parts, width=width, height=_TOP + _HEIGHT + 60)


def picture(parts: Sequence[str], *, width: int, height: int) -> str:
    """Return the file: these elements on white."""
    start = [
        f'<svg xmlns="{_SVG}" viewBox="0 0 {width} {height}">',
        "<style>text { font: 12px sans-serif }</style>",
        '<rect width="100%" height="100%" fill="white"/>',
    ]
    return "\n".join([*start, *parts, "</svg>", ""])


def _panel(
    curves: Mapping[str, Sequence[Point]],
    *,
    left: float,
    title: str,
    value: Callable[[Point], float],
) -> str:
    shown = {
        name: [point for point in points if value(point) > 0] for name, points in curves.items()
    }
    all_points = [point for points in shown.values() for point in points]
    if not all_points:
        return ""
    connections = sorted({point.connections for point in all_points})
    powers = powers_around(min(map(value, all_points)), max(map(value, all_points)))
    most = max(connections[-1], connections[0] * 2)
    across = log_scale(connections[0], most, left, left + _WIDTH)
    up = log_scale(powers[0], powers[-1], _TOP + _HEIGHT, _TOP)
    below = _TOP + _HEIGHT + 18
    parts = [f'<text x="{left}" y="{_TOP - 10}" font-weight="bold">{title}</text>']
    for power in powers:
        y = up(power)
        parts.append(f'<path d="M{left} {y:.1f}h{_WIDTH}" stroke="#ddd"/>')
        parts.append(f'<text x="{left - 6}" y="{y + 4:.1f}" text-anchor="end">{power:,.5g}</text>')
    parts += [
        f'<text x="{across(count):.1f}" y="{below}" text-anchor="middle">{count}</text>'
        for count in connections
    ]
    parts.append(
        f'<text x="{left + _WIDTH / 2}" y="{_TOP + _HEIGHT + 40}" '
        'text-anchor="middle">connections</text>'
    )
    for number, points in enumerate(shown.values()):
        colour = COLOURS[number % len(COLOURS)]
        places = [(across(point.connections), up(value(point))) for point in points]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in places]
    return "\n".join(parts)


def powers_around(least: float, most: float) -> Sequence[float]:
    """Return the powers of ten around all values, at least two."""
    first, last = math.floor(math.log10(least)), math.ceil(math.log10(most))
    return [10.0**power for power in range(first, max(last, first + 1) + 1)]


def log_scale(least: float, most: float, start: float, end: float) -> Callable[[float], float]:
    """Return where a value lies between two places, on a logarithmic axis."""

    def place(value: float) -> float:
        return start + (end - start) * math.log(value / least) / math.log(most / least)

    return place
