"""Reading the settings: the file, its profile's table over it, and the environment over both."""

import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, cast

import msgspec

from altui.config.checking import fitting, nearest, shown, wrong_in_environment, wrong_in_file
from altui.config.fields import Leaf, leaves
from altui.config.limits import PROFILE_NAME, wrong_in_settings
from altui.config.secret import ConfigError, Secret
from altui.config.settings import Settings

Table = dict[str, Any]
OPTIONAL = {"updated", "table", "ops", "count"}
"""Keys of a table or mart that may be none."""


def load(environ: Mapping[str, str] | None = None, path: Path | None = None) -> Settings:
    """Settings from the file (given, or found) and the environment.

    Raises ConfigError that names everything that is wrong: unknown keys and names with the
    nearest right one, values that do not fit, a profile that is not there.
    """
    environ = os.environ if environ is None else environ
    found = path or find(environ)
    data = read(found)
    in_file = [f"{found}: {words}" for words in wrong_in_file(data)]
    unknown = list(wrong_in_environment(environ))
    data = fitting(data)
    chosen: Table = {}
    try:
        chosen = _chosen(data, environ, found)
    except ConfigError as error:
        in_file = in_file or [str(error)]  # what is wrong may be the profile that was meant
    settings, unfit = _over(chosen, environ)
    # what was left out stands at its default, which need not fit to the rest
    alone = bool(in_file or unfit)
    refuse([*in_file, *unknown, *unfit, *wrong_in_settings(settings, alone=alone)])
    return settings


def settings_of(data: Table, environ: Mapping[str, str]) -> Settings:
    """Settings of a table that was checked, with the environment over it. Raises ConfigError."""
    settings, wrong = _over(data, environ)
    refuse(wrong)
    return settings


def _over(data: Table, environ: Mapping[str, str]) -> tuple[Settings, list[str]]:
    """The settings without what the environment says that does not fit, and words for that."""
    merged = _copied(data)
    wrong: list[str] = []
    for leaf in leaves():
        if name := set_by(leaf, environ):
            try:
                value = _parsed(environ[name], leaf.kind)
            except ValueError as error:
                wrong.append(f"{name}={shown(environ[name])} in the environment: {error}")
                continue
            section: Any = merged
            for key in leaf.path[:-1]:
                section = section.setdefault(key, {})
            section[leaf.path[-1]] = value
    _empty_words_as_none(merged)
    return msgspec.convert(merged, Settings, dec_hook=_decode), wrong


def find(environ: Mapping[str, str]) -> Path | None:
    """altui.toml of `ALTUI_CONFIG`, the working directory or the platform's configuration.

    Raises ConfigError where one of them lets nobody look.
    """
    if named := environ.get("ALTUI_CONFIG"):
        return Path(named)
    here = Path("altui.toml")
    if _is_there(here):
        return here
    platform = platform_path()
    return platform if _is_there(platform) else None


def _is_there(path: Path) -> bool:
    try:
        return path.exists()  # what is no file is refused when it is read
    except OSError as error:
        raise ConfigError(
            f"{path}: cannot be looked for: {error.strerror}; name the file with --config or "
            f"ALTUI_CONFIG ({os.devnull} for none)"
        ) from error


def platform_path() -> Path:
    """altui.toml in the platform's configuration directory, there or not."""
    from platformdirs import user_config_path

    return user_config_path("altui") / "altui.toml"


def read(path: Path | None) -> Table:
    """The file as it stands; nothing without one. Raises ConfigError."""
    if path is None:
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not valid TOML: {_plainly(str(error))}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from error
    except ValueError as error:  # Python's limit on reading decimal figures
        raise ConfigError(f"{path}: it holds a number of too many digits") from error
    except RecursionError as error:
        raise ConfigError(f"{path}: lists or tables are nested too deeply") from error


def _plainly(words: str) -> str:
    """tomllib's words; those for a string without its second quote speak of characters."""
    found = re.search(r"'\\n'.* \(at line (\d+)", words)
    if found:
        return f"a string is not closed on line {found[1]}"
    if re.match(r"Unterminated string|Expected \"'\" \(at end", words):
        return "a string is not closed before the end of the file"
    return words


def origins(environ: Mapping[str, str], path: Path | None = None) -> dict[str, str]:
    """Where each setting ("bigquery.dataset") comes from, in words.

    "default", "altui.toml", "altui.toml [profiles.prod]" or "environment ES_URL". Raises
    ConfigError when the file cannot be read or its profile is not there.
    """
    found = path or find(environ)
    data = read(found)
    file = found.name if found else ""
    name, own = profile_of(data, environ, found)
    said: dict[str, str] = {}
    for leaf in leaves():
        if variable := set_by(leaf, environ):
            said[leaf.dotted] = f"environment {variable}"
        elif value_at(own, leaf.path) is not None:
            said[leaf.dotted] = f"{file} [profiles.{name}]"
        elif value_at(data, leaf.path) is not None:
            said[leaf.dotted] = file
        else:
            said[leaf.dotted] = "default"
    return said


def refuse(wrong: Iterable[str]) -> None:
    """Raises ConfigError with all the lines, when there are any.

    They may repeat keys and names of the file: what would move a cursor is shown as an escape.
    """
    lines = list(dict.fromkeys(map(_printable, wrong)))
    if len(lines) == 1:
        raise ConfigError(lines[0])
    if lines:
        raise ConfigError("\n  ".join([f"{len(lines)} settings are wrong:", *lines]))


def _printable(line: str) -> str:
    return "".join(one if one.isprintable() else ascii(one)[1:-1] for one in line)


def _chosen(data: Table, environ: Mapping[str, str], path: Path | None) -> Table:
    """The shared settings with the chosen profile's table laid over them."""
    name, own = profile_of(data, environ, path)
    shared = {key: value for key, value in data.items() if key != "profiles"}
    return _laid_over({**shared, "profile": name}, own)


def profile_of(data: Table, environ: Mapping[str, str], path: Path | None) -> tuple[str, Table]:
    """The profile's name, from the environment or else the file, and its own table.

    Without a table `profiles` the file is one pipeline, by its own name or `default`; where no file
    says anything, any name will do. Raises ConfigError when the name is none of those in the file.
    """
    profiles = cast(dict[str, Table], data.get("profiles") or {})
    name = _named(list(profiles), environ.get("ALTUI_PROFILE") or data.get("profile"), path)
    own = data.get("profile") or "default"
    if data and not profiles and name != own:
        raise ConfigError(
            f"{path}: no profile {name!r}; it holds {own} alone (`altui init --profile {name}` "
            f"adds it, ALTUI_CONFIG={os.devnull} leaves the file out)"
        )
    return name, profiles.get(name, {})


def _named(known: list[str], name: str | None, path: Path | None) -> str:
    for one in [name or "default", *known]:
        if not PROFILE_NAME.fullmatch(str(one)):
            raise ConfigError(f"profile: {shown(one)} must be letters, digits, - and _")
    if not known:
        return name or "default"
    listed = ", ".join(known)
    if not name:
        raise ConfigError(
            f"{path} holds the profiles {listed}: choose one with --profile, ALTUI_PROFILE or a "
            f'first line such as profile = "{known[0]}"'
        )
    if name not in known:
        near = nearest(name, known)
        raise ConfigError(f"{path}: no profile {name!r}{near}; it holds {listed}")
    return name


def _laid_over(below: Table, above: Table) -> Table:
    """Both tables in one; where both say something, what is above. Lists are replaced whole."""
    merged = dict(below)
    for key, value in above.items():
        under = merged.get(key)
        if isinstance(value, dict) and isinstance(under, dict):
            merged[key] = _laid_over(cast(Table, under), cast(Table, value))
        else:
            merged[key] = value
    return merged


def _copied(data: Table) -> Table:
    return {
        key: _copied(cast(Table, value)) if isinstance(value, dict) else value
        for key, value in data.items()
    }


def _empty_words_as_none(data: Table) -> None:
    """TOML has no null: `updated = ""` says that a table has no such column."""
    pipeline = cast(dict[str, list[Table]], data.get("pipeline") or {})
    for name in {"tables", "marts"} & set(pipeline):
        pipeline[name] = [
            {key: None if value == "" and key in OPTIONAL else value for key, value in row.items()}
            for row in pipeline[name]
        ]


def set_by(leaf: Leaf, environ: Mapping[str, str]) -> str | None:
    """The name in the environment that sets it; an empty or blank variable sets nothing."""
    return next((name for name in leaf.names if environ.get(name, "").strip()), None)


def value_at(data: Table, path: tuple[str, ...]) -> Any:
    """What stands in the file under the path; None where nothing does."""
    place: Any = data
    for key in path:
        if not isinstance(place, dict):
            return None
        place = cast(Table, place).get(key)
    return place


def _parsed(text: str, kind: Any) -> Any:
    """Raises ValueError that says what is wanted."""
    if kind is bool:
        lowered = text.strip().lower()
        if lowered in {"1", "true", "yes", "on"}:
            return True
        if lowered in {"0", "false", "no", "off"}:
            return False
        raise ValueError("say true or false")
    if kind is int or kind is float:
        try:
            return kind(text)
        except ValueError:
            wanted = "a whole number" if kind is int else "a number"
            raise ValueError(f"say {wanted}") from None
    return text.strip()


def _decode(kind: type, value: Any) -> Any:
    if kind is Secret and isinstance(value, str):
        return Secret(value)
    raise TypeError(f"expected {kind.__name__}")
