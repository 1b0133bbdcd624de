"""The package schema: made from the tables of arguments, results and settings."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final, get_args, get_origin

from pulumi_ucimage._lookup.function_spec import FUNCTIONS
from pulumi_ucimage._spec import arguments, pin_state, results
from pulumi_ucimage._spec.arguments import Argument, ArgumentType
from pulumi_ucimage._spec.results import DockerImage, DockerImageTag, Field, TagCounts
from pulumi_ucimage._spec.settings import SETTINGS, Setting
from pulumi_ucimage.plugin import wire
from pulumi_ucimage.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable

    Json = dict[str, Any]

_TYPES: Final = {
    f"ucimage:index:{cls.__name__}": cls for cls in (DockerImage, DockerImageTag, TagCounts)
}
_NAMES: Final[dict[Any, str]] = {
    str: "string",
    int: "integer",
    bool: "boolean",
    **{cls: token for token, cls in _TYPES.items()},
}


def schema() -> str:
    """The schema as JSON."""
    return json.dumps(_package())


def _package() -> Json:
    config = {setting.key: _setting(setting) for setting in SETTINGS}
    return {
        "name": "ucimage",
        "namespace": "ucloud-community",
        "displayName": "UCloud images",
        "version": __version__,
        "description": "Find a container image's tag in UCloud's registry.",
        "keywords": ["pulumi", "ucloud", "docker", "category/cloud", "kind/native"],
        "license": "Apache-2.0",
        "publisher": "ucloud-community",
        "language": {
            language: {"respectSchemaVersion": True}
            for language in ("csharp", "go", "nodejs", "python")
        },
        "config": {"variables": config},
        "provider": {
            "description": "Keys, region and endpoint for the calls of one provider."
            " Settings that are missing here are read from the environment, then from the"
            " UCloud CLI's profile files.",
            "inputProperties": config,
        },
        "types": {
            token: {
                "type": "object",
                "description": cls.__doc__,
                **_fields(cls.fields),
            }
            for token, cls in _TYPES.items()
        },
        "functions": {
            function.token: {
                "description": _docs(function.token),
                "inputs": {
                    "type": "object",
                    "properties": _arguments(function.arguments),
                    "required": _required(function.arguments),
                },
                "outputs": {"type": "object", **_fields(function.result.fields)},
            }
            for function in FUNCTIONS.values()
        },
        "resources": {
            pin_state.PLUGIN_TYPE: {
                "description": _docs(pin_state.PLUGIN_TYPE),
                "inputProperties": _arguments(arguments.IMAGE_PIN),
                "requiredInputs": _required(arguments.IMAGE_PIN),
                **_fields(results.PIN_OUTPUTS),
            }
        },
    }


def _docs(token: str) -> str:
    """A description with examples, from the Markdown files beside this module."""
    name = token.rpartition(":")[2]
    return (files(__package__) / "docs" / f"{name}.md").read_text("utf-8").strip()


def _setting(setting: Setting) -> Json:
    # Strings, as in Pulumi's configuration; a typed setting would get its type's default.
    text = f"{setting.description} Also `{setting.variable}` in the environment."
    default = f"By default {setting.default}."
    secret = {"secret": True} if setting.secret else {}
    return {"type": "string", "description": f"{text} {default}", **secret}


def _arguments(table: Iterable[Argument]) -> Json:
    return {
        argument.wire_name: {
            **_argument_type(argument.type),
            "description": wire.with_wire_names(argument.description),
        }
        for argument in table
    }


def _argument_type(of: ArgumentType) -> Json:
    inner = {
        ArgumentType.STRINGS: {"items": {"type": "string"}},
        ArgumentType.MAP: {"additionalProperties": {"type": "string"}},
    }
    return {"type": of.value, **inner.get(of, {})}


def _required(table: Iterable[Argument]) -> list[str]:
    return [argument.wire_name for argument in table if argument.required]


def _fields(fields: Iterable[Field]) -> Json:
    properties = {
        field.wire_name: {
            **_field_type(field.type),
            "description": wire.with_wire_names(field.description),
        }
        for field in fields
    }
    required = [f.wire_name for f in fields if type(None) not in get_args(f.type)]
    return {"properties": properties, "required": required}


def _field_type(of: Any) -> Json:
    if get_origin(of) is list:
        return {"type": "array", "items": _field_type(get_args(of)[0])}
    (cls,) = {of, *get_args(of)} & _NAMES.keys()
    name = _NAMES[cls]
    return {"$ref": f"#/types/{name}"} if name in _TYPES else {"type": name}
