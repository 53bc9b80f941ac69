"""HQ's settings: one TOML file decoded once into a frozen struct, each key overridable by environment."""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

PREFIX = "KEDAI_CLOUD_"


class BadConfig(Exception):
    """The settings cannot be used; the sentence says which key and what to write instead."""


class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything about HQ that an operator decides.

    `database_url`: where Postgres is; empty means one of HQ's own in the folder `data`.
    `owner_url`: who may change the schema, when the application's own login may not.
    `statement_cache`: 0 behind a pooler that shares connections between transactions.
    `cookie_secure`: send the sign-in cookie over https only.
    """

    database_url: str = ""
    owner_url: str = ""
    data: str = ""
    host: str = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65_535)] = 8000
    pool_size: Annotated[int, Meta(ge=2, le=200)] = 10
    statement_cache: int = 200
    cookie_secure: bool = False
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["text", "json"] = "text"
    grace_s: int = 3


def load(path: Path | None, environment: Mapping[str, str] | None = None) -> Config:
    """The settings of a file (none: the defaults) with the environment's on top.

    Raises BadConfig for a file that cannot be read, an unknown key or a value of the wrong kind.
    """
    values: dict[str, object] = {}
    if path is not None:
        try:
            values = tomllib.loads(path.read_text("utf-8"))
        except OSError as fault:
            raise BadConfig(f"The settings file {path} cannot be read: {fault.strerror}.") from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
            raise BadConfig(f"The settings file {path} is not valid TOML: {fault}.") from None
    known = {field.name for field in msgspec.structs.fields(Config)}
    for key in values:
        _ensure_known(key, known, str(path), "")
    environment = os.environ if environment is None else environment
    for name, text in environment.items():
        if name.startswith(PREFIX):
            key = name.removeprefix(PREFIX).lower()
            _ensure_known(key, known, "the environment", PREFIX)
            values[key] = text
    try:
        # Lax, so that the environment's text becomes the numbers and switches it stands for.
        return msgspec.convert(values, Config, strict=False)
    except msgspec.ValidationError as fault:
        raise BadConfig(f"The settings cannot be used: {fault}.") from None


def _ensure_known(key: str, known: set[str], where: str, prefix: str) -> None:
    if key not in known:
        names = ", ".join(sorted(prefix + (k.upper() if prefix else k) for k in known))
        shown = prefix + key.upper() if prefix else key
        raise BadConfig(f"{where} has the unknown key {shown}. Known keys: {names}.")
