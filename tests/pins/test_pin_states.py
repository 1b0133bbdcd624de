"""States that an older or newer release wrote, or that are damaged; in both providers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pins.pin_providers import NAME, PROVIDERS, CheckError
from pulumi_ucimage._spec import results
from pulumi_ucimage._spec.naming import wire_name
from pulumi_ucimage.emulator import DEMO_IMAGE

if TYPE_CHECKING:
    from pins.pin_providers import EngineLog, PinProvider
    from pulumi_ucimage.emulator import Emulator


INPUTS = {"bucket_name": "ucs", "image_name": "helloworld"}
TRIGGERED = {**INPUTS, "triggers": {"a": "1"}}
GOOD = {
    "bucket_name": "ucs",
    "wanted_image": "helloworld",
    "region": "cn-bj2",
    "project_id": "",
    "tag": "1.1.0",
    "image": f"{DEMO_IMAGE}:1.1.0",
    "image_name": DEMO_IMAGE,
    "create_time": 1719792000,
    "created_at": "2024-07-01T00:00:00Z",
    "found": True,
    "previous_tag": "",
    "available": True,
    "retagged": False,
}
DATA = Path(__file__).parent

MISSING = object()
WRONG: dict[str, list[Any]] = {
    "bucket_name": [MISSING, None, 7, ["a"]],
    "region": [MISSING, None, 7, {"a": "b"}],
    "project_id": [7, True],
    "tag": [MISSING, None, 7, ["1.1.0"]],
    "image": [MISSING, None, True],
    "image_name": [MISSING, None, 7],
    "create_time": ["soon", 1.5, True],
    "created_at": [7],
    "found": [MISSING, None, "true", 2],
    "previous_tag": [7, {"a": "b"}],
    "digest": [7, True],
    "repo_digest": [7, ["a"]],
    "previous_digest": [7, {"a": "b"}],
    "available": [MISSING, None, "true"],
    "retagged": [MISSING, None, 2],
}
"""The values that a field must not have; one that may be empty may also be missing."""


def damaged(field: str) -> list[dict[str, Any]]:
    """States in each of which a field has a value that it must not have."""
    rest = {key: kept for key, kept in GOOD.items() if key != field}
    return [rest if value is MISSING else {**rest, field: value} for value in WRONG[field]]


def test_every_field_of_a_choice_is_tried() -> None:
    """A new output must be put into the table, and so be validated."""
    outputs = {output.name for output in results.PIN_OUTPUTS} - {"chosen_at"}

    assert {"bucket_name", "region", "project_id", *outputs} == WRONG.keys()


@pytest.mark.parametrize("inputs", [INPUTS, TRIGGERED], ids=["same", "trigger"])
@pytest.mark.parametrize("field", WRONG)
def test_a_damaged_state_is_one_sentence_of_check(
    provider: PinProvider, inputs: dict[str, Any], field: str
) -> None:
    """It names the pin, the field and what to do; nothing is looked up, and so moved."""
    names = {field, wire_name(field)}
    for olds in damaged(field):
        with pytest.raises(CheckError) as caught:
            provider.check(olds, inputs)

        problem = "has no" if olds.get(field) is None else "has an invalid"
        sentence = str(caught.value)
        begin = f"The state of the pin '{NAME}' {problem}"
        assert any(sentence.startswith(f"{begin} {name}: set tag to") for name in names)
        assert f"`pulumi up --replace '**::{NAME}'`" in sentence
        assert "Nothing was changed" in sentence


@pytest.mark.parametrize("field", WRONG)
def test_a_damaged_state_is_a_warning_of_refresh(
    provider: PinProvider, engine_log: EngineLog, field: str
) -> None:
    """The state stays as it is, and is not emptied."""
    for olds in damaged(field):
        inputs = {**olds, "__urn": provider.urn}
        outputs = {**inputs, "chosen_at": "2026-03-01T12:00:00Z"}

        after = provider.read(inputs, outputs)

        (line,) = engine_log.take()
        assert "warning" == line.severity
        assert f"The pin '{NAME}' could not be checked: " in line.text
        assert "Nothing was changed" in line.text
        for before, now in zip((inputs, outputs), after, strict=True):
            assert without_nothing(before) == without_nothing(now)


def without_nothing(state: dict[str, Any]) -> dict[str, Any]:
    """The fields that have a value: a plugin's null is the same as none."""
    return {key: value for key, value in state.items() if value not in (None, "")}


@pytest.mark.parametrize("field", WRONG)
def test_a_damaged_state_does_not_stop_diff_and_delete(
    provider: PinProvider, field: str
) -> None:
    """Diff sees the difference, and nothing is asked for to delete the pin."""
    for olds in damaged(field):
        assert (False, []) == provider.diff(olds, olds)
        assert field not in olds or provider.diff(olds, GOOD)[0]
        provider.delete(olds)


@pytest.mark.parametrize("field", WRONG)
def test_damaged_inputs_are_never_stored(provider: PinProvider, field: str) -> None:
    """Create and update refuse what Check would not have answered."""
    for olds in damaged(field):
        inputs = {**olds, "__urn": provider.urn}
        with pytest.raises(Exception, match=r"The state of the pin 'app' has (no|an)"):
            provider.create(inputs)
        with pytest.raises(Exception, match=r"The state of the pin 'app' has (no|an)"):
            provider.update(GOOD, inputs)


@pytest.mark.parametrize(
    ("field", "value"),
    [("project_id", ""), ("create_time", ""), ("created_at", ""), ("previous_tag", "")],
)
@pytest.mark.parametrize("is_missing", [False, True])
def test_what_may_be_empty_may_be_missing(
    provider: PinProvider, field: str, value: str, *, is_missing: bool
) -> None:
    """A pin of a tag without a CreateTime, or of the key's own project."""
    olds = {**GOOD, "create_time": "", field: value}
    if is_missing:
        del olds[field]

    state = provider.check(olds, INPUTS)

    assert (False, []) == provider.diff(olds, state)
    assert ("1.1.0", value) == (state["tag"], state.get(field, ""))


NEWER_INPUTS: list[tuple[str, Any]] = [
    ("min_age", "1w"),
    ("as_of", "yesterday"),
    ("wait", "1w"),
    ("policy", "calver"),
    ("order", "random"),
    ("semver_range", "newest ^1"),
    ("tag_regex", "(?=1)"),
    ("tag_extract", "upper($1)"),
    ("floating_tags", "latest"),
    ("triggers", "a"),
    ("semver_loose", "maybe"),
    ("allow_downgrade", 7),
    ("default_tag", ["a"]),
    ("order_by", {"by": "name"}),
    ("profile", 7),
    ("registry", ["a"]),
    ("wanted_tag", ["1.1.0"]),
    ("wanted_image", 7),
]


@pytest.mark.parametrize(("field", "value"), NEWER_INPUTS)
def test_a_stored_input_of_a_newer_release_is_different(
    provider: PinProvider,
    configured: Emulator,
    engine_log: EngineLog,
    field: str,
    value: Any,
) -> None:
    """That is all: the program's inputs are stored, and a choice goes by them."""
    configured.push("ucs", "helloworld", "2.0.0")
    olds = {**provider.check({}, INPUTS), field: value}
    configured.push("ucs", "helloworld", "3.0.0")
    configured.reset_requests()
    choosing = field not in {
        "wait",
        "allow_downgrade",
        "default_tag",
        "order_by",
        "profile",
        "registry",
        "wanted_image",
    }

    state = provider.check(olds, INPUTS)
    engine_log.take()
    inputs, outputs = provider.read(olds, {**olds, "chosen_at": "then"})
    provider.delete(olds)

    assert ("3.0.0" if choosing else "2.0.0") == state["tag"]
    assert state.get(field, "") in ("", "helloworld")
    assert "2.0.0" == inputs["tag"] == outputs["tag"]
    assert value == inputs[field]
    assert choosing + (field not in {"profile", "order_by"}) == len(configured.requests)


def test_unknown_fields_are_kept(provider: PinProvider, configured: Emulator) -> None:
    """A newer release finds its own again, whatever this one does with the pin."""
    newer = {"size": "5 MB", "signatures": {"a": ["b"]}}
    olds = {**provider.check({}, INPUTS), **newer}

    same = provider.check(olds, INPUTS)
    stored = provider.check(olds, {**INPUTS, "allow_downgrade": True})
    configured.push("ucs", "helloworld", "2.0.0")
    moved = provider.check(olds, TRIGGERED)
    updated = provider.update(olds, moved)
    looked = provider.read(moved, updated)

    assert "2.0.0" == moved["tag"]
    for state in (same, stored, moved, updated, *looked):
        assert newer.items() <= state.items()


# --- States of the first version ---


def first_version(kind: str) -> dict[str, dict[str, Any]]:
    """The pins of a stack that the first version wrote, by name."""
    whole = json.loads((DATA / f"first_version_{kind}.json").read_text())
    return {
        resource["urn"].rpartition("::")[2]: resource
        for resource in whole["deployment"]["resources"]
        if resource["type"].endswith(":ImagePin")
    }


PROGRAMS: dict[str, dict[str, Any]] = {
    "newest": INPUTS,
    "explicit": {**INPUTS, "tag": "1.0.0"},
    "semver": {
        "bucket_name": "ucs",
        "policy": "semver",
        "semver_range": "^1",
        "min_age": "1d",
        "as_of": "2024-12-31T00:00:00Z",
        "floating_tags": ["latest"],
        "triggers": {"release": "1"},
    },
    "default": {
        "bucket_name": "ucs",
        "image_name": "ucsdr.ucloud.cn:5000/ucs/new",
        "default_tag": "0.0.1",
    },
    # The engine sends the pinned tag in place of an ignored one.
    "ignoring": {**INPUTS, "tag": "1.1.0"},
}


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("kind", ["dynamic", "plugin"])
def test_a_state_of_the_first_version_is_read_without_a_change(
    configured: Emulator, engine_log: EngineLog, kind: str, name: str
) -> None:
    """With what was pushed since, without a call, and a refresh finds it as it was."""
    resource = first_version(kind)[name]
    provider: Any = PROVIDERS[kind]()
    inputs, outputs = resource["inputs"], resource["outputs"]
    if kind == "plugin":
        inputs, outputs = map(python_names, (inputs, outputs))
    configured.push("ucs", "helloworld", "2.0.0")

    state = provider.check(
        inputs, PROGRAMS[name], ignores_tag=name == "ignoring", urn=resource["urn"]
    )
    calls = len(configured.requests)
    looked, _ = provider.read(inputs, outputs)

    assert 0 == calls
    assert (False, []) == provider.diff(inputs, state)
    assert {k: v for k, v in inputs.items() if k[:2] != "__"} == {
        k: v for k, v in state.items() if k[:2] != "__"
    }
    assert inputs["tag"] == looked["tag"]
    assert inputs["image"].startswith((DEMO_IMAGE, "ucsdr.ucloud.cn:5000/ucs/new"))


def python_names(state: dict[str, Any]) -> dict[str, Any]:
    """A plugin's state by Python's names."""
    names = {wire_name(key): key for key in (*WRONG, *PROGRAMS["semver"])}
    names |= {"wantedTag": "wanted_tag", "wantedImage": "wanted_image"}
    names |= {"defaultTag": "default_tag", "chosenAt": "chosen_at"}
    return {
        names.get(key, key): "" if value is None else value for key, value in state.items()
    }
