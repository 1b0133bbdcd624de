"""Every source that a setting can come from."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from pulumi_ucimage._config.resolve import Settings, load
from pulumi_ucimage._http.endpoint import Endpoint
from pulumi_ucimage._secret import Secret
from pulumi_ucimage._spec.settings import SETTINGS_BY_KEY
from pulumi_ucimage.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


CANARY = "canary-51c7"
KEY_PAIR = ("publicKey", "privateKey")
REGISTRY_PAIR = ("registryUsername", "registryPassword")

ARGUMENTS = {
    "region": "region",
    "projectId": "project_id",
    "profile": "profile",
    "registry": "registry",
}


@dataclass
class SettingSources:
    """Every source that a setting can come from.

    The sources are `argument`, `ucimage` and `ucloud` (both in the stack's configuration),
    `environment` and `profile` (the one named `default`).
    """

    home: Path
    environment: pytest.MonkeyPatch
    stack: dict[str, str | Secret | None] = field(default_factory=dict)
    arguments: dict[str, Any] = field(default_factory=dict)
    configs: list[dict[str, Any]] = field(default_factory=list)
    credentials: list[dict[str, Any]] = field(default_factory=list)

    @property
    def config_file(self) -> Path:
        """The CLI's file of profiles."""
        return self.home / ".ucloud" / "config.json"

    @property
    def credentials_file(self) -> Path:
        """The CLI's file of keys."""
        return self.home / ".ucloud" / "credential.json"

    def set(self, source: str, key: str, value: str) -> None:
        """Set a setting in a source."""
        setting = SETTINGS_BY_KEY[key]
        if source == "argument":
            self.arguments[ARGUMENTS[key]] = value
        elif source in {"ucimage", "ucloud"}:
            self.stack[f"{source}:{key}"] = Secret(value)
        elif source == "environment":
            self.environment.setenv(setting.variable, value)
        elif source == "profile":
            self.set_profile("default", **{setting.profile_field or key: value})
        else:
            raise AssertionError(source)

    def set_profile(self, name: str, **fields: str) -> None:
        """Set some fields of a profile."""
        for key, value in fields.items():
            of_key = key in {"public_key", "private_key", "auth_mode"}
            rows = self.credentials if of_key else self.configs
            row = next((row for row in rows if row["profile"] == name), None)
            if row is None:
                rows.append(row := {"profile": name})
            row[key] = value

    def set_pair(self, source: str, value: str = "demo") -> None:
        """Set a key pair, made from one text."""
        for key in KEY_PAIR:
            self.set(source, key, f"{value}-{key}")

    def load(self) -> Settings:
        """Load the settings, from profile files that hold what was set."""
        for path, rows in (
            (self.config_file, self.configs),
            (self.credentials_file, self.credentials),
        ):
            if rows:
                path.parent.mkdir(exist_ok=True)
                path.write_text(json.dumps(rows))
        return load(self.stack, **self.arguments)

    def error(self) -> ConfigError:
        """Load the settings, which must fail."""
        with pytest.raises(ConfigError) as caught:
            self.load()
        return caught.value


def keys_of(settings: Settings) -> tuple[str, str, str | None]:
    """Public key, private key and token."""
    found = settings.credentials
    token = found.security_token
    return (
        found.public_key.reveal(),
        found.private_key.reveal(),
        token.reveal() if token else None,
    )


@dataclass
class Row:
    """Where a setting can be set, and what comes out of it."""

    attribute: str
    values: dict[str, tuple[str, Any]]
    default: Any = None


NAMES = {
    source: (f"by-{source}", f"by-{source}")
    for source in ("argument", "ucimage", "ucloud", "environment", "profile")
}

URLS = {
    source: (f"https://{source}.test/", Endpoint.parse(f"https://{source}.test/"))
    for source in ("ucimage", "ucloud", "environment", "profile")
}

HOSTS = {
    source: (f"{source}.test:5000", f"{source}.test:5000")
    for source in ("argument", "ucimage", "environment")
}

ORDER = {
    "region": Row("region", NAMES, ConfigError),
    "projectId": Row("project_id", NAMES),
    "baseUrl": Row("endpoint", URLS, Endpoint.parse("https://api.ucloud.cn/")),
    "registry": Row("registry", HOSTS),
    "timeoutSeconds": Row(
        "timeout_s", {"ucimage": ("10", 10.0), "environment": ("2.5", 2.5)}, 60.0
    ),
    "maxRetries": Row("max_retries", {"ucimage": ("0", 0), "environment": ("9", 9)}, 3),
    "explain": Row(
        "explain",
        {"ucimage": ("true", True), "environment": ("1", True)},
        default=False,
    ),
    "checkTotalCount": Row(
        "check_total_count",
        {"ucimage": ("false", False), "environment": ("0", False)},
        default=True,
    ),
}

SOURCES_OF_KEYS = ("ucimage", "ucloud", "environment", "profile")
