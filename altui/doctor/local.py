"""This host: the store's directory and disk, the clock, the terminal."""

import os
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from altui.core.model.doctor import Result
from altui.core.model.health import State
from altui.core.present.glyphs import prints_unicode, speaks_unicode
from altui.core.words import size
from altui.doctor.exam import Context, Exams
from altui.services.threads import in_thread

REMOTE = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "lustre"}
"""File systems on which SQLite's locks and shared memory do not hold."""
REMOTE_FUSE = ("fuse.sshfs", "fuse.glusterfs", "fuse.ceph", "fuse.s3fs", "fuse.gcsfuse")
LEAST_FREE = 100 * 1000**2
"""Bytes; a store is a few megabytes, and a full disk stops it."""
SKEW = timedelta(seconds=60)
"""A clock further off moves what is due."""
ANOTHER = "set ALTUI_STATE_DIR to a directory of your own on a local disk"
OTHER_PLACE = "ALTUI_STATE_DIR=DIRECTORY altui doctor --service local"


async def exam(context: Context) -> Exams:
    directory = context.settings.directory
    # a network mount that hangs must not hold the loop
    yield await in_thread(lambda: _store(directory))
    yield await in_thread(lambda: _disk(directory))
    yield _program()
    yield _encoding(sys.stdout.encoding or "ascii", context.environ)
    yield _terminal(context.environ)


def skew(skews: Mapping[str, timedelta]) -> Result:
    """This host's clock against the clocks of the services that answered."""
    here, tried = "local.clock", "the Date header of each service's answer"
    if not skews:
        said = "no service said what time it is"
        fix = "compare it by hand: date --utc"
        return Result(here, "clock", State.unknown, said, tried, fix, matters=False)
    # one service may be off; the middle one is believed
    middle = sorted(skews.values())[len(skews) // 2]
    seconds = middle.total_seconds()
    how = f"{abs(seconds):.0f} s {'behind' if seconds > 0 else 'ahead of'} {', '.join(skews)}"
    if abs(middle) <= SKEW:
        return Result(here, "clock", State.ok, f"within {SKEW.seconds} s of the services'", tried)
    fix = "set this host's clock: what is due and late is judged by it"
    return Result(here, "clock", State.broken, how, tried, fix, ("timedatectl set-ntp true",))


def file_system(path: Path, mounts: str) -> str:
    """Type of the file system that holds `path`, by the text of /proc/self/mountinfo."""
    best, kind = -1, ""
    for line in mounts.splitlines():
        before, _, after = line.partition(" - ")
        fields = before.split(" ")
        if len(fields) < 5 or not after:
            continue
        point = fields[4].encode().decode("unicode_escape")  # a space is \040
        # of two on the same point the later one lies on top
        if path.is_relative_to(point) and len(point) >= best:
            best, kind = len(point), after.split(" ")[0]
    return kind


def remote(kind: str) -> bool:
    return kind in REMOTE or kind.startswith(REMOTE_FUSE)


def _store(directory: Path) -> Result:
    """Whether SQLite can do in the directory what the store asks of it."""
    here, tried = "local.store", f"a file and a WAL database in {directory}"
    fix = ANOTHER
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryDirectory(dir=directory, prefix="doctor-") as made:
            connection = sqlite3.connect(Path(made) / "store", timeout=2)
            try:
                (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
                connection.execute("CREATE TABLE seen (n INTEGER)")
            finally:
                connection.close()
    except OSError as error:
        return Result(here, "store", State.broken, f"{error.strerror}", tried, fix, (OTHER_PLACE,))
    except sqlite3.Error as error:
        return Result(here, "store", State.broken, str(error), tried, fix, (OTHER_PLACE,))
    if mode != "wal":
        said = f"SQLite stays in journal mode {mode}: no WAL here"
        return Result(here, "store", State.broken, said, tried, fix, (OTHER_PLACE,))
    said = f"writable, SQLite {sqlite3.sqlite_version} in WAL"
    return Result(here, "store", State.ok, said, tried)


def _disk(directory: Path) -> Result:
    here, tried = "local.disk", f"file system and free space of {directory}"
    # unlike Path.exists, it takes what nobody may look into for absent
    there = (each for each in (directory, *directory.parents) if os.access(each, os.F_OK))
    place = next(there, directory)
    try:
        mounts = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        mounts = ""
    kind = file_system(place.resolve(), mounts)
    try:
        free = shutil.disk_usage(place).free
    except OSError as error:
        said = f"{error.strerror}"
        return Result(here, "disk", State.broken, said, tried, ANOTHER, (OTHER_PLACE,))
    if remote(kind):
        said = f"{kind} is a network file system: SQLite's locks do not hold there"
        fix = "set ALTUI_STATE_DIR to a directory on a local disk"
        return Result(here, "disk", State.broken, said, tried, fix, (OTHER_PLACE,))
    if free < LEAST_FREE:
        fix = "free some space, or set ALTUI_STATE_DIR to another disk"
        return Result(here, "disk", State.broken, f"{size(free)} free", tried, fix)
    if not kind:
        said = f"{size(free)} free; local or not cannot be told on {sys.platform}"
        fix = "keep ALTUI_STATE_DIR on a local disk"
        return Result(here, "disk", State.unknown, said, tried, fix, matters=False)
    return Result(here, "disk", State.ok, f"{kind}, {size(free)} free", tried)


def _program() -> Result:
    from altui import __version__

    python = sys.version.split(" ")[0]
    said = f"altui {__version__}, Python {python}"
    return Result("local.program", "program", State.ok, said, sys.executable)


def _encoding(encoding: str, environ: Mapping[str, str]) -> Result:
    here, tried = "local.encoding", "the encoding of stdout, LC_ALL, LC_CTYPE, LANG"
    if prints_unicode(environ, encoding):
        return Result(here, "encoding", State.ok, "UTF-8", tried)
    said = encoding if speaks_unicode(environ) else "the locale is not UTF-8"
    hint = "ASCII signs are shown; for the others"
    return Result(here, "encoding", State.ok, said, tried, hint, ("export LC_ALL=C.UTF-8",))


def _terminal(environ: Mapping[str, str]) -> Result:
    here, tried = "local.terminal", "the terminal of stdout, TERM, COLORTERM, NO_COLOR"
    if not sys.stdout.isatty():
        said = "none; check and doctor need none"
        return Result(here, "terminal", State.off, said, tried, "the dashboard needs one")
    wide, high = os.get_terminal_size(sys.stdout.fileno())
    said = f"{wide}x{high}, {_colours(environ)}"
    if wide < 80 or high < 24:
        return Result(here, "terminal", State.ok, said, tried, "80x24 shows the whole screen")
    return Result(here, "terminal", State.ok, said, tried)


def _colours(environ: Mapping[str, str]) -> str:
    term = environ.get("TERM", "")
    if environ.get("NO_COLOR") or term in {"", "dumb"}:
        return "no colours"
    if environ.get("COLORTERM") in {"truecolor", "24bit"}:
        return "16 million colours"
    return "256 colours" if "256color" in term else "16 colours"
