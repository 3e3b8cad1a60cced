"""What `python -m bench` is asked for."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Wanted:
    """Names of measures, in the order of the table, and where the page is to be kept."""

    names: tuple[str, ...]
    markdown: Path | None


def wanted(arguments: Sequence[str], names: Sequence[str]) -> Wanted:
    """Ends the program with a usage message when the arguments make no sense."""
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="Measures the budgets of this machine; exit status 1 when one is over.",
        epilog=f"names: {', '.join(names)}",
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="measure these alone")
    parser.add_argument(
        *("--without", "-x"),
        action="append",
        default=[],
        metavar="NAME",
        help="leave this out; may be repeated, as in --without peers",
    )
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the page there too")
    given = parser.parse_args(arguments)
    for name in (*given.names, *given.without):
        if name not in names:
            parser.error(f"no measure {name}; there are {', '.join(names)}")
    if given.markdown and not given.markdown.parent.is_dir():
        parser.error(f"no folder {given.markdown.parent}: make it first")
    chosen = given.names or names
    kept = tuple(name for name in names if name in chosen and name not in given.without)
    return Wanted(kept, given.markdown)
