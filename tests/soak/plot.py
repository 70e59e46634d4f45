"""Draws memory, latency and backlog over the time of a run, as an SVG file."""

import math
from collections.abc import Callable, Mapping, Sequence
from html import escape

from benchmarks.plot import COLOURS, log_scale, picture, powers_around
from tests.soak.front import Call
from tests.soak.report import Run, by_route, latencies

_WIDTH, _HEIGHT, _LEFT, _TOP, _GAP, _KEYS = 720, 170, 70, 40, 70, 300
"""In pixels: one panel, the space around it, and the names of its lines."""

_SLOTS = 60
"""Parts of the run, for each of which the latency is shown."""
_ROUTES = len(COLOURS)
"""The busiest ones."""

_TICKS = 6
_MINUTE = 60

Line = Sequence[tuple[float, float]]


def drawing(run: Run, *, began: float, restarts: Sequence[float]) -> str:
    """Return the picture: one panel above the other, all over the same time.

    Args:
        run: What is shown.
        began: Time 0, by `time.monotonic`.
        restarts: When processes were killed or replaced, by the same clock.
    """
    at = [each.at - began for each in run.samples]
    memory: dict[str, Line] = {
        f"process {number + 1}": list(
            zip(at, (each.processes[number] for each in run.samples), strict=True)
        )
        for number in range(len(run.samples[0].processes))
    }
    memory["a backend of PostgreSQL"] = list(
        zip(at, (each.backend for each in run.samples), strict=True)
    )
    backlog: dict[str, Line] = {
        name: list(zip(at, map(float, values), strict=True))
        for name, values in {
            "tickets due": [each.due for each in run.samples],
            "owed refunds": [each.owed for each in run.samples],
            "paid but not issued": [each.unissued for each in run.samples],
        }.items()
    }
    routes = dict(list(by_route(run.calls).items())[:_ROUTES])
    half, most = (
        {
            route: _in_slots(calls, began=began, seconds=run.seconds, part=part)
            for route, calls in routes.items()
        }
        for part in (0, 1)
    )
    panels = [
        ("Resident memory in MB (of a backend, the mean of what it does not share)", memory, False),
        ("p50 in milliseconds", half, True),
        ("p99 in milliseconds", most, True),
        ("Backlog", backlog, False),
    ]
    marks = [each - began for each in restarts]
    parts = [
        _panel(title, lines, top=_TOP + number * (_HEIGHT + _GAP), run=run, marks=marks, log=log)
        for number, (title, lines, log) in enumerate(panels)
    ]
    return picture(
        parts, width=_LEFT + _WIDTH + _KEYS, height=_TOP + len(panels) * (_HEIGHT + _GAP)
    )


def _in_slots(calls: Sequence[Call], *, began: float, seconds: float, part: int) -> Line:
    slots: dict[int, list[Call]] = {}
    for call in calls:
        slots.setdefault(int((call.at - began) / seconds * _SLOTS), []).append(call)
    return [
        ((slot + 0.5) * seconds / _SLOTS, latencies(of)[part]) for slot, of in sorted(slots.items())
    ]


def _panel(
    title: str,
    lines: Mapping[str, Line],
    *,
    top: float,
    run: Run,
    marks: Sequence[float],
    log: bool,
) -> str:
    values = [value for line in lines.values() for _, value in line]
    up, ticks = _axis(values, top=top, log=log)
    parts = [f'<text x="{_LEFT}" y="{top - 10}" font-weight="bold">{escape(title)}</text>']
    for tick in ticks:
        parts.append(f'<path d="M{_LEFT} {up(tick):.1f}h{_WIDTH}" stroke="#ddd"/>')
        parts.append(
            f'<text x="{_LEFT - 6}" y="{up(tick) + 4:.1f}" text-anchor="end">{tick:,.5g}</text>'
        )
    for number in range(_TICKS + 1):
        minutes, seconds = divmod(round(run.seconds * number / _TICKS), _MINUTE)
        parts.append(
            f'<text x="{_across(number / _TICKS)}" y="{top + _HEIGHT + 18}" text-anchor="middle">'
            f"{minutes}:{seconds:02}</text>"
        )
    for mark in marks:
        x = _across(mark / run.seconds)
        parts.append(f'<path d="M{x} {top}v{_HEIGHT}" stroke="#999" stroke-dasharray="2 3"/>')
    parts.append(f'<path d="M{_across(0.5)} {top}v{_HEIGHT}" stroke="#999"/>')
    for number, (name, line) in enumerate(lines.items()):
        colour, y = COLOURS[number], top + 6 + 18 * number
        places = " ".join(f"{_across(at / run.seconds)},{up(value):.1f}" for at, value in line)
        parts.append(
            f'<polyline points="{places}" fill="none" stroke="{colour}" stroke-width="1.5"/>'
        )
        x = _LEFT + _WIDTH + 14
        parts.append(f'<rect x="{x}" y="{y}" width="10" height="10" fill="{colour}"/>')
        parts.append(f'<text x="{x + 15}" y="{y + 9}">{escape(name)}</text>')
    return "\n".join(parts)


def _across(part: float) -> float:
    return round(_LEFT + _WIDTH * min(part, 1.0), 1)


def _axis(
    values: Sequence[float], *, top: float, log: bool
) -> tuple[Callable[[float], float], Sequence[float]]:
    """Return where a value lies, and the values at which there are lines."""
    if log:
        powers = powers_around(min(values), max(values))
        return log_scale(powers[0], powers[-1], top + _HEIGHT, top), powers
    power = 10.0 ** math.floor(math.log10(max(*values, 1.0)))
    most = power * math.ceil(max(*values, 1.0) / power)
    return lambda value: top + _HEIGHT * (1 - value / most), [0.0, most / 2, most]
