"""The help of a place: its keys by group, and what the runbook says of it."""

import textwrap
from collections.abc import Iterator, Mapping, Sequence

from altui.core.model.health import StageId
from altui.core.present.keymap import Group, Key, named
from altui.core.present.rows import Line, Part, Tone, columns, line, pad
from altui.core.runbook.escalation import Escalation, escalations
from altui.core.runbook.sections import Section, section_of
from altui.core.words import plural

MARGIN = " "
LABEL = 9
LEAST = 16
"""Columns that words are wrapped to at least."""


def help_page(
    place: str, keys: Mapping[Key, Sequence[str]], link: str, close: str, width: int
) -> tuple[Line, ...]:
    """Rows for so many columns; `link` is the service's own page, `close` what ends the help."""
    section = section_of(place)
    return (
        line("help.title", (f"{MARGIN}Keys of this place", Tone.strong), f", {close} closes this"),
        *_keys(keys),
        Line("help.gap.runbook"),
        line("help.section", (f"{MARGIN}Runbook: {section.title}", Tone.strong)),
        *_section(section, width),
        *_links(section, link, width),
    )


def _keys(keys: Mapping[Key, Sequence[str]]) -> Iterator[Line]:
    """One row a word, under its group."""
    words: dict[str, list[str]] = {}
    for key, names in keys.items():
        words.setdefault(key.word, []).extend(names)
    written = {word: named(list(dict.fromkeys(names))) for word, names in words.items()}
    wide = max(map(columns, written.values()), default=0)
    long = max(map(columns, words), default=0)
    for group in Group:
        mine: dict[str, Key] = {}
        for key in keys:
            if key.group is group:
                mine.setdefault(key.word, key)
        if mine:
            yield Line(f"help.gap.{group}")
            yield line(f"help.{group}", (f"{MARGIN}{group.value}", Tone.due))
        for key in mine.values():
            yield line(
                f"help.key.{key.id}",
                (f"{MARGIN}{pad(written[key.word], wide, right=True)}  ", Tone.strong),
                f"{pad(key.word, long)}  ",
                (key.sentence, Tone.dim),
            )


def _section(section: Section, width: int) -> Iterator[Line]:
    for number, step in enumerate(section.steps, 1):
        yield from _wrapped(f"help.step.{number}", (f"{MARGIN}{number}. ", Tone.dim), step, width)
    if section.causes:
        yield Line("help.gap.causes")
        yield line("help.causes", (f"{MARGIN}seen before", Tone.due))
        wide = max(columns(cause) for cause, _ in section.causes)
        for number, (cause, fix) in enumerate(section.causes):
            head = f"{MARGIN}{pad(cause, wide)}  "
            yield from _wrapped(f"help.cause.{number}", (head, Tone.plain), fix, width)
    yield Line("help.gap.expected")
    for number, words in enumerate(section.expected):
        head = pad("" if number else "expected", LABEL)
        yield from _wrapped(f"help.expected.{number}", (MARGIN + head, Tone.dim), words, width)
    yield from _owners(section.stages)


def _owners(stages: Sequence[StageId]) -> Iterator[Line]:
    found = dict.fromkeys(escalations()[stage] for stage in stages)
    wide = max((columns(f"{one.owner}, SLA {_sla(one)}") for one in found), default=0)
    for number, one in enumerate(found):
        head = pad("" if number else "owner", LABEL)
        yield line(
            f"help.owner.{number}",
            (MARGIN + head, Tone.dim),
            pad(f"{one.owner}, SLA {_sla(one)}", wide),
            (f"  {one.issue}", Tone.dim),
        )


def _sla(one: Escalation) -> str:
    if one.business_days:
        return plural(one.business_days, "business day")
    return f"{one.hours:g}h"


def _links(section: Section, link: str, width: int) -> Iterator[Line]:
    links = [("its page", link)] if link else []
    links += [("docs", address) for address in section.links]
    for number, (what, address) in enumerate(links):
        head = (MARGIN + pad(what, LABEL), Tone.dim)
        yield from _wrapped(f"help.link.{number}", head, address, width)


def _wrapped(key: str, head: Part, words: str, width: int) -> Iterator[Line]:
    """Words after a head, further lines below its end."""
    first = line(key, head)
    before = columns(first.text)
    rows = textwrap.wrap(words, max(width - before, LEAST), break_on_hyphens=False)
    yield line(key, head, rows[0])
    for number, row in enumerate(rows[1:], 1):
        yield line(f"{key}.{number}", " " * before, row)
