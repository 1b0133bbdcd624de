"""The table of settings says what the contract says."""

from __future__ import annotations

import pytest

from pulumi_ucimage._spec.settings import SETTINGS, SETTINGS_BY_KEY, STACK_KEYS, Setting

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
    ("registryUsername", "UCIMAGE_REGISTRY_USERNAME", None),
    ("registryPassword", "UCIMAGE_REGISTRY_PASSWORD", None),
    ("maxRetries", "UCIMAGE_MAX_RETRIES", None),
    ("explain", "UCIMAGE_EXPLAIN", None),
    ("checkTotalCount", "UCIMAGE_CHECK_TOTAL_COUNT", None),
}
# The keys of the UCloud provider that count as well.
UCLOUD = {
    "ucloud:publicKey",
    "ucloud:privateKey",
    "ucloud:region",
    "ucloud:projectId",
    "ucloud:baseUrl",
}


def test_the_table_is_the_contract_s() -> None:
    """Every setting of the contract is there once, with its names; no other is."""
    rows = [(setting.key, setting.variable, setting.profile_field) for setting in SETTINGS]

    assert sorted(TABLE, key=str) == sorted(rows, key=str)
    assert {setting.key: setting for setting in SETTINGS} == SETTINGS_BY_KEY


def test_the_keys_of_a_stack() -> None:
    """All of ours, and five of the UCloud provider's."""
    assert {f"ucimage:{key}" for key, *_ in TABLE} | UCLOUD == set(STACK_KEYS)


def test_what_is_secret_and_what_is_masked() -> None:
    """The public key is not a secret, but it is not shown either."""
    secret = {"privateKey", "securityToken", "registryPassword"}

    assert secret == {setting.key for setting in SETTINGS if setting.secret}
    assert secret | {"publicKey"} == {s.key for s in SETTINGS if s.is_masked}


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.key)
def test_descriptions_are_sentences(setting: Setting) -> None:
    """Each setting is described in sentences."""
    assert setting.description[0].isupper()
    assert setting.description.endswith(".")


@pytest.mark.parametrize(
    ("key", "namespace", "command"),
    [
        ("region", "ucimage", "`pulumi config set ucimage:region VALUE`"),
        ("publicKey", "ucloud", "`pulumi config set ucloud:publicKey VALUE`"),
        # A secret on the command line would stay in the shell's history.
        ("privateKey", "ucimage", "`pulumi config set --secret ucimage:privateKey`"),
        ("privateKey", "ucloud", "`pulumi config set --secret ucloud:privateKey`"),
    ],
)
def test_the_command_that_sets_a_setting(key: str, namespace: str, command: str) -> None:
    """The command encrypts a secret, and asks for its value."""
    assert command == SETTINGS_BY_KEY[key].command("VALUE", namespace)
