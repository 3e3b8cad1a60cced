"""Where each setting comes from, and whether the files they name are fit for use."""

import json
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from msgspec import Struct

from altui.config import Settings, exposure, overridden
from altui.config.caution import OTHERS_READ, OTHERS_WRITE
from altui.core.model.doctor import Result
from altui.core.model.health import State
from altui.doctor.exam import DEFAULT, ENVIRONMENT, Context, Exams
from altui.services.text import clean

SECTIONS = ("postgres", "fivetran", "bigquery", "github", "elasticsearch", "kibana", "pagerduty")
TUNING = ("screen", "cadence", "pipeline")
"""Sections whose defaults are right for most."""
GENERAL = ""
"""The settings above all sections: profile, production, read_only, state_dir, clock,
keys."""
ACCOUNT_TYPES = {
    "service_account": "service account",
    "authorized_user": "a person's login",
    "external_account": "workload identity",
    "external_account_authorized_user": "workforce identity",
    "impersonated_service_account": "impersonated service account",
    "gdch_service_account": "service account of Distributed Cloud",
}
"""`type` of a credentials file, as google.auth knows them."""


WITHOUT_SECRET = {"external_account", "external_account_authorized_user"}
"""Types whose file only says where another program keeps the credentials."""


class Account(Struct, frozen=True):
    """Whose key file it is."""

    kind: str
    email: str
    project: str


async def exam(context: Context) -> Exams:
    """The file, the profile, each service's settings, the key file."""
    yield _file(context.file, context.environ)
    yield _profile(context.settings)
    if lines := overridden(context.environ, context.file):
        fix = "unset them in this shell where the profile is meant"
        tried = "the environment over the profile's own table"
        yield Result("settings.overridden", "overridden", State.ok, "; ".join(lines), tried, fix)
    if said := _origins(GENERAL, context):
        tried = "environment and altui.toml, above its sections"
        yield Result("settings.general", "general", State.ok, said, tried)
    for section in SECTIONS:
        yield _section(section, context)
    for section in TUNING:
        if _origins(section, context):
            yield _section(section, context)
    yield _credentials(context)


def account_of(path: str) -> Account:
    """Whose credentials the file holds. Raises OSError, ValueError with words for a person."""
    try:
        data: Any = json.loads(Path(path).read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        raise ValueError("it is not JSON") from None
    except json.JSONDecodeError as error:
        # the parser's words name a place, never the content
        raise ValueError(f"it is not JSON: {error.msg}, line {error.lineno}") from None
    if not isinstance(data, dict):
        raise ValueError("it is JSON, but no object")
    held = cast(dict[str, Any], data)
    kind = clean(held.get("type"), 60)
    if kind not in ACCOUNT_TYPES:
        raise ValueError(f"its type is {kind!r}, not that of a Google credentials file")
    email = clean(held.get("client_email"), 200)
    if not email and isinstance(url := held.get("service_account_impersonation_url"), str):
        # .../serviceAccounts/ACCOUNT:generateAccessToken
        email = clean(url.rpartition("/")[2].partition(":")[0], 200)
    project = clean(held.get("project_id") or held.get("quota_project_id"), 100)
    return Account(kind, email, project)


def _file(path: Path | None, environ: Mapping[str, str]) -> Result:
    here, tried = "settings.file", "ALTUI_CONFIG, ./altui.toml, the user's configuration"
    if path is None:
        return Result(here, "altui.toml", State.ok, "none: the environment alone", tried)
    mode = stat.S_IMODE(path.stat().st_mode)
    how = "named by ALTUI_CONFIG" if environ.get("ALTUI_CONFIG") else "found"
    said = f"{how}, mode {mode:04o}"
    if open_to_others := exposure(path):
        words = f"{said}: it {open_to_others}"
        command = f"chmod 600 {path}"
        return Result(here, "altui.toml", State.broken, words, str(path), "shut it", (command,))
    return Result(here, "altui.toml", State.ok, said, tried)


def _profile(settings: Settings) -> Result:
    words = [settings.profile, *(["PRODUCTION"] if settings.production else [])]
    words.append("read-only" if settings.read_only else "actions allowed")
    if settings.clock:
        words.append("simulated time")
    tried = "profile, production, read_only, clock"
    return Result("settings.profile", "profile", State.ok, ", ".join(words), tried)


def _section(section: str, context: Context) -> Result:
    here, tried = f"settings.{section}", f"environment and altui.toml, [{section}]"
    if said := _origins(section, context):
        return Result(here, section, State.ok, said, tried)
    fix = "`altui init` asks for it"
    return Result(here, section, State.off, "nothing is set", tried, fix)


def _origins(section: str, context: Context) -> str:
    """Each setting of the section that is not left at its default, by where it comes from."""
    by_origin: dict[str, list[str]] = {}
    for name, words in context.origins.items():
        owner, _, key = name.partition(".") if "." in name else (GENERAL, "", name)
        if owner != section or words == DEFAULT:
            continue
        place, _, variable = words.partition(" ")
        if place == ENVIRONMENT:  # the variable's name says which setting it is
            by_origin.setdefault("", []).append(variable)
        else:
            by_origin.setdefault(f"{words}: ", []).append(key)
    return "; ".join(f"{origin}{', '.join(keys)}" for origin, keys in by_origin.items())


def _credentials(context: Context) -> Result:
    """The key file: there, readable, of a known type, and whose it is."""
    here, subject = "settings.credentials", "key file"
    settings = context.settings.bigquery
    path = settings.credentials
    tried = f"GOOGLE_APPLICATION_CREDENTIALS={path}" if path else "GOOGLE_APPLICATION_CREDENTIALS"
    if settings.emulator_host:
        said, fix = "not used: BIGQUERY_EMULATOR_HOST is set", "unset it to ask Google"
        return Result(here, subject, State.off, said, tried, fix)
    if not settings.project:
        return Result(
            here, subject, State.off, "not used: BQ_PROJECT is not set", tried, "set BQ_PROJECT"
        )
    if not path:
        said = "not set: the account of gcloud or of this machine is used"
        fix = "set GOOGLE_APPLICATION_CREDENTIALS to use a service account's key file"
        return Result(here, subject, State.off, said, tried, fix)
    came = context.came_from("bigquery.credentials")
    fix = f"set GOOGLE_APPLICATION_CREDENTIALS{came} to the key file of the service account"
    try:
        account = account_of(path)
        mode = stat.S_IMODE(Path(path).stat().st_mode)
    except OSError as error:
        return Result(here, subject, State.broken, f"{path}: {error.strerror}", tried, fix)
    except ValueError as error:
        return Result(here, subject, State.broken, f"{path}: {error}", tried, fix)
    whose = account.email or ACCOUNT_TYPES[account.kind]
    said = f"{whose}, project {account.project}" if account.project else whose
    shut = os.name != "posix" or not mode & (OTHERS_READ | OTHERS_WRITE)
    if not shut and account.kind not in WITHOUT_SECRET:
        can = "read" if mode & OTHERS_READ else "change"
        said = f"{path}: mode {mode:04o}: it holds a key, and others can {can} it"
        command = f"chmod 600 {path}"
        return Result(here, subject, State.broken, said, tried, "shut it", (command,))
    if account.project and account.project != settings.project:
        hint = f"BQ_PROJECT is {settings.project}: right if the account has its roles there"
        return Result(here, subject, State.ok, said, tried, hint)
    return Result(here, subject, State.ok, said, tried)
