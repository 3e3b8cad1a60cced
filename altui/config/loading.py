"""Reading the settings: the file, its profile, and the environment over both."""

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import msgspec

from altui.config.fields import Leaf, leaves
from altui.config.secret import ConfigError, Secret
from altui.config.settings import Settings

Table = dict[str, Any]


def load(environ: Mapping[str, str] | None = None, path: Path | None = None) -> Settings:
    """Settings from the file (given, or found) and the environment.

    Raises ConfigError that names everything that is wrong: unknown keys and names with the
    nearest right one, values that do not fit, a profile that is not there.
    """
    environ = os.environ if environ is None else environ
    found = path or find(environ)
    data = read(found)
    try:
        settings = msgspec.convert(_overlay(data, environ), Settings, dec_hook=decode)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{found or 'environment'}: {error}") from error
    _refuse_nonsense(settings)
    return settings


def find(environ: Mapping[str, str]) -> Path | None:
    """altui.toml of `ALTUI_CONFIG`, the working directory or the platform's configuration."""
    if named := environ.get("ALTUI_CONFIG"):
        return Path(named)
    here = Path("altui.toml")
    if here.is_file():
        return here
    from platformdirs import user_config_path

    platform = user_config_path("altui") / "altui.toml"
    return platform if platform.is_file() else None


def read(path: Path | None) -> Table:
    """The file as it stands; nothing without one. Raises ConfigError."""
    if path is None:
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from error


def origins(environ: Mapping[str, str], path: Path | None = None) -> dict[str, str]:
    """Where each setting ("bigquery.dataset") comes from, in words.

    "default", "altui.toml", "altui.toml [profiles.prod]" or "environment ES_URL". Raises
    ConfigError when the file cannot be read or its profile is not there.
    """
    found = path or find(environ)
    data = read(found)
    file = found.name if found else ""
    said: dict[str, str] = {}
    for leaf in leaves():
        if name := _set_by(leaf, environ):
            said[leaf.dotted] = f"environment {name}"
        elif _value(data, leaf.path) is not None:
            said[leaf.dotted] = file
        else:
            said[leaf.dotted] = "default"
    return said


def _refuse_nonsense(settings: Settings) -> None:
    """What types cannot say. Raises ConfigError that names the setting."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", settings.profile):
        raise ConfigError(f"profile={settings.profile!r}: use letters, digits, - and _ only")
    urls = {
        "ES_URL": settings.elasticsearch.url.reveal(),
        "FIVETRAN_URL": settings.fivetran.url,
        "GITHUB_API_URL": settings.github.api_url,
        "KIBANA_URL": settings.kibana.url,
        "PAGERDUTY_URL": settings.pagerduty.url,
        "BIGQUERY_EMULATOR_HOST": settings.bigquery.emulator_host,
    }
    for name, url in urls.items():
        parts = urlsplit(url)
        if url and (parts.scheme not in {"http", "https"} or not parts.hostname):
            raise ConfigError(f"{name} is not a URL such as https://host:9200")
    dsn = settings.postgres.dsn.reveal()
    if dsn and "://" not in dsn and "=" not in dsn:
        raise ConfigError("POSTGRES_DSN is not a DSN such as postgresql://user@host/database")
    tables = {table.name for table in settings.pipeline.tables}
    for mart in settings.pipeline.marts:
        if mart.table is not None and mart.table not in tables:
            raise ConfigError(f"pipeline.marts: {mart.name} names no table of pipeline.tables")
    if not any(mart.table for mart in settings.pipeline.marts):
        raise ConfigError("pipeline.marts: at least one mart must name the table it aggregates")


def _set_by(leaf: Leaf, environ: Mapping[str, str]) -> str | None:
    """The name in the environment that sets it; an empty variable sets nothing."""
    return next((name for name in leaf.names if environ.get(name)), None)


def _value(data: Table, path: tuple[str, ...]) -> Any:
    """What stands in the file under the path; None where nothing does."""
    place: Any = data
    for key in path:
        if not isinstance(place, dict):
            return None
        place = cast(Table, place).get(key)
    return place


def _overlay(data: Table, environ: Mapping[str, str]) -> Table:
    """`data` with what the environment says laid over it."""
    merged = _copied(data)
    for leaf in leaves():
        if name := _set_by(leaf, environ):
            section: Any = merged
            for key in leaf.path[:-1]:
                section = section.setdefault(key, {})
                if not isinstance(section, dict):
                    break
            else:
                section[leaf.path[-1]] = _parsed(name, environ[name], leaf.kind)
    return merged


def _copied(data: Table) -> Table:
    return {
        key: _copied(cast(Table, value)) if isinstance(value, dict) else value
        for key, value in data.items()
    }


def _parsed(name: str, text: str, kind: Any) -> Any:
    if kind is bool:
        lowered = text.strip().lower()
        if lowered in {"1", "true", "yes", "on"}:
            return True
        if lowered in {"0", "false", "no", "off"}:
            return False
        raise ConfigError(f"{name}={text!r}: say true or false")
    if kind is int or kind is float:
        try:
            return kind(text)
        except ValueError:
            raise ConfigError(f"{name}={text!r}: say a whole number") from None
    return text


def decode(kind: type, value: Any) -> Any:
    if kind is Secret:
        if not isinstance(value, str):
            raise ValueError("expected text")
        return Secret(value)
    raise NotImplementedError(kind)
