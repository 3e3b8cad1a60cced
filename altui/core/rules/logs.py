"""The line of a failed job's log that says why: dbt's, the export's, Python's or the runner's."""

import json
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, cast

from msgspec.structs import replace

from altui.core.model.health import Evidence, Finding
from altui.core.model.observed import Wish
from altui.core.model.reading import Log, Run
from altui.core.rules.look import Look

WORDS = 300
"""Characters of a quotation."""

_STAMP = re.compile(r"^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?Z ?")
_ERROR = "##[error]"
_EXIT = re.compile(r"^Process completed with exit code \d+\.?$")
_DBT_CLOCK = re.compile(r"^\d\d:\d\d:\d\d\s+")
_DBT_HEAD = re.compile(r"^(?:[A-Z]\w+ )?(?:Error|Failure) in (?:[a-z]+ ){1,2}(\S+) \(\S+\)$")
"""`Database Error in model x (path)`, `Failure in test y (path)`."""
_DBT_LOUD = re.compile(r"^(?:Encountered an error:|(?:[A-Z]\w+ )+Error$|Runtime Error$)")
"""Alone on its line; what is wrong stands on the next ones."""
_DBT_END = re.compile(r"^(?:compiled (?:code|Code) at |> in macro |Done\. PASS=)")
_TRACEBACK = "Traceback (most recent call last):"
_EXCEPTION = re.compile(r"^[A-Za-z_][\w.]*(?:Error|Exception|Exit|Interrupt|Timeout)(?::|$)")
_PROBLEM = re.compile(r"^.+: [A-Za-z]\w+: .+")
"""`what was asked: kind of the error: its words`."""
_COUNTS = re.compile(r'^\{"total_success": *\d+, *"total_errors": *\d+\}$')


def wish_of(run: Run) -> Wish:
    """The log of a run's failed job; a re-run is another attempt with a log of its own."""
    return Wish("github.log", f"{run.id}/{run.attempt}")


def with_log(look: Look, run: Run, finding: Finding) -> Finding:
    """The finding with the failing step's own words first, once its log was granted."""
    wish = wish_of(run)
    log = look.snapshot.get(wish.id, Log)
    words = error_line(log) if log else ""
    if not words:
        return finding
    quotation = Evidence(finding.stage, f"log of run {run.number}", words, look.seen_at(wish.id))
    return replace(finding, evidence=(quotation, *finding.evidence))


def failing(lines: Sequence[str], since: datetime | None) -> tuple[str, ...]:
    """What the failing step wrote, out of a job's cleaned log, without stamps and header.

    It ends with the first error mark at or after `since`, when that step began, and begins behind
    the runner's header of the step. Without a mark: everything.
    """
    begins = f"{since:%Y-%m-%dT%H:%M:%S}" if since else ""
    bare: list[str] = []
    start, early = 0, True
    for line in lines:
        stamp = _STAMP.match(line)
        text = line[stamp.end() :] if stamp else line
        early = early and bool(begins and (stamp is None or stamp[1] < begins))
        if text.startswith("##[group]Run "):
            start = len(bare)
        bare.append(text)
        if text.startswith(_ERROR) and not early:
            break
    step = bare[start:]
    if step and step[0].startswith("##[group]Run ") and "##[endgroup]" in step:
        step = step[step.index("##[endgroup]") + 1 :]
    return tuple(line for line in step if line)


def error_line(log: Log) -> str:
    """The words that say best why the step failed; empty for an empty log.

    In this order: what the step or the runner marked as an error itself, dbt's error with what
    BigQuery said, the export's problem, the last exception of a traceback, the last line.
    """
    lines = [line.strip() for line in log.lines]
    found = (
        next(read(lines), "") for read in (_marked, _dbt, _exported, _raised, _json_error, _last)
    )
    words = next(filter(None, found), "")
    return words if len(words) <= WORDS else words[: WORDS - 1].rstrip() + "…"


def _marked(lines: Sequence[str]) -> Iterator[str]:
    for line in lines:
        words = line.removeprefix(_ERROR)
        if words != line and not _EXIT.match(words):
            yield words


def _dbt(lines: Sequence[str]) -> Iterator[str]:
    """The first error of dbt's closing summary, with the lines that belong to it."""
    bare = [_DBT_CLOCK.sub("", line) for line in lines]
    for place, line in enumerate(bare):
        head = _DBT_HEAD.match(line)
        if not (head or _DBT_LOUD.match(line)):
            continue
        # nothing is said where a failure's head stands above that of the error behind it
        if said := " ".join(_until(bare[place + 1 :], 3)):
            yield f"{head[1]}: {said}" if head else said


def _until(lines: Sequence[str], most: int) -> list[str]:
    """Lines up to one that begins something else."""
    said: list[str] = []
    for line in lines[:most]:
        if not line or _DBT_END.match(line) or line.startswith(_ERROR) or _DBT_HEAD.match(line):
            break
        if not _DBT_LOUD.match(line):
            said.append(line)
    return said


def _exported(lines: Sequence[str]) -> Iterator[str]:
    """The export tells each kind of problem on a line of its own, before its JSON."""
    if any(map(_COUNTS.match, lines)):
        yield from (line for line in lines if _PROBLEM.match(line))


def _raised(lines: Sequence[str]) -> Iterator[str]:
    if _TRACEBACK not in lines:
        return
    last = len(lines) - 1 - list(reversed(lines)).index(_TRACEBACK)
    yield from (line for line in lines[last:] if _EXCEPTION.match(line))


def _json_error(lines: Sequence[str]) -> Iterator[str]:
    """The error inside a JSON object that stands alone on a line."""
    for line in reversed(lines):
        if not (line.startswith("{") and line.endswith("}")):
            continue
        try:
            said = cast(dict[str, Any], json.loads(line))
        except ValueError:
            continue
        error: Any = said.get("error") or said.get("message")
        if isinstance(error, dict):
            inner = cast(dict[str, Any], error)
            error = inner.get("reason") or inner.get("message")
        if isinstance(error, str):
            yield error


def _last(lines: Sequence[str]) -> Iterator[str]:
    plain = [line for line in lines if not line.startswith("##[")]
    yield from reversed(plain)
    yield from (line.removeprefix(_ERROR) for line in lines)
