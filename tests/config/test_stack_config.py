"""A run is warned once about unknown keys and about secrets stored unencrypted."""

from __future__ import annotations

import gc
import json
import os
import weakref
from types import SimpleNamespace

import pulumi
import pulumi.runtime
import pytest

from pulumi_ucimage._config.stack import (
    key_warnings,
    stack_values,
)
from pulumi_ucimage._pulumi.stack_config import stack_config, warn_about_stack_config

CANARY = "canary-19d0"


@pytest.mark.parametrize(
    ("key", "closest"),
    [
        ("ucimage:regoin", "ucimage:region"),
        ("ucimage:Region", "ucimage:region"),
        ("ucimage:project", "ucimage:projectId"),
        ("ucimage:project_id", "ucimage:projectId"),
        ("ucimage:secretKey", "ucimage:securityToken"),
        ("ucimage:timeout", "ucimage:timeoutSeconds"),
        ("ucimage:public-key", "ucimage:publicKey"),
        ("ucimage:retries", "ucimage:maxRetries"),
    ],
)
def test_an_unknown_key_names_the_closest_setting(key: str, closest: str) -> None:
    """One sentence, with the command that removes the key."""
    assert key_warnings([key, key], unencrypted=()) == [
        f"{key} in the stack's configuration is not a setting and has no effect: did you"
        f" mean {closest}? Remove it with `pulumi config rm {key}`."
    ]


@pytest.mark.parametrize("key", ["ucimage:x\x1b[2J", "ucimage:", "ucimage:" + "z" * 500])
def test_the_warning_about_an_odd_key_is_printable(key: str) -> None:
    """Any other key is shown shortened and escaped, with some setting."""
    (warning,) = key_warnings([key], unencrypted=())

    assert warning.isprintable()
    assert "did you mean ucimage:" in warning
    assert len(warning) < 700


@pytest.mark.parametrize(
    "key",
    [
        "ucimage:region",
        "ucimage:registryPassword",
        # The engine's own.
        "ucimage:version",
        "ucimage:pluginDownloadURL",
        # Of other packages, and of the project.
        "ucloud:regoin",
        "ucloud:insecure",
        "app:regoin",
        "regoin",
    ],
)
def test_other_keys_are_not_a_mistake(key: str) -> None:
    """Settings, and keys that are not ours."""
    assert key_warnings([key], unencrypted=()) == []


def test_unencrypted_secrets() -> None:
    """Each is named in full, with the command that encrypts it; other keys are fine."""
    keys = [
        "ucimage:publicKey",
        "ucloud:privateKey",
        "ucloud:securityToken",
        "ucimage:registryPassword",
        "app:privateKey",
    ]

    assert key_warnings((), unencrypted=keys) == [
        f"{key} is stored unencrypted in the stack's configuration: encrypt it with"
        f" `pulumi config set --secret {key}`, and replace it if others could read it."
        for key in ("ucloud:privateKey", "ucimage:registryPassword")
    ]


def test_the_values_of_a_stack() -> None:
    """What is not set is left out, and nothing of it can be printed."""
    values = {
        "ucimage:region": CANARY,
        "ucloud:privateKey": CANARY,
        "ucimage:projectId": "",
        "ucimage:other": CANARY,
    }
    read = stack_values(values.get)

    assert {"ucimage:region": CANARY, "ucloud:privateKey": CANARY} == {
        key: secret.reveal() for key, secret in read.items()
    }
    assert CANARY not in repr(read)


# --- In a program ---


class Monitor:
    """The engine's monitor, as far as a warning needs it."""


@pytest.fixture
def warnings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is logged as a warning."""
    logged: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", logged.append)
    return logged


def start_run(config: dict[str, str], secret_keys: list[str]) -> Monitor:
    """Start a run with a configuration, as the language host does."""
    monitor = Monitor()
    pulumi.runtime.configure(pulumi.runtime.Settings("app", "dev", monitor=monitor))
    pulumi.runtime.set_all_config(config, secret_keys)
    return monitor


CONFIG = {
    "ucimage:regoin": "cn-bj2",
    "ucimage:privateKey": CANARY,
    "ucloud:privateKey": CANARY,
    "app:other": "x",
}


def test_a_run_is_warned_once(warnings: list[str]) -> None:
    """About everything that is wrong, and again in the next run."""
    first = start_run(CONFIG, ["ucimage:privateKey"])
    warn_about_stack_config()
    warn_about_stack_config()

    assert [warning.split()[0] for warning in warnings] == [
        "ucimage:regoin",
        "ucloud:privateKey",
    ]
    second = start_run(CONFIG, ["ucimage:privateKey"])
    warn_about_stack_config()
    assert len(warnings) == 4
    assert first is not second
    assert CANARY not in str(warnings)


def test_nothing_of_a_run_is_kept(warnings: list[str]) -> None:
    """Processes with many runs do not grow."""
    monitor = weakref.ref(start_run(CONFIG, []))
    warn_about_stack_config()
    pulumi.runtime.settings.reset_options()
    # Pulumi itself keeps the monitor until the next run.
    start_run({}, [])
    gc.collect()

    assert warnings
    assert monitor() is None


def test_without_an_engine_there_is_no_warning(warnings: list[str]) -> None:
    """A plain process has no stack."""
    pulumi.runtime.set_all_config(CONFIG, [])
    warn_about_stack_config()

    assert warnings == []


def test_the_configuration_of_the_environment(
    warnings: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The language host also passes it in a variable; it does not say which are secret."""
    monkeypatch.setitem(os.environ, "PULUMI_CONFIG", json.dumps(CONFIG))
    start_run({}, ["ucimage:privateKey", "ucloud:privateKey"])
    warn_about_stack_config()

    assert ["ucimage:regoin"] == [warning.split()[0] for warning in warnings]
    assert {"ucimage:privateKey", "ucloud:privateKey"} == set(stack_config())


@pytest.mark.parametrize("hidden", [SimpleNamespace(), SimpleNamespace(CONFIG=1)])
def test_a_pulumi_without_this_context_variable(
    warnings: list[str], monkeypatch: pytest.MonkeyPatch, hidden: object
) -> None:
    """If this part of Pulumi changes, only the warning about unknown keys is lost."""
    start_run(CONFIG, ["ucimage:privateKey"])
    monkeypatch.setattr(pulumi.runtime, "config", hidden)
    warn_about_stack_config()

    assert ["ucloud:privateKey"] == [warning.split()[0] for warning in warnings]
