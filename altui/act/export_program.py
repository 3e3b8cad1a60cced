"""The export as a program of its own, as the runbook and the nightly workflow start it."""

import argparse
import json
import sys
from collections.abc import Sequence
from datetime import date

from altui.act.permit import PermitError, permit
from altui.act.steps.export import ExportResult, Problem, export, window
from altui.clock import clock_of
from altui.config import ConfigError, guard_stderr, load


def main(arguments: Sequence[str] | None = None) -> int:
    """Export, print `{"total_success": n, "total_errors": m}`; the exit code.

    0 when everything was indexed, 1 on errors, 2 on wrong usage or configuration (then nothing is
    printed to stdout). Never asks. Errors go to stderr, one line for each kind.
    """
    parser = argparse.ArgumentParser(
        prog="export_to_es.py", description="Export the marts' days to Elasticsearch."
    )
    parser.add_argument("--start", type=_day, metavar="YYYY-MM-DD", help="first day")
    parser.add_argument("--end", type=_day, metavar="YYYY-MM-DD", help="last day")
    asked = parser.parse_args(arguments)
    guard_stderr()
    try:
        settings = load()
        today = clock_of(settings.clock)().date()
        window(asked.start, asked.end, today, settings.pipeline.window_days)
    except (ConfigError, ValueError) as error:
        parser.error(str(error))
    try:
        result = export(settings, permit(settings), asked.start, asked.end, today)
    except PermitError as error:
        result = _nothing("read-only", error)
    except KeyboardInterrupt:
        return 130
    except Exception as error:  # noqa: BLE001 - the program's edge: whoever parses gets JSON
        result = _nothing("export", error)
    for problem in result.problems:
        sys.stderr.write(f"{problem}\n")
    totals = {"total_success": result.total_success, "total_errors": result.total_errors}
    sys.stdout.write(json.dumps(totals) + "\n")
    return 1 if result.total_errors else 0


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a day written YYYY-MM-DD") from None


def _nothing(where: str, error: Exception) -> ExportResult:
    return ExportResult(0, 1, (Problem(where, type(error).__name__, str(error)),))
