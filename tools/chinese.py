"""The words of the Chinese tables, by the English words of the code."""

from __future__ import annotations

from typing import Final

_CHINESE: Final = {
    # The columns and the fixed words
    "`ucimage:` key": "`ucimage:` 配置项",
    "environment": "环境变量",
    "default": "默认值",
    " (secret)": "（机密）",
    "Option": "配置项",
    "Required": "必填",
    "Description": "说明",
    "Environment Variable": "环境变量",
    "Yes, here or in the environment or a profile": "是：在此处、环境变量或 profile 中设置",
    "No": "否",
    " Secret.": "机密信息。",
    " Default: {}.": "默认值：{}。",
    # The defaults
    "none": "无",
    "the profile's": "profile 中的值",
    "the profile's, then `https://api.ucloud.cn/`": (
        "profile 中的值，其次是 `https://api.ucloud.cn/`"
    ),
    "the active one, else the one named `default`": (
        "当前激活的 profile，其次是名为 `default` 的 profile"
    ),
    "the host in the image's name": "镜像名称中的主机",
    "Docker's configuration": "Docker 的配置",
    # The settings
    "The public key of the API key pair.": "API 密钥对的公钥。",
    "The private key of the API key pair.": "API 密钥对的私钥。",
    "The token of a temporary key pair; set in the same place as the pair.": (
        "临时密钥对的令牌；必须与密钥对设置在同一个地方。"
    ),
    "The region of the buckets, such as `cn-bj2`.": "bucket 所在的地域，例如 `cn-bj2`。",
    "The project of the buckets, such as `org-abc123`.": (
        "bucket 所属的项目，例如 `org-abc123`。"
    ),
    "The address of the API.": "API 的地址。",
    "The profile of the UCloud CLI that is used.": "使用 UCloud CLI 的哪个 profile。",
    "The UCloud CLI's file of profiles.": "UCloud CLI 的 profile 文件。",
    "The UCloud CLI's file of keys.": "UCloud CLI 的密钥文件。",
    "How long one look-up may take, in seconds: all pages, all attempts.": (
        "一次查询最多用多少秒，包括所有分页和所有重试。"
    ),
    "The `host[:port]` that adds or replaces the registry host in every `image`.": (
        "`host[:port]`，添加或替换每个 `image` 中镜像仓库的主机。"
    ),
    "The user name at the registry, used to resolve digests.": (
        "镜像仓库的用户名，用于查询摘要（digest）。"
    ),
    "The password at the registry; set in the same place as the user name.": (
        "镜像仓库的密码；必须与用户名设置在同一个地方。"
    ),
    "How many times a call is retried after a temporary failure.": (
        "遇到暂时性故障时，一次调用最多重试几次。"
    ),
    "Explain each choice in an info line.": "是否用一行信息说明每次选择。",
    "Require that the API's TotalCount matches what was read. If false, two equal"
    " readings up to an empty page are enough.": (
        "读到的数量是否必须与 API 的 TotalCount 一致；设为 false 时，"
        "两次完整读取（读到空页为止）的结果相同即可。"
    ),
}


def chinese(text: str) -> str:
    """The Chinese words for a text of a table; a single word may stay as it is.

    Raises:
        KeyError: a text of several words has no translation yet.
    """
    return _CHINESE[text] if " " in text else _CHINESE.get(text, text)


PICTURE_TEXTS: Final = {
    "A function follows each push. A pin stays until one of its inputs changes.": (
        "函数跟随每次推送；pin 保持不变，直到它的某个输入改变。"
    ),
    "1.1.0 is deployed. Somebody pushes 1.2.0.": "已部署 1.1.0，有人推送了 1.2.0。",
    "deployed": "已部署",
    "function": "函数",
    "no change": "没有变化",
    "a trigger changed": "触发器的值改变",
    "The order of the rules, with one tag that each rule rejects": (
        "规则的顺序，以及每条规则排除的一个标签"
    ),
    "Each tag stops at the first rule that rejects it.": (
        "每个标签停在第一条排除它的规则上。"
    ),
    "2 candidates": "2 个候选",
}
"""The texts of the pictures; names of rules and verdicts stay as in the package."""


def chinese_picture(picture: str) -> str:
    """The same picture, an SVG, with Chinese texts."""
    for english, words in PICTURE_TEXTS.items():
        picture = picture.replace(f">{english}<", f">{words}<")
    return picture
