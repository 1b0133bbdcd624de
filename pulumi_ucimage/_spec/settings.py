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
        default: what is used if nothing is set, in words.
        secret: whether it must be stored encrypted.
        in_profile: its name in the CLI's profile files; None if they do not have it.
        in_ucloud: whether it is also read after `ucloud:`.
    """

    key: str
    variable: str
    description: str
    default: str = "none"
    secret: bool = False
    in_profile: str | None = None
    in_ucloud: bool = False

    @property
    def is_masked(self) -> bool:
        """Whether its value is never shown; a public key is not secret, but not shown."""
        return self.secret or self.key == "publicKey"

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
        in_profile="public_key",
        in_ucloud=True,
    ),
    Setting(
        "privateKey",
        "UCLOUD_PRIVATE_KEY",
        "The private key of the API key pair.",
        "the profile's",
        secret=True,
        in_profile="private_key",
        in_ucloud=True,
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
        in_profile="region",
        in_ucloud=True,
    ),
    Setting(
        "projectId",
        "UCLOUD_PROJECT_ID",
        "The project of the buckets, such as `org-abc123`.",
        "the profile's",
        in_profile="project_id",
        in_ucloud=True,
    ),
    Setting(
        "baseUrl",
        "UCLOUD_API_BASE_URL",
        "The address of the API.",
        "the profile's, then `https://api.ucloud.cn/`",
        in_profile="base_url",
        in_ucloud=True,
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
    ),
    Setting(
        "sharedCredentialsFile",
        "UCLOUD_SHARED_CREDENTIAL_FILE",
        "The UCloud CLI's file of keys.",
        "`~/.ucloud/credential.json`",
    ),
    Setting(
        "timeoutSeconds",
        "UCIMAGE_TIMEOUT_SECONDS",
        "How long one look-up may take, in seconds: all pages, all attempts.",
        "60",
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
    ),
    Setting(
        "explain",
        "UCIMAGE_EXPLAIN",
        "Explain each choice in an info line.",
        "false",
    ),
    Setting(
        "checkTotalCount",
        "UCIMAGE_CHECK_TOTAL_COUNT",
        "Require that the API's TotalCount matches what was read. If false, two equal"
        " readings up to an empty page are enough.",
        "true",
    ),
)
SETTINGS_BY_KEY: Final = {setting.key: setting for setting in SETTINGS}

STACK_KEYS: Final = (
    *(setting.full_key() for setting in SETTINGS),
    *(setting.full_key(UCLOUD_NAMESPACE) for setting in SETTINGS if setting.in_ucloud),
)
"""Every key that is read from a stack's configuration, with its namespace."""
