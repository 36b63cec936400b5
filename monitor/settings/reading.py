"""Reading the settings file, the environment over it: all mistakes at once."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

import pydantic_settings
from pydantic import ValidationError
from pydantic_settings import BaseSettings, InitSettingsSource, PydanticBaseSettingsSource

from monitor.settings.telling import PLAIN_OF_RECEIVERS
from monitor.settings.whole import ENV_PREFIX, Settings


class SettingsError(Exception):
    """A configuration that cannot be used; `problems` names every mistake with its key and what is allowed."""

    def __init__(self, path: Path, problems: list[str]) -> None:
        super().__init__(f"{path}: " + "; ".join(problems))
        self.path = path
        self.problems = problems


def read_settings(path: Path) -> Settings:
    """Read a settings file, with the environment over it.

    Raises:
        SettingsError: the file cannot be read, is not TOML, or holds mistakes: all of them, each with its key.
    """
    try:
        written = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise SettingsError(path, [f"cannot be read: {error.strerror}"]) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(path, [f"is not TOML: {error}"]) from error

    class _FromFile(Settings):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            del init_settings, dotenv_settings, file_secret_settings
            return env_settings, InitSettingsSource(settings_cls, written)

    problems = _strange_variables()
    try:
        settings = _FromFile()
    except ValidationError as error:
        problems += [_problem(each) for each in error.errors()]
    except pydantic_settings.SettingsError as error:
        problems.append(f'environment: {error}; write lists as JSON: ["health"]')
    if problems:
        raise SettingsError(path, problems)
    return settings


def _strange_variables() -> list[str]:
    """Name variables of the environment that look like settings of a section that there is not."""
    sections = [f"{ENV_PREFIX}{name}".upper() for name in Settings.model_fields]
    return [
        f"{name}: no such section in the environment; known are {', '.join(sections)}"
        for name in sorted(os.environ)
        if name.upper().startswith(ENV_PREFIX) and "__" in name and name.upper().partition("__")[0] not in sections
    ]


def _problem(error: object) -> str:
    """Say one mistake: its key, what is wrong with it, and what was found."""
    if not isinstance(error, dict):
        return str(error)
    key = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        return f"{key}: no such key"
    message = str(error["msg"]).removeprefix("Value error, ")
    said = f"{key}: {message[:1].lower()}{message[1:]}"
    # A receiver's address and secret are not repeated: messages end up in logs.
    may_be_secret = error["loc"][0] == "receivers" and error["loc"][-1] not in PLAIN_OF_RECEIVERS
    return said if may_be_secret else f"{said} (found {error['input']!r})"
