"""The file `altui init` writes: whole, or one more profile's table at its end."""

import contextlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from altui.config import ConfigError, Settings, load
from altui.config.checking import wrong_in_file
from altui.config.document import profile_table, whole
from altui.config.loading import read, refuse, settings_of


@dataclass(frozen=True)
class Target:
    path: Path
    was: str
    """The file's text that stays; empty when the file is written anew."""
    data: dict[str, Any]
    """What that text says."""

    @property
    def profiles(self) -> list[str]:
        return list(cast(dict[str, Any], self.data.get("profiles") or {}))

    def start(self, environ: Mapping[str, str]) -> Settings:
        """The answers that are there before anything was asked: what profiles share, and the
        environment."""
        own = {key: value for key, value in self.data.items() if key != "profiles"}
        return settings_of(own, environ)

    def text(self, settings: Settings) -> str:
        """The new file."""
        if not self.was:
            return whole(settings)
        before, current = self.was.rstrip("\n") + "\n", self.data.get("profile")
        if not current and not self.profiles:
            current = "default"
            before = f'profile = "{current}"\n{before}'
        if current and current not in self.profiles:
            # the pipeline that had the file for itself is a profile from now on
            before += f"\n# {current}: the settings above as they are.\n[profiles.{current}]\n"
        return f"{before}\n{profile_table(settings.profile, settings, self.start({}))}"

    def write(self, settings: Settings) -> None:
        """Writes the file whole or not at all, readable by its owner only.

        Raises ConfigError when it cannot be written or would not say what the settings say.
        """
        path = self.path.resolve()
        new = path.with_name(f".{path.name}.{os.getpid()}.new")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(self.text(settings))
            if load({"ALTUI_PROFILE": settings.profile}, new) != settings:
                raise ConfigError(f"{self.path} would say something else than what was answered")
            new.replace(path)
        except OSError as error:
            raise ConfigError(f"{self.path}: cannot be written: {error.strerror}") from error
        except UnicodeEncodeError:
            # a variable of the environment may hold any bytes
            raise ConfigError(f"{self.path}: cannot be written: an answer is not UTF-8") from None
        finally:
            with contextlib.suppress(OSError):
                new.unlink(missing_ok=True)


def refuse_unwritable(path: Path) -> None:
    """Raises ConfigError before anybody has answered for nothing."""
    try:
        if path.is_dir():
            raise ConfigError(f"{path} is a directory: name a file in it, such as altui.toml")
        if path.exists() and not path.is_file():
            raise ConfigError(f"{path} is no file: name one, such as altui.toml")
        folder = path.resolve().parent
        while not folder.exists():
            folder = folder.parent
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror}") from error
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        raise ConfigError(f"{path}: cannot be written: {folder} does not allow it")


def anew(path: Path) -> Target:
    return Target(path, "", {})


def added_to(path: Path, profile: str) -> Target:
    """One more profile in a file that is there. Raises ConfigError when it holds that one."""
    data = read(path)
    refuse(f"{path}: {words}" for words in wrong_in_file(data))
    target = Target(path, path.read_text(encoding="utf-8"), data)
    if profile in {*target.profiles, data.get("profile") or "default"}:
        raise ConfigError(f"{path} holds the profile {profile} already: edit it there")
    return target
