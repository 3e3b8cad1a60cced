"""Parity for people, `altui parity`: the panel's rows of what is asked, then what differs."""

from collections.abc import Iterator

from altui.core.model.health import StageId, State, worst
from altui.core.present import parity
from altui.core.present.parity_notes import history, settled, silences
from altui.core.present.parity_report import (
    STAGES,
    DayParity,
    MeasureParity,
    Outcome,
    ParityReport,
    SubjectParity,
)
from altui.core.present.rows import Line, Segment, Tone, line, pad, tone_of
from altui.core.present.view import View
from altui.core.rules.measures import SIDES
from altui.core.words import day, figure, number, plural, two_figures

WIDTH = 100
NAMES = {
    StageId.postgres: "source",
    StageId.fivetran: "raw",
    StageId.bigquery: "staging",
    StageId.dbt: "mart",
    StageId.elasticsearch: "index",
}
HEADS = {
    Outcome.equal: ("EQUAL", Tone.ok),
    Outcome.due: ("DUE", Tone.due),
    Outcome.different: ("DIFFERENT", Tone.late),
    Outcome.blind: ("BLIND", Tone.unknown),
}
COMES = "comes with the next sync, build or export"
SAYS = {
    Outcome.equal: "every copy holds what its source holds",
    Outcome.due: f"what differs {COMES}",
    Outcome.different: "something should have been carried and was not",
    Outcome.blind: "what was seen is equal; a side or measure could not be read",
}
MOST = 40
"""Days and measures of one subject that are listed; all are one `--json` away."""


def parity_table(seen: View, made: ParityReport) -> Iterator[str]:
    """Lines of at most 100 columns."""
    for row in seen.fitted(tuple(_rows(seen, made)), WIDTH):
        yield row.text.rstrip()


def _rows(seen: View, made: ParityReport) -> Iterator[Line]:
    word, tone = HEADS[made.outcome]
    days = f"{day(made.start)} to {day(made.end)} {made.end.year}"
    yield line("head", (f"{word}  ", tone), (_says(made), Tone.strong), f"; {days}")
    yield from parity.trouble_rows(seen)
    yield from settled(seen, tail="; --fresh counts them again")
    chosen = parity.only(seen, {subject.name for subject in made.subjects})
    if chosen.pipeline.tables:
        yield line("gap", "")
        yield from parity.figures(chosen)
        yield from silences(chosen)
        yield from history(chosen)
    for subject in made.subjects:
        yield from _subject(seen, subject)
    yield from _notes(seen, made)


def _says(made: ParityReport) -> str:
    missing = [key for subject in made.subjects for key in subject.missing]
    if not missing and made.outcome is Outcome.due and _counted_before(made):
        return f"what differs was counted before the last sync, or {COMES}"
    if not missing:
        return SAYS[made.outcome]
    more = f" (+{len(missing) - 1} more)" if len(missing) > 1 else ""
    name = missing[0] if "." in missing[0] else f"source table {missing[0]}"
    return f"{name} is missing{more}"


def _counted_before(made: ParityReport) -> bool:
    """Whether a day differs whose source was counted with the settled ones."""
    settled = made.settled
    return settled is not None and any(
        row.day < settled and row.states.get(StageId.fivetran) is State.due
        for subject in made.subjects
        for row in subject.days
    )


def _notes(seen: View, made: ParityReport) -> Iterator[Line]:
    """What was not compared, in the services' words."""
    missing = {key for subject in made.subjects for key in subject.missing}
    for name, words in {**made.missing, **made.failed, **made.unmeasured}.items():
        sign = seen.sign(State.broken) if name in missing else Segment("?", Tone.unknown)
        yield line(f"note.{name}", sign, f" {name}: {words}")


def _subject(seen: View, subject: SubjectParity) -> Iterator[Line]:
    key = subject.name
    word, tone = HEADS[subject.outcome]
    yield Line(f"{key}.gap")
    yield line(f"{key}.head", (subject.name, Tone.strong), "  ", (word.lower(), tone))
    stages = [stage for stage in STAGES if stage in subject.in_range]
    names = NAMES if subject.totals else {**NAMES, StageId.bigquery: "ops"}
    titles = "".join(f"{names[stage]:>9}" for stage in stages)
    yield line(f"{key}.titles", (f"  {pad('', 14)}{titles}", Tone.dim))
    sums = "".join(f"{number(subject.in_range[stage]):>9}" for stage in stages)
    yield line(f"{key}.sums", (f"  {pad('all days', 14)}", Tone.dim), sums)
    for row in subject.days[:MOST]:
        yield _day(seen, key, row, stages)
    if len(subject.days) > MOST:
        yield line(f"{key}.more", (f"  and {plural(len(subject.days) - MOST, 'day')}", Tone.dim))
    yield from _equal(subject, [names[stage] for stage in stages if stage not in STAGES[:2]])
    for item in subject.measures[:MOST]:
        yield _measure(seen, item)
    if len(subject.measures) > MOST:
        more = f"  and {plural(len(subject.measures) - MOST, 'measure')} more"
        yield line(f"{key}.measures", (more, Tone.dim))


def _day(seen: View, key: str, row: DayParity, stages: list[StageId]) -> Line:
    segments = [Segment(f"  {pad(f'{day(row.day)} {row.day.year}', 14)}", Tone.dim)]
    for stage in stages:
        state = row.states.get(stage, State.off)
        count = row.counts.get(stage)
        word = "-" if count is None else f"{count:,}"
        tone = Tone.plain if state is State.ok else tone_of(state)
        segments.append(Segment(f"{word:>9}", tone))
    state = worst([*row.states.values()])
    lost = f" at {NAMES[row.first_loss]}" if row.first_loss else ""
    segments += [Segment("  "), seen.sign(state), Segment(f" {state.value}{lost}", tone_of(state))]
    return Line(f"{key}.{row.day}", tuple(segments))


def _equal(subject: SubjectParity, names: list[str]) -> Iterator[Line]:
    if len(names) < 2:
        return
    through = f"to {day(subject.equal_through)}" if subject.equal_through else "on no day"
    before = f", but {plural(subject.unequal_days, 'day')} before" if subject.unequal_days else ""
    unread = sorted({key.rpartition(".")[2] for key in subject.unmeasured})
    measures = f"but for {', '.join(unread)}" if unread else "measures included"
    words = f"  {' = '.join(names)} {through}{before}, {measures}"
    yield line(f"{subject.name}.equal", words)


def _measure(seen: View, item: MeasureParity) -> Line:
    upper, lower = SIDES[item.stage]
    share = "-" if item.difference_pct is None else f"{two_figures(item.difference_pct)} %"
    return line(
        f"{item.mart}.{item.stage}.{item.measure}.{item.day}",
        (f"  {pad(f'{day(item.day)} {item.day.year}', 14)}", Tone.dim),
        f"{item.measure}  {upper} {figure(item.expected)}, {lower} {figure(item.found)}  {share}  ",
        seen.sign(item.state),
        (f" {item.state.value}", tone_of(item.state)),
    )
