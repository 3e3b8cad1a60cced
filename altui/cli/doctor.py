"""`altui doctor`: every setting, credential and permission, and how to mend what is wrong."""

import shutil
import sys
from collections.abc import Mapping, Sequence

from altui.cli.exits import Exit
from altui.clock import clock_of
from altui.config import ConfigError, find, load, origins
from altui.core.model.doctor import Examination, examination
from altui.core.present.doctor import bad, blind, idle, rows
from altui.core.present.glyphs import glyphs, prints_unicode
from altui.core.present.printed import json_text
from altui.core.present.rows import ascii_only
from altui.doctor.exam import Context
from altui.doctor.examine import EXAMS, LONGEST, SHORTEST, examine
from altui.services.threads import run

WIDEST = 100


def doctor(
    environ: Mapping[str, str], *, as_json: bool, services: Sequence[str], seconds: float
) -> Exit:
    """Prints the report and returns the exit code that says what it holds.

    0 all in order or off, 1 something denied, broken or unknown, 2 no service is configured, 3 none
    answered. Raises ConfigError when the settings themselves are wrong.
    """
    if not SHORTEST <= seconds <= LONGEST:  # NaN is refused too
        raise ConfigError(f"--timeout: say seconds from {SHORTEST:g} to {LONGEST:g}")
    if unheard := [name for name in services if name not in EXAMS]:
        raise ConfigError(f"--service {unheard[0]}: choose among {', '.join(EXAMS)}")
    settings = load(environ)
    file = find(environ)
    context = Context(settings, environ, file, origins(environ, file))
    chosen = tuple(services) or tuple(EXAMS)

    async def look() -> Examination:
        sections = await examine(context, chosen, seconds)
        return examination(clock_of(settings.clock)(), settings.profile, sections)

    seen = run(look())
    unicode = prints_unicode(environ, sys.stdout.encoding)
    _print(seen, as_json=as_json, unicode=unicode)
    if idle(seen) and not services:
        sys.stderr.write("altui: no service is configured: `altui init` asks for them\n")
        return Exit.usage
    if blind(seen):
        return Exit.blind
    return Exit.findings if bad(seen) else Exit.ok


def _print(seen: Examination, *, as_json: bool, unicode: bool) -> None:
    if as_json:
        text = json_text(seen, ascii_only=not unicode)
    else:
        wide = min(shutil.get_terminal_size((80, 24)).columns, WIDEST)
        lines = rows(seen, glyphs(unicode=unicode), wide)
        shown = lines if unicode else (ascii_only(row) for row in lines)
        text = "\n".join(row.text.rstrip() for row in shown)
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
