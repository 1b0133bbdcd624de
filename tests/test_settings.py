"""The table of settings says what the contract says."""

from __future__ import annotations

import pytest

from pulumi_ucimage._spec.settings import (
    NAMESPACE,
    SECRET_KEYS,
    SETTINGS,
    SETTINGS_BY_KEY,
    Setting,
)

# From section 6 of the contract: key, environment variable, name in the CLI's profiles.
TABLE = {
    ("publicKey", "UCLOUD_PUBLIC_KEY", "public_key"),
    ("privateKey", "UCLOUD_PRIVATE_KEY", "private_key"),
    ("securityToken", "UCIMAGE_SECURITY_TOKEN", None),
    ("region", "UCLOUD_REGION", "region"),
    ("projectId", "UCLOUD_PROJECT_ID", "project_id"),
    ("baseUrl", "UCLOUD_API_BASE_URL", "base_url"),
    ("profile", "UCLOUD_PROFILE", None),
    ("sharedConfigFile", "UCLOUD_SHARED_CONFIG_FILE", None),
    ("sharedCredentialsFile", "UCLOUD_SHARED_CREDENTIAL_FILE", None),
    ("timeoutSeconds", "UCIMAGE_TIMEOUT_SECONDS", None),
    ("registry", "UCIMAGE_REGISTRY", None),
    ("maxRetries", "UCIMAGE_MAX_RETRIES", None),
    ("explain", "UCIMAGE_EXPLAIN", None),
    ("checkTotalCount", "UCIMAGE_CHECK_TOTAL_COUNT", None),
}


def test_the_table_is_the_contract_s() -> None:
    """Every setting of the contract is there once, with its names; no other is."""
    rows = [(setting.key, setting.variable, setting.in_profile) for setting in SETTINGS]

    assert sorted(TABLE, key=str) == sorted(rows, key=str)


def test_what_is_secret() -> None:
    """The private key and the token are secret, and nothing else is."""
    assert {"privateKey", "securityToken"} == SECRET_KEYS


def test_settings_are_found_by_key() -> None:
    """Each row stands under its key."""
    assert {setting.key: setting for setting in SETTINGS} == SETTINGS_BY_KEY


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.key)
def test_descriptions_are_sentences(setting: Setting) -> None:
    """What a setting means is told in sentences."""
    assert setting.description[0].isupper()
    assert setting.description.endswith(".")


@pytest.mark.parametrize(
    ("key", "configured", "command"),
    [
        ("region", "ucimage:region", "`pulumi config set ucimage:region VALUE`"),
        ("publicKey", "ucimage:publicKey", "`pulumi config set ucimage:publicKey VALUE`"),
        # A secret on the command line would stay in the shell's history.
        (
            "privateKey",
            "ucimage:privateKey",
            "`pulumi config set --secret ucimage:privateKey`",
        ),
    ],
)
def test_how_a_setting_is_configured(key: str, configured: str, command: str) -> None:
    """The command that configures a setting encrypts a secret, and asks for its value."""
    setting = SETTINGS_BY_KEY[key]

    assert (configured, command) == (setting.configured, setting.command("VALUE"))


def test_the_namespace() -> None:
    """The stack's configuration keys begin with the package's name."""
    assert NAMESPACE == "ucimage"
