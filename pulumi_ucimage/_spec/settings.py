"""The table of settings: what can be configured, where, and what holds otherwise.

`config` resolves them; docs, and later the schema, are made from the same table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, final

NAMESPACE: Final = "ucimage"
"""The namespace of the stack's configuration keys."""


@final
@dataclass(frozen=True, slots=True)
class Setting:
    """One row of the table of settings.

    Attributes:
        key: in the stack's configuration, after `ucimage:`.
        variable: in the environment.
        description: what it means; Markdown.
        default: what holds where nothing is set, in words.
        secret: whether it must not be seen.
        in_profile: its name in the CLI's profile files; None where they have none.
    """

    key: str
    variable: str
    description: str
    default: str = "none"
    secret: bool = False
    in_profile: str | None = None

    @property
    def configured(self) -> str:
        """Its whole name in the stack's configuration."""
        return f"{NAMESPACE}:{self.key}"

    def command(self, value: str) -> str:
        """The command that configures it; for a secret, one that asks for the value."""
        what = (
            f"--secret {self.configured}" if self.secret else f"{self.configured} {value}"
        )
        return f"`pulumi config set {what}`"

    def warning_in_clear(self) -> str:
        """What to tell where a secret stands in the stack's configuration in clear."""
        return (
            f"{self.configured} stands in the stack's configuration in clear; encrypt it"
            f" with `pulumi config set --secret {self.configured}`, and replace the key if"
            " others could read it."
        )


SETTINGS: Final = (
    Setting(
        "publicKey",
        "UCLOUD_PUBLIC_KEY",
        "The public key of the API key pair.",
        "the profile's",
        in_profile="public_key",
    ),
    Setting(
        "privateKey",
        "UCLOUD_PRIVATE_KEY",
        "The private key of the API key pair.",
        "the profile's",
        secret=True,
        in_profile="private_key",
    ),
    Setting(
        "securityToken",
        "UCIMAGE_SECURITY_TOKEN",
        "The token beside a temporary key pair; taken from where the pair is.",
        secret=True,
    ),
    Setting(
        "region",
        "UCLOUD_REGION",
        "The region of the buckets, such as `cn-bj2`.",
        "the profile's",
        in_profile="region",
    ),
    Setting(
        "projectId",
        "UCLOUD_PROJECT_ID",
        "The project of the buckets, such as `org-abc123`.",
        "the profile's",
        in_profile="project_id",
    ),
    Setting(
        "baseUrl",
        "UCLOUD_API_BASE_URL",
        "The address of the API.",
        "the profile's, then `https://api.ucloud.cn/`",
        in_profile="base_url",
    ),
    Setting(
        "profile",
        "UCLOUD_PROFILE",
        "Which profile of the UCloud CLI's files is used.",
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
        "How long one look-up may take, in seconds: all pages and all tries.",
        "60",
    ),
    Setting(
        "registry",
        "UCIMAGE_REGISTRY",
        "The `host[:port]` that supplies or replaces the registry's host in every `image`.",
        "the host in the image's name",
    ),
    Setting(
        "maxRetries",
        "UCIMAGE_MAX_RETRIES",
        "How often a call that failed for the moment is tried again.",
        "3",
    ),
    Setting(
        "explain",
        "UCIMAGE_EXPLAIN",
        "Whether each choice is explained in an info line.",
        "false",
    ),
    Setting(
        "checkTotalCount",
        "UCIMAGE_CHECK_TOTAL_COUNT",
        "Whether the API's TotalCount must fit what was read; if false, two equal"
        " readings up to an empty page are enough.",
        "true",
    ),
)
SETTINGS_BY_KEY: Final = {setting.key: setting for setting in SETTINGS}

SECRET_KEYS: Final = frozenset(setting.key for setting in SETTINGS if setting.secret)
"""The keys whose values belong into the stack's configuration encrypted."""
