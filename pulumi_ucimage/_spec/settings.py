"""The table of settings: what can be configured, where, and the default.

`_config` resolves them; the docs, the plugin's schema and `ucimage config` are made from
the same table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, final

NAMESPACE: Final = "ucimage"
"""The namespace of our keys in the stack's configuration."""

UCLOUD_NAMESPACE: Final = "ucloud"
"""The namespace of the UCloud provider for Pulumi, whose keys are read after ours."""


@final
@dataclass(frozen=True, slots=True)
class Setting:
    """One row of the table of settings.

    Attributes:
        key: in the stack's configuration, after `ucimage:`.
        variable: in the environment.
        description: what it means; Markdown.
        default: what is used if nothing is set, in words; Markdown.
        default_value: the same as a value, where there is one.
        secret: whether it must be stored encrypted.
        profile_field: its name in the CLI's profile files; None if they do not have it.
        is_ucloud_key: whether the UCloud provider's configuration has it too.
    """

    key: str
    variable: str
    description: str
    default: str = "none"
    default_value: str | None = None
    secret: bool = False
    profile_field: str | None = None
    is_ucloud_key: bool = False

    @property
    def is_masked(self) -> bool:
        """Whether its value is never shown; a public key is not secret, but not shown."""
        return self.secret or self.key == "publicKey"

    @property
    def stack_keys(self) -> tuple[str, ...]:
        """The keys of a stack's configuration by which it is read, in this order."""
        own = self.full_key()
        return (own, self.full_key(UCLOUD_NAMESPACE)) if self.is_ucloud_key else (own,)

    def full_key(self, namespace: str = NAMESPACE) -> str:
        """Its key in the stack's configuration, with the namespace."""
        return f"{namespace}:{self.key}"

    def command(self, value: str, namespace: str = NAMESPACE) -> str:
        """The command that configures it; for a secret, one that asks for the value."""
        key = self.full_key(namespace)
        what = f"--secret {key}" if self.secret else f"{key} {value}"
        return f"`pulumi config set {what}`"


SETTINGS: Final = (
    Setting(
        "publicKey",
        "UCLOUD_PUBLIC_KEY",
        "The public key of the API key pair.",
        "the profile's",
        profile_field="public_key",
        is_ucloud_key=True,
    ),
    Setting(
        "privateKey",
        "UCLOUD_PRIVATE_KEY",
        "The private key of the API key pair.",
        "the profile's",
        secret=True,
        profile_field="private_key",
        is_ucloud_key=True,
    ),
    Setting(
        "securityToken",
        "UCIMAGE_SECURITY_TOKEN",
        "The token of a temporary key pair; set in the same place as the pair.",
        secret=True,
    ),
    Setting(
        "region",
        "UCLOUD_REGION",
        "The region of the buckets, such as `cn-bj2`.",
        "the profile's",
        profile_field="region",
        is_ucloud_key=True,
    ),
    Setting(
        "projectId",
        "UCLOUD_PROJECT_ID",
        "The project of the buckets, such as `org-abc123`.",
        "the profile's",
        profile_field="project_id",
        is_ucloud_key=True,
    ),
    Setting(
        "baseUrl",
        "UCLOUD_API_BASE_URL",
        "The address of the API.",
        "the profile's, then `https://api.ucloud.cn/`",
        default_value="https://api.ucloud.cn/",
        profile_field="base_url",
        is_ucloud_key=True,
    ),
    Setting(
        "profile",
        "UCLOUD_PROFILE",
        "The profile of the UCloud CLI that is used.",
        "the active one, else the one named `default`",
    ),
    Setting(
        "sharedConfigFile",
        "UCLOUD_SHARED_CONFIG_FILE",
        "The UCloud CLI's file of profiles.",
        "`~/.ucloud/config.json`",
        default_value="~/.ucloud/config.json",
    ),
    Setting(
        "sharedCredentialsFile",
        "UCLOUD_SHARED_CREDENTIAL_FILE",
        "The UCloud CLI's file of keys.",
        "`~/.ucloud/credential.json`",
        default_value="~/.ucloud/credential.json",
    ),
    Setting(
        "timeoutSeconds",
        "UCIMAGE_TIMEOUT_SECONDS",
        "How long one look-up may take, in seconds: all pages, all attempts.",
        "60",
        default_value="60",
    ),
    Setting(
        "registry",
        "UCIMAGE_REGISTRY",
        "The `host[:port]` that adds or replaces the registry host in every `image`.",
        "the host in the image's name",
    ),
    Setting(
        "registryUsername",
        "UCIMAGE_REGISTRY_USERNAME",
        "The user name at the registry, used to resolve digests.",
        "Docker's configuration",
    ),
    Setting(
        "registryPassword",
        "UCIMAGE_REGISTRY_PASSWORD",
        "The password at the registry; set in the same place as the user name.",
        "Docker's configuration",
        secret=True,
    ),
    Setting(
        "maxRetries",
        "UCIMAGE_MAX_RETRIES",
        "How many times a call is retried after a temporary failure.",
        "3",
        default_value="3",
    ),
    Setting(
        "explain",
        "UCIMAGE_EXPLAIN",
        "Explain each choice in an info line.",
        "false",
        default_value="false",
    ),
    Setting(
        "checkTotalCount",
        "UCIMAGE_CHECK_TOTAL_COUNT",
        "Require that the API's TotalCount matches what was read. If false, two equal"
        " readings up to an empty page are enough.",
        "true",
        default_value="true",
    ),
)
SETTINGS_BY_KEY: Final = {setting.key: setting for setting in SETTINGS}

STACK_KEYS: Final = tuple(key for setting in SETTINGS for key in setting.stack_keys)
"""Every key that is read from a stack's configuration, with its namespace."""
