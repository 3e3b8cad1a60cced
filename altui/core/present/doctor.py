"""The report of `altui doctor` for people, and what it means as a whole. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator
from textwrap import wrap

from altui.core.model.doctor import Examination, Result, Section
from altui.core.model.health import State
from altui.core.model.pipeline import SERVICES
from altui.core.present.glyphs import Glyphs
from altui.core.present.rows import Line, Segment, Tone, columns, line, pad, tone_of
from altui.core.words import plural

WORD = 7
SUBJECT = 13
INDENT = 2 + 2 + WORD + 2
"""Columns before a subject: margin, glyph, word."""
LEAST = 40


def bad(seen: Examination) -> tuple[Result, ...]:
    """Results that matter and are denied, broken or unknown."""
    return tuple(result for section in seen.sections for result in section.results if result.bad)


def blind(seen: Examination) -> bool:
    """Whether services are configured and not one of them answered anything."""
    return _states(seen) - {State.off} == {State.unknown}


def idle(seen: Examination) -> bool:
    """Whether no service is configured."""
    return _states(seen) <= {State.off}


def rows(seen: Examination, signs: Glyphs, width: int) -> Iterator[Line]:
    """The whole report: a heading a service, a row a result, how to mend it, and the sum."""
    width = max(width, LEAST)
    for section in seen.sections:
        yield _heading(section, width)
        for result in section.results:
            yield from _result(result, signs, width)
        yield line(f"{section.service}.gap")
    yield from _sum(seen, signs, width)


def shell_lines(command: str, width: int) -> list[str]:
    """The command on as few lines as fit; broken before an option, so that it can be pasted."""
    if columns(command) <= width:
        return [command]
    first, *options = command.split(" --")
    parts = [first, *(f"--{option}" for option in options)]
    lines = [parts[0]]
    for part in parts[1:]:
        if columns(lines[-1]) + columns(part) + 3 <= width:
            lines[-1] += f" {part}"
        else:
            lines[-1] += " \\"
            lines.append(f"  {part}")
    return lines


def _heading(section: Section, width: int) -> Line:
    where = Segment(section.where, Tone.dim)
    name = pad(section.service, INDENT + 2) if section.where else section.service
    return line(section.service, (name, Tone.strong), where)


def _result(result: Result, signs: Glyphs, width: int) -> Iterator[Line]:
    tone = tone_of(result.state)
    sign = f"  {signs.states[result.state]} {pad(result.state.value, WORD)}  "
    room = width - INDENT - SUBJECT - 2
    said = _wrapped(result.said, room)
    head = Segment(pad(result.subject, SUBJECT) + "  ")
    yield line(result.id, (sign, tone), head, said[0])
    for number, more in enumerate(said[1:]):
        yield line(f"{result.id}.said.{number}", " " * (width - room), more)
    if result.bad and result.tried:
        yield from _labelled(result.id, "tried", result.tried, room)
    if result.fix:
        label = "fix" if result.bad else "hint"
        yield from _labelled(result.id, label, result.fix, room)
    for number, command in enumerate(result.commands):
        # a command stands further left: it needs the room, and the eye finds it
        for piece, text in enumerate(shell_lines(command, width - INDENT - 2)):
            key = f"{result.id}.command.{number}.{piece}"
            yield line(key, " " * (INDENT + 2), (text, Tone.strong))


def _labelled(key: str, label: str, text: str, room: int) -> Iterator[Line]:
    for number, part in enumerate(_wrapped(text, room)):
        head = label if number == 0 else ""
        before = " " * INDENT + pad(head, SUBJECT) + "  "
        yield line(f"{key}.{label}.{number}", (before, Tone.dim), part)


def _wrapped(text: str, room: int) -> list[str]:
    return wrap(text, room, break_on_hyphens=False) or [""]


def _sum(seen: Examination, signs: Glyphs, width: int) -> Iterator[Line]:
    results = [result for section in seen.sections for result in section.results]
    wrong = bad(seen)
    if wrong:
        counted = Counter(result.state for result in wrong)
        order = [state for state in (State.broken, State.denied, State.unknown) if counted[state]]
        said = ", ".join(f"{counted[state]} {state.value}" for state in order)
        worst = order[0]
        where = ", ".join(_unique(result.id.partition(".")[0] for result in wrong))
        yield line(
            "sum", (f"{signs.states[worst]} {said}", tone_of(worst)), ": see each for its fix"
        )
        for number, text in enumerate(_wrapped(f"in {where}", width - 2)):
            yield line(f"sum.{number}", f"  {text}")
        return
    oks = sum(result.state is State.ok for result in results)
    rest = Counter(result.state for result in results if result.state is not State.ok)
    untested = sum(count for state, count in rest.items() if state is not State.off)
    parts = [plural(oks, "thing") + " in order"]
    parts += [f"{rest[State.off]} off"] if rest[State.off] else []
    parts += [f"{untested} cannot be tested here"] if untested else []
    yield line("sum", (f"{signs.states[State.ok]} ok", Tone.ok), f": {', '.join(parts)}")


def _states(seen: Examination) -> set[State]:
    """States of everything that was asked of a service."""
    asked = (section.results for section in seen.sections if section.service in SERVICES)
    return {result.state for results in asked for result in results}


def _unique(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))
