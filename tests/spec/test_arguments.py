"""The table of arguments says what the contract says, and every signature follows it."""

from __future__ import annotations

import inspect
import math
from typing import TYPE_CHECKING, Any, get_args

import pytest

import pulumi_ucimage
from pulumi_ucimage._spec.arguments import (
    CHOICE_ARGUMENTS,
    GET_DOCKER_IMAGE,
    GET_DOCKER_IMAGES,
    Argument,
    ArgumentType,
    OrderName,
    PolicyName,
    validate_arguments,
)
from pulumi_ucimage._tags.policy import Policy
from pulumi_ucimage.errors import ArgumentError, ArgumentTypeError, InvalidPolicyError

if TYPE_CHECKING:
    from collections.abc import Callable

TEXT, NUMBER, FLAG = ArgumentType.STRING, ArgumentType.INTEGER, ArgumentType.BOOLEAN
TEXTS, MAP = ArgumentType.STRINGS, ArgumentType.MAP

# From sections 2 and 3 of the contract: Python name, wire name, type.
BOTH = {
    ("bucket_name", "bucketName", TEXT),
    ("region", "region", TEXT),
    ("project_id", "projectId", TEXT),
    ("profile", "profile", TEXT),
    ("image_name", "imageName", TEXT),
    ("registry", "registry", TEXT),
    ("order_by", "orderBy", TEXT),
}
IMAGES_ONLY = {
    ("name_regex", "nameRegex", TEXT),
    ("limit", "limit", NUMBER),
    ("offset", "offset", NUMBER),
}
OF_A_CHOICE = {
    ("policy", "policy", TEXT),
    ("order", "order", TEXT),
    ("semver_range", "semverRange", TEXT),
    ("semver_loose", "semverLoose", FLAG),
    ("tag_regex", "tagRegex", TEXT),
    ("tag_exclude_regex", "tagExcludeRegex", TEXT),
    ("tag_extract", "tagExtract", TEXT),
    ("min_age", "minAge", TEXT),
    ("as_of", "asOf", TEXT),
    ("floating_tags", "floatingTags", TEXTS),
    ("wait", "wait", TEXT),
    ("tag", "tag", TEXT),
    ("default_tag", "defaultTag", TEXT),
}
RESOLVE = {("resolve_digest", "resolveDigest", FLAG)}


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        pytest.param(GET_DOCKER_IMAGES, BOTH | IMAGES_ONLY, id="get_docker_images"),
        pytest.param(GET_DOCKER_IMAGE, BOTH | OF_A_CHOICE | RESOLVE, id="get_docker_image"),
        pytest.param(CHOICE_ARGUMENTS, OF_A_CHOICE, id="choice"),
    ],
)
def test_the_table_is_the_contract_s(
    table: tuple[Argument, ...], expected: set[tuple[str, str, ArgumentType]]
) -> None:
    """Every argument of the contract is there once, named and typed; no other is."""
    rows = [(argument.name, argument.wire_name, argument.type) for argument in table]

    assert sorted(expected, key=str) == sorted(rows, key=str)


@pytest.mark.parametrize(
    "table", [GET_DOCKER_IMAGES, GET_DOCKER_IMAGE], ids=["images", "image"]
)
def test_only_the_bucket_is_required(table: tuple[Argument, ...]) -> None:
    """A call needs a bucket and nothing else."""
    assert [a.name for a in table if a.required] == ["bucket_name"]


@pytest.mark.parametrize(
    "argument", GET_DOCKER_IMAGES + CHOICE_ARGUMENTS, ids=lambda argument: argument.name
)
def test_descriptions_are_sentences(argument: Argument) -> None:
    """Each description is made of sentences."""
    assert argument.description[0].isupper()
    assert argument.description.endswith(".")
    assert argument.description.isprintable()


FUNCTIONS = {
    "get_docker_images": GET_DOCKER_IMAGES,
    "get_docker_images_output": GET_DOCKER_IMAGES,
    "get_docker_image": GET_DOCKER_IMAGE,
    "get_docker_image_output": GET_DOCKER_IMAGE,
}


def signature(function: str) -> inspect.Signature:
    """The signature of a public function."""
    return inspect.signature(getattr(pulumi_ucimage, function))


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_takes_what_the_table_has(function: str) -> None:
    """A function has the table's arguments and `opts`, and no other."""
    expected = {argument.name for argument in FUNCTIONS[function]} | {"opts"}

    assert expected == set(signature(function).parameters)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_only_the_bucket_may_be_positional(function: str) -> None:
    """The bucket comes first, by position or name; everything else is by name alone."""
    first, *others = signature(function).parameters.values()

    assert (first.name, first.kind) == (
        "bucket_name",
        inspect.Parameter.POSITIONAL_OR_KEYWORD,
    )
    assert {other.kind for other in others} == {inspect.Parameter.KEYWORD_ONLY}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_default_is_none(function: str) -> None:
    """What is not given is None; the bucket has no default."""
    first, *others = signature(function).parameters.values()

    assert first.default is inspect.Parameter.empty
    assert {other.default for other in others} == {None}


TYPES = {TEXT: "str", NUMBER: "int", FLAG: "bool"}
LITERALS = {"policy": "PolicyName", "order": "OrderName"}


def annotation(argument: Argument, *, takes_inputs: bool) -> str:
    """How a signature must annotate an argument."""
    strings = "Sequence[pulumi.Input[str]]" if takes_inputs else "Sequence[str]"
    type_ = LITERALS.get(argument.name) or TYPES.get(argument.type, strings)
    if not takes_inputs:
        return type_ if argument.required else f"{type_} | None"
    if argument.required:
        return f"pulumi.Input[{type_}]"
    return f"pulumi.Input[{type_} | None] | None"


@pytest.mark.parametrize("function", FUNCTIONS)
def test_annotations_are_of_the_table_s_types(function: str) -> None:
    """Each annotation has the table's type: plain, or an Input in the `_output` form."""
    takes_inputs = function.endswith("_output")
    expected = {
        argument.name: annotation(argument, takes_inputs=takes_inputs)
        for argument in FUNCTIONS[function]
    }
    parameters = signature(function).parameters

    assert expected == {name: parameters[name].annotation for name in expected}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_help_describes_each_argument(function: str) -> None:
    """The docstring has the table's description of each argument."""
    doc = getattr(pulumi_ucimage, function).__doc__

    assert [a.name for a in FUNCTIONS[function] if f"{a.name}: {a.description}" in doc] == [
        a.name for a in FUNCTIONS[function]
    ]


@pytest.mark.parametrize(
    ("name", "literal"), [("policy", PolicyName), ("order", OrderName)]
)
def test_the_literals_are_the_values_that_are_accepted(name: str, literal: Any) -> None:
    """Each of them is accepted, and the error about another one names all of them."""
    for value in get_args(literal):
        assert {name: value} == Policy.from_arguments({name: value}).arguments

    with pytest.raises(InvalidPolicyError) as caught:
        Policy.from_arguments({name: "other"})
    assert ", ".join(get_args(literal)) in str(caught.value)


ANY = {
    TEXT: Argument("word", TEXT, "A text."),
    NUMBER: Argument("word", NUMBER, "A number."),
    FLAG: Argument("word", FLAG, "A flag."),
    TEXTS: Argument("word", TEXTS, "Some texts."),
    MAP: Argument("word", MAP, "Some texts by name."),
}


class Text(str):
    """A kind of text."""

    __slots__ = ()


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        (TEXT, "a"),
        (TEXT, " "),
        (TEXT, Text("of a kind")),
        (NUMBER, 0),
        (NUMBER, -1),
        (NUMBER, 2**70),
        (FLAG, True),
        (FLAG, False),
        (TEXTS, []),
        (TEXTS, ["a"]),
        (TEXTS, ("a", "b")),
        (TEXTS, ()),
        (TEXTS, [""]),
        (MAP, {}),
        (MAP, {"a": "b"}),
    ],
)
def test_a_value_of_the_type_passes(type_: ArgumentType, value: object) -> None:
    """A value of the argument's type comes through as it is; a list may be a tuple."""
    assert validate_arguments([ANY[type_]], {"word": value}) == {"word": value}


@pytest.mark.parametrize("value", [1.0, 0.0, -3.0, 2.0**70])
def test_a_whole_number_may_be_a_float(value: float) -> None:
    """Numbers that come through Pulumi's engine are floats, and become whole numbers."""
    number = validate_arguments([ANY[NUMBER]], {"word": value})["word"]

    assert (type(number), number) == (int, value)


@pytest.mark.parametrize(
    ("type_", "value", "complaint"),
    [
        (TEXT, 1, "a string, not a whole number; write it in quotes"),
        (TEXT, True, "a string, not a boolean"),
        (TEXT, False, "a string, not a boolean"),
        (TEXT, 0, "a string, not a whole number; write it in quotes"),
        (TEXT, b"a", "a string, not bytes"),
        (TEXT, ["a"], "a string, not a list"),
        (TEXT, [], "a string, not a list"),
        (TEXT, {}, "a string, not a map"),
        (NUMBER, True, "a whole number, not a boolean"),
        (NUMBER, False, "a whole number, not a boolean"),
        (NUMBER, 1.5, "a whole number, not a decimal number"),
        (NUMBER, math.nan, "a whole number, not a decimal number"),
        (NUMBER, math.inf, "a whole number, not a decimal number"),
        (TEXT, 1.0, "a string, not a decimal number; write it in quotes"),
        (FLAG, 1.0, "a boolean, not a decimal number"),
        (NUMBER, "1", "a whole number, not a string"),
        (FLAG, 1, "a boolean, not a whole number"),
        (FLAG, 0, "a boolean, not a whole number"),
        (FLAG, "true", "a boolean, not a string"),
        (FLAG, [], "a boolean, not a list"),
        (TEXTS, "latest", "a list of strings, not a string"),
        (TEXTS, {"a": 1}, "a list of strings, not a map"),
        (TEXTS, {"a"}, "a list of strings, not set"),
        (TEXTS, iter(["a"]), "a list of strings, not list_iterator"),
        (TEXTS, True, "a list of strings, not a boolean"),
        (MAP, "a", "a map of strings, not a string"),
        (MAP, ["a"], "a map of strings, not a list"),
        (MAP, True, "a map of strings, not a boolean"),
    ],
)
def test_a_value_of_another_type_is_refused(
    type_: ArgumentType, value: object, complaint: str
) -> None:
    """A value of another type is an error that names the argument and both types."""
    with pytest.raises(ArgumentTypeError) as caught:
        validate_arguments([ANY[type_]], {"word": value})

    assert str(caught.value) == f"word must be {complaint}."


@pytest.mark.parametrize(
    ("type_", "value", "what"),
    [
        (TEXTS, ["a", 1], "a list"),
        (TEXTS, ("a", 1), "a list"),
        (TEXTS, [1, "a"], "a list"),
        (MAP, {"a": 1}, "a map"),
        (MAP, {1: "a"}, "a map"),
    ],
    ids=repr,
)
def test_each_part_must_be_a_text(type_: ArgumentType, value: object, what: str) -> None:
    """A list or map with something else in it is an error that says what it is."""
    with pytest.raises(ArgumentTypeError) as caught:
        validate_arguments([ANY[type_]], {"word": value})

    assert (
        str(caught.value) == f"word must be {what} of strings, but contains a whole number."
    )


@pytest.mark.parametrize("type_", ArgumentType)
@pytest.mark.parametrize("value", [None, ""], ids=["none", "empty"])
def test_none_and_empty_are_not_given(type_: ArgumentType, value: object) -> None:
    """None and the empty string are the same as nothing, whatever the type."""
    assert validate_arguments([ANY[type_]], {"word": value}) == {}


def test_what_is_left_out_is_not_given() -> None:
    """An argument without a value is left out; values of no argument are passed over."""
    assert validate_arguments([ANY[TEXT]], {"opts": object()}) == {}


@pytest.mark.parametrize(
    "values", [{}, {"bucket_name": None}, {"bucket_name": ""}], ids=repr
)
def test_a_missing_bucket_is_refused(values: dict[str, Any]) -> None:
    """Without a bucket's name there is nothing to look into."""
    with pytest.raises(ArgumentError) as caught:
        validate_arguments(GET_DOCKER_IMAGE, values)

    assert str(caught.value) == "bucket_name is missing: give the bucket's name."


PLAIN: list[Callable[..., Any]] = [
    pulumi_ucimage.get_docker_image,
    pulumi_ucimage.get_docker_images,
]


@pytest.mark.parametrize("function", PLAIN, ids=lambda function: function.__name__)
def test_a_wrong_type_ends_the_call(function: Callable[..., Any]) -> None:
    """A function refuses a wrong type before it asks for keys."""
    with pytest.raises(
        ArgumentTypeError, match="region must be a string, not a whole number"
    ):
        function("ucs", region=1)
