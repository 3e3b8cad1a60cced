"""`altui init`: asks for each service, tests each answer at once, and writes altui.toml."""

import contextlib
import sys
from collections.abc import Mapping
from pathlib import Path

import typer
from msgspec.structs import replace

from altui.cli.exits import Exit
from altui.cli.init.services import SERVICES, Service
from altui.cli.init.talk import Silent, Talk, Terminal
from altui.cli.init.target import Target, added_to, anew, refuse_unwritable
from altui.config import ConfigError, Settings, find
from altui.config.checking import wrong_in_environment
from altui.config.limits import wrong_in_settings
from altui.config.loading import platform_path, refuse
from altui.services.discovery import Choice
from altui.services.errors import ServiceError
from altui.services.text import spoken

AGAIN, KEEP, SKIP = "again", "keep", "skip"


def init(
    environ: Mapping[str, str],
    *,
    output: Path | None,
    profile: str | None,
    force: bool,
    yes: bool,
) -> Exit:
    """Writes the file; 0 when every service answered, 1 when one was kept that did not."""
    if not yes and not sys.stdin.isatty():
        raise ConfigError("init asks questions: use a terminal, or --yes for the environment's")
    refuse(wrong_in_environment(environ))
    talk = Silent() if yes else Terminal()
    try:
        return _conversation(environ, talk, _target(environ, output, profile, force, talk), profile)
    except (typer.Abort, KeyboardInterrupt):
        talk.say("\naltui: interrupted; nothing was written")
        return Exit.interrupted


def _target(
    environ: Mapping[str, str], output: Path | None, profile: str | None, force: bool, talk: Talk
) -> Target:
    path = output or find(environ) or platform_path()
    refuse_unwritable(path)
    if not path.is_file() or force:
        return anew(path)
    if profile is not None:
        return added_to(path, profile)
    if talk.asks and talk.yes(f"{path} is there. Overwrite it?", default=False):
        return anew(path)
    raise ConfigError(
        f"{path} is there and was left alone: --profile NAME adds a pipeline to it, --force "
        "overwrites it, --output names another file"
    )


def _conversation(
    environ: Mapping[str, str], talk: Talk, target: Target, profile: str | None
) -> Exit:
    elsewhere = ("ALTUI_PROFILE", "ALTUI_CONFIG")
    values = {name: environ[name] for name in environ if name not in elsewhere}
    settings = target.start(values)
    # its name is asked for; of the rest not everything is, and what is wrong would stay so
    refuse(wrong_in_settings(replace(settings, profile="default")))
    talk.say(f"altui init writes {target.path}. Enter keeps what stands in [ ].\n")
    settings = _named(settings, profile or environ.get("ALTUI_PROFILE"), talk)
    unanswered: list[str] = []
    for number, service in enumerate(SERVICES, 1):
        settings, good = _set_up(service, f"{number}/{len(SERVICES)}", settings, talk)
        unanswered += [] if good else [service.title]
    target.write(settings)
    _farewell(target, settings, environ, talk)
    if unanswered:
        talk.say(f"✗ kept without an answer: {', '.join(unanswered)}")
    return Exit.findings if unanswered else Exit.ok


def _named(settings: Settings, name: str | None, talk: Talk) -> Settings:
    while True:
        named = name or talk.text("Name of this pipeline", settings.profile)
        wrong = list(wrong_in_settings(replace(settings, profile=named)))
        if not wrong or name or not talk.asks:
            break
        talk.say(f"  ✗ {wrong[0]}")
    refuse(wrong)
    production = talk.yes("  Is it production?", default=settings.production)
    return replace(settings, profile=named, production=production)


def _set_up(service: Service, place: str, settings: Settings, talk: Talk) -> tuple[Settings, bool]:
    """The settings with this service, and whether it answered (or was skipped)."""
    wanted = talk.asks or service.configured(settings)
    talk.say("")
    if not talk.yes(f"{place} {service.title} ({service.needs}): set it up?", default=wanted):
        return service.without(settings), True
    if not talk.asks:
        talk.say(f"{place} {service.title}")
    while True:
        asked, wrong = _tried(service, settings, talk)
        if not wrong:
            return asked, True
        talk.say(f"  ✗ {wrong}")
        then = talk.choose("What now?", _choices(asked), AGAIN if talk.asks else KEEP)
        if then == SKIP:
            return service.without(settings), True
        if then == KEEP:
            return asked, False
        settings = asked


def _choices(asked: Settings) -> list[Choice]:
    """What can be done about wrong answers; those that cannot be written cannot be kept."""
    writable = not any(wrong_in_settings(asked))
    keep = [Choice(KEEP, "it is right")] if writable else []
    return [Choice(AGAIN, "ask anew"), *keep, Choice(SKIP, "off")]


def _tried(service: Service, settings: Settings, talk: Talk) -> tuple[Settings, str]:
    """The settings with what was answered and found, and what is wrong with them.

    Whatever one service does, the answers about the others are not lost.
    """
    try:
        asked = service.ask(settings, talk)
    except typer.Abort:
        raise
    except Exception as error:  # noqa: BLE001
        # its words may quote a secret that was typed a moment ago, and that nobody masks yet
        return settings, f"altui failed on these answers: {type(error).__name__}"
    if wrong := "; ".join(wrong_in_settings(asked)):
        return asked, wrong
    if not service.configured(asked):
        return asked, f"without {service.section}.{service.key} it stays off"
    if service.look is None:
        talk.say("  - kept; it is not asked")
        return asked, ""
    talk.say(f"  … asking {service.title}")
    try:
        found, words = service.look(asked, talk)
    except ServiceError as error:
        return asked, f"{error.words} ({error.where})"
    except typer.Abort:
        raise
    except Exception as error:  # noqa: BLE001
        return asked, spoken(f"altui failed here: {type(error).__name__}: {error}")
    if wrong := "; ".join(wrong_in_settings(found)):
        return asked, wrong
    talk.say(f"  ✓ {words}")
    return found, ""


def _farewell(target: Target, settings: Settings, environ: Mapping[str, str], talk: Talk) -> None:
    talk.say(f"\n✓ wrote {target.path} (only you can read it)")
    if not any(service.configured(settings) for service in SERVICES):
        talk.say("No service is set up in it yet: edit it, or run altui init again.")
    found = None
    with contextlib.suppress(ConfigError):  # where nobody may look for one
        found = find({name: environ[name] for name in environ if name != "ALTUI_CONFIG"})
    here = found is not None and found.resolve() == target.path.resolve()
    options = "" if here else f" --config {target.path}"
    options += f" --profile {settings.profile}" if target.was else ""
    talk.say(f"next: altui{options} doctor, then altui{options}")
