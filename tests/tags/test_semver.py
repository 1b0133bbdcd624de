"""Versions, their order, and the ranges that contain them."""

import itertools
import re
from dataclasses import FrozenInstanceError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_ucimage._tags.semver import Precedence, Range, Version, parse_version

# text, whether it is a version without `loose`, numbers, prerelease.
VERSIONS = [
    ("1.2.3", True, (1, 2, 3), ()),
    ("v1.2.3", True, (1, 2, 3), ()),
    ("0.0.0", True, (0, 0, 0), ()),
    ("10.200.3000", True, (10, 200, 3000), ()),
    ("2025.07.03", True, (2025, 7, 3), ()),
    ("v007.000.010", True, (7, 0, 10), ()),
    ("1.0.0-rc.1", True, (1, 0, 0), ("rc", 1)),
    ("1.0.0-0", True, (1, 0, 0), (0,)),
    ("1.0.0-10.x-y.0a.-.--", True, (1, 0, 0), (10, "x-y", "0a", "-", "--")),
    ("1.0.0-01a", True, (1, 0, 0), ("01a",)),
    ("1.0.0-1-2", True, (1, 0, 0), ("1-2",)),
    ("v1.0.0-rc.1+build.5", True, (1, 0, 0), ("rc", 1)),
    ("1.0.0+build", True, (1, 0, 0), ()),
    ("1.0.0+007.-.a-b", True, (1, 0, 0), ()),
    ("1.0.0+a-1", True, (1, 0, 0), ()),
    (
        "1.0.0-059AMZamz-.59AMZamz-+059AMZamz-.059AMZamz-",
        True,
        (1, 0, 0),
        ("059AMZamz-", "59AMZamz-"),
    ),
    ("1.0.18446744073709551616", True, (1, 0, 2**64), ()),
    ("1.0.0-18446744073709551616", True, (1, 0, 0), (2**64,)),
    ("1", False, (1, 0, 0), ()),
    ("v1", False, (1, 0, 0), ()),
    ("1.2", False, (1, 2, 0), ()),
    ("01.02", False, (1, 2, 0), ()),
    ("v1.2-5", False, (1, 2, 0), (5,)),
    ("1-rc.1+b", False, (1, 0, 0), ("rc", 1)),
    ("20240101", False, (20240101, 0, 0), ()),
    # Flux accepts these without `loose`, because it also counts dots after a hyphen.
    ("1-a.b.c", False, (1, 0, 0), ("a", "b", "c")),
    ("1.2-3.4", False, (1, 2, 0), (3, 4)),
    ("1.2+3.4", False, (1, 2, 0), ()),
]

INVALID_VERSIONS = [
    "",
    "v",
    "V1.0.0",
    "vv1.0.0",
    "a1.0.0",
    "latest",
    "1.",
    "1.0.",
    ".1.0",
    "1..0",
    "1a2.3",
    "1.2a3",
    "1.0.0.1",
    "1.0.0p",
    "1.0.0-",
    "1.0.0+",
    "1.0.0-+b",
    "1.0.0-a+",
    "1.0.0-a.",
    "1.0.0-.a",
    "1.0.0-a..b",
    "1.0.0+a..b",
    "1.0.0+a.",
    "1.0.0+a+b",
    "1.0.0-01",
    "1.0.0-a.00",
    "1.0.0-a_b",
    "1.0.0-a:b",
    "1.0.0+a_b",
    "1.0.0+a:b",
    "1.0.0+a.b:c",
    "1.0.x",
    "-1.0.0",
    "1.-1.0",
    "1_0.0.0",
    " 1.0.0",
    "1.0.0 ",
    "1.0.0\n",
    "1.0.0-a\n",
    "1.0.\u0661",
    "\uff11.0.0",
    "1.0.\u00b2",
    "1.0.0-\u00e9",
    "1.0.0-\u0661",
]

# Each ranks below the next: SemVer 2.0.0, section 11, and what follows from it.
ASCENDING = [
    "0.0.0-0",
    "0.0.0",
    "0.0.1",
    "0.0.2",
    "0.0.10",
    "0.1.0",
    "0.2.0",
    "0.10.0-z",
    "0.10.0",
    "1.0.0-0",
    "1.0.0-0.0",
    "1.0.0-1",
    "1.0.0-2",
    "1.0.0-10",
    "1.0.0-10.a",
    "1.0.0-18446744073709551615",
    "1.0.0-18446744073709551616",
    "1.0.0--",
    "1.0.0-0a",
    "1.0.0-A",
    "1.0.0-alpha",
    "1.0.0-alpha.1",
    "1.0.0-alpha.1.1",
    "1.0.0-alpha.beta",
    "1.0.0-beta",
    "1.0.0-beta.2",
    "1.0.0-beta.11",
    "1.0.0-beta-2",
    "1.0.0-rc.1",
    "1.0.0",
    "1.0.1-a",
    "2.0.0",
    "2025.07.03",
    "2025.7.12",
    "2025.10.1",
    "18446744073709551616.0.0",
    "18446744073709551617.0.0",
]

EQUAL = [
    ("1.0.0", "v1.0.0"),
    ("1.0.0", "1.0.0+build"),
    ("1.0.0+a", "1.0.0+b"),
    ("1.0.0", "01.00.000"),
    ("1.20", "1.20.0"),
    ("1-rc", "v1.0.0-rc+x"),
]

# range, versions in it, versions outside.
RANGES = [
    ("1.2.3", "1.2.3 v1.2.3+b", "1.2.4 1.2.2 1.3.3 2.2.3 1.2.3-a 1.2.4-0"),
    ("=1.2.3", "1.2.3", "1.2.4 1.2.2 1.2.3-a"),
    ("v01.02.03+x", "1.2.3", "1.2.4"),
    ("1.2.3-b", "1.2.3-b 1.2.3-b+x", "1.2.3 1.2.3-a 1.2.3-b.0 1.2.3-c"),
    ("1.2", "1.2.0 1.2.9", "1.1.9 1.3.0 2.2.0 1.2.1-a 1.2.0-a 1.3.0-0"),
    ("=1.2.x", "1.2.0 1.2.9", "1.1.9 1.3.0 1.2.1-a"),
    ("1", "1.0.0 1.9.9", "0.9.9 2.0.0 1.1.0-a"),
    ("1.X", "1.0.0 1.9.9", "0.9.9 2.0.0"),
    ("1.*.x", "1.0.0 1.9.9", "0.9.9 2.0.0"),
    ("1.x.5", "1.0.0 1.9.9", "0.9.9 2.0.0"),
    ("*", "0.0.0 9.9.9", "0.0.0-a 1.2.3-alpha.1"),
    ("x", "0.0.0 9.9.9", "1.0.0-a"),
    ("X.1.2", "0.0.0 9.9.9", "1.0.0-a"),
    ("*-0", "0.0.0-0 0.0.0 1.0.0-a 9.9.9", ""),
    ("*-b", "0.0.0-b 0.0.0 1.0.0-a", "0.0.0-a"),
    ("1.x.x-0", "1.0.0-0 1.2.0 1.3.0-rc1", "0.9.0 2.0.0 2.0.0-a 0.9.9-z"),
    ("1.2.x-b", "1.2.0-b 1.2.0 1.2.9-a", "1.2.0-a 1.3.0-b 1.3.0"),
    (">1.2.3", "1.2.4 1.3.0 2.0.0", "1.2.3 1.2.2 1.2.4-a 1.2.3+b"),
    (">1.2.3-b", "1.2.3-c 1.2.3-b.0 1.2.3 1.3.0-a", "1.2.3-b 1.2.3-a 1.2.2"),
    (">11", "12.0.0 12.0.1", "11.0.0 11.1.0 10.9.9"),
    (">11.x-0", "12.0.0-a 12.0.0", "11.1.0 11.1.0-a 10.9.9"),
    (">11.1", "11.2.0 12.0.0", "11.1.0 11.1.1 10.2.0"),
    (">11.1.x-0", "11.2.0-a", "11.1.1-a 11.1.1"),
    (">*", "0.0.1 1.0.0", "0.0.0"),
    (">*-b", "0.0.0 0.0.0-c", "0.0.0-b 0.0.0-a"),
    ("<1.2.3", "1.2.2 0.9.9", "1.2.3 1.2.4 1.2.2-a"),
    ("<1.2.3-b", "1.2.3-a 1.2.2", "1.2.3-b 1.2.3"),
    ("<1.2", "1.1.9", "1.2.0 1.2.1"),
    ("<2", "1.9.9", "2.0.0"),
    ("<2 >=1-0", "1.0.0-0 2.0.0-a", "2.0.0 0.9.9"),
    ("<*", "", "0.0.0"),
    (">=1.2.3", "1.2.3 1.2.4 2.0.0", "1.2.2 1.2.3-a 4.1.0-beta"),
    ("=>1.2.3", "1.2.3 9.0.0", "1.2.2"),
    (">=1.2.3-b", "1.2.3-b 1.2.3 1.3.0-a", "1.2.3-a 1.2.2"),
    (">=1.2", "1.2.0 1.3.0", "1.1.9"),
    (">=1.x", "1.0.0 2.0.0", "0.9.9"),
    (">=*", "0.0.0 1.0.0", "1.0.0-a"),
    ("<=1.2.3", "1.2.3 1.2.2", "1.2.4 1.2.2-a"),
    ("=<1.2.3", "1.2.3 0.1.0", "1.2.4"),
    ("<=1.2.3-b", "1.2.3-b 1.2.3-a 1.2.2", "1.2.3 1.2.3-b.0 1.2.3-c"),
    ("<=1.1", "1.1.1 1.1.0 0.9.0", "1.2.0 2.0.0"),
    ("<=1.1.x-0", "1.1.1-a 1.1.1", "1.2.0-a"),
    ("<=11", "11.9.9 10.0.0", "12.0.0"),
    ("<=*", "0.0.0 0.0.9", "0.1.0 1.0.0"),
    ("~1.2.3", "1.2.3 1.2.9", "1.2.2 1.3.0 2.2.3 1.2.4-a"),
    ("~>1.2.3", "1.2.3 1.2.9", "1.2.2 1.3.0"),
    ("~1.2.3-beta.2", "1.2.3-beta.2 1.2.4-beta.2 1.2.3", "1.2.3-beta.1 1.3.0-a"),
    ("~1.2", "1.2.0 1.2.9", "1.1.9 1.3.0"),
    ("~1", "1.0.0 1.9.9", "0.9.9 2.0.0"),
    ("~1.x", "1.0.0 1.9.9", "0.9.9 2.0.0"),
    ("~*", "0.0.0 9.0.0", "9.0.0-a"),
    ("~0", "0.0.0 0.9.0", "1.0.0"),
    ("~0.0", "0.0.0 0.0.9", "0.1.0 1.0.0"),
    ("~0.0.0", "0.0.0 0.1.0 9.0.0", "9.0.0-a"),
    ("~0.0.0-b", "0.0.0-b 0.0.0 9.0.0-a", "0.0.0-a"),
    ("~0.0.1", "0.0.1 0.0.2", "0.0.0 0.1.0"),
    ("~0.1.0", "0.1.0 0.1.9", "0.2.0 1.1.0"),
    ("^1.2.3", "1.2.3 1.9.0", "1.2.2 2.0.0 1.2.3-a 1.3.0-a"),
    ("^1.2.3-b", "1.2.3-b 1.2.3 1.9.0-a", "1.2.3-a 2.0.0-a 2.0.0"),
    ("^1.0.0", "1.0.0 1.9.0", "0.9.0 2.0.0"),
    ("^1.2", "1.2.0 1.9.0", "1.1.9 2.0.0"),
    ("^1", "1.0.0 1.9.0", "0.9.9 2.0.0"),
    ("^1.x", "1.0.0 1.9.0", "0.9.9 2.0.0"),
    ("^0.2.3", "0.2.3 0.2.9", "0.2.2 0.3.0 0.5.6 1.2.3"),
    ("^0.2", "0.2.0 0.2.9", "0.1.9 0.3.0 1.2.0"),
    ("^0.0.3", "0.0.3", "0.0.2 0.0.4 0.1.3 1.0.3"),
    ("^0.0", "0.0.0 0.0.9", "0.1.0 1.0.0"),
    ("^0", "0.0.0 0.9.9", "1.0.0"),
    ("^0.x", "0.0.0 0.9.9", "1.0.0"),
    ("^0.0.0", "0.0.0", "0.0.1 0.1.0 1.0.0"),
    ("^*", "0.0.0", "0.0.1 1.0.0"),
    ("!=1.2.3", "1.2.2 1.2.4 2.0.0", "1.2.3 1.2.3+b 1.2.4-a"),
    ("!=1.2.3-b", "1.2.3 1.2.3-a 1.2.2-b", "1.2.3-b"),
    ("!=4.2.x", "4.1.3 4.3.0 5.2.3", "4.2.0 4.2.3 4.1.0-a"),
    ("!=4.2", "4.1.3 5.2.3", "4.2.0 4.2.3"),
    ("!=4.2.x >=0-0", "4.2.3-a 4.1.0", "4.2.3"),
    ("!=4.2.x-b", "4.2.3 4.2.3-a 4.1.0-b 5.2.0-b", "4.2.3-b 4.2.0-b"),
    ("!=4.x", "3.9.9 5.0.0", "4.0.0 4.9.0"),
    ("!=4", "3.9.9 5.0.0", "4.0.0 4.9.0"),
    ("!=4.x-b", "3.9.9-b 5.0.0", "4.0.0-b 4.0.0-a 4.9.0"),
    ("!=*", "0.0.1 0.1.0 1.0.0", "0.0.0"),
    (">=1.1 <2", "1.1.0 1.9.9", "1.0.9 2.0.0 1.5.0-a"),
    (">=1.1, <2, !=1.2.x", "1.1.0 1.3.0", "1.2.0 2.0.0"),
    (">=1.1,<2", "1.1.0", "1.0.0 2.0.0"),
    (">=1.1\t,\n<2", "1.1.0", "1.0.0 2.0.0"),
    ("  >=  1.1  <\r\f2 ", "1.1.0", "1.0.0 2.0.0"),
    (">=1.1-0 <2", "1.1.0-a 1.5.0-a 2.0.0-a", "1.0.0 2.0.0"),
    (">=1.1 <2-0", "1.5.0-a 1.1.0", "1.1.0-a 2.0.0-a"),
    ("^ 1.2 = 1.3.0", "1.3.0", "1.2.0"),
    ("> 1.9.9 ~ v2.1 != 2.1.3", "2.1.0", "1.9.9 2.0.0 2.1.3"),
    ("= x ~ X >= *", "1.0.0", "1.0.0-a"),
    (
        "1.2.3-059AMZamz-.59AMZamz-+059AMZamz-.059AMZamz-",
        "1.2.3-059AMZamz-.59AMZamz-",
        "1.2.3",
    ),
    ("1 2", "", "1.0.0 2.0.0"),
    ("1 - 2", "1.0.0 1.5.0 2.0.0 2.9.9", "0.9.9 3.0.0 1.5.0-a"),
    ("1.5.0 - 4.5", "1.5.0 3.7.0 4.5.9", "1.4.9 4.6.0"),
    ("1.2.3 - 2.0.0", "1.2.3 2.0.0", "1.2.2 2.0.1"),
    ("1.2.3-a - 2", "1.2.3-a 1.5.0-a 2.9.9-a", "1.2.3-0 3.0.0-a"),
    ("v1  - \tv2", "1.0.0 2.9.9", "3.0.0"),
    ("1+b - 2+b.0", "1.0.0 2.9.9", "0.9.9 3.0.0"),
    ("1, 2 - 3", "", "1.0.0 2.0.0"),
    ("1, 1 - 2", "1.5.0", "2.0.0"),
    ("1 - 2 !=1.5.0", "1.4.0 2.1.0", "1.5.0"),
    ("1 - 2 || 4 - 5", "1.0.0 2.5.0 4.0.0 5.5.0", "3.0.0 6.0.0"),
    ("1 - 3 2 - 4", "2.0.0 3.9.0", "1.0.0 4.0.0"),
    ("1 - 2v1", "1.5.0", "2.0.0"),
    ("1.2-1.4.5", "1.2.0-1.4.5 1.2.0", "1.3.0 1.2.0-1"),
    ("1||3", "1.5.0 3.5.0", "2.0.0 4.0.0"),
    ("<1 || >3", "0.5.0 4.0.0", "1.0.0 3.9.0 4.0.0-a"),
    ("^1-0 || ^2", "1.5.0-a 2.5.0", "2.5.0-a 3.0.0"),
    ("^1 || ^2-0", "1.5.0 2.5.0-a", "1.5.0-a"),
    ("1||2||3", "1.0.0 2.0.0 3.0.0", "4.0.0"),
    # Accidents of Masterminds: a bar belongs to a version, and a wildcard hides all.
    ("1||2 - 3", "1.0.0 9.0.0 2.5.0", "0.9.0"),
    ("1.x.|", "1.5.0", "2.0.0"),
    ("*.1x.|", "1.5.0", "1.5.0-a"),
    (">18446744073709551616", "18446744073709551617.0.0", "18446744073709551616.1.0"),
]

NO_COMPARATOR = (
    " is not a comparator; write an operator (none, =, !=, >, >=, <, <=, ~ or ^) and a"
    " version, for example ^1.2, >=1.1 <2, 1.x || 3.x or 1.2 - 2.3"
)
NO_VERSION = (
    " has no version to compare with; write numbers, or only x or *, and no leading zeros"
    " in a prerelease, for example 1.x or >=1.2.0-1"
)

# text, message.
INVALID_RANGES = [
    ("", "an empty part" + NO_COMPARATOR),
    (" ", "an empty part" + NO_COMPARATOR),
    ("||", "an empty part" + NO_COMPARATOR),
    ("1 ||", "an empty part" + NO_COMPARATOR),
    ("|| 1", "an empty part" + NO_COMPARATOR),
    ("1 |||| 2", "an empty part" + NO_COMPARATOR),
    (",1", "an empty part" + NO_COMPARATOR),
    ("1,", "an empty part" + NO_COMPARATOR),
    ("1,,2", "an empty part" + NO_COMPARATOR),
    ("1 , , 2", "an empty part" + NO_COMPARATOR),
    ("a", "'a'" + NO_COMPARATOR),
    ("latest", "'latest'" + NO_COMPARATOR),
    ("1.x || latest", "'latest'" + NO_COMPARATOR),
    ("^1.2 beta", "'beta'" + NO_COMPARATOR),
    ("1.0.0p", "'1.0.0p'" + NO_COMPARATOR),
    ("1.2.3.4", "'1.2.3.4'" + NO_COMPARATOR),
    ("V1", "'V1'" + NO_COMPARATOR),
    ("vv1", "'vv1'" + NO_COMPARATOR),
    ("1.", "'1.'" + NO_COMPARATOR),
    (".1", "'.1'" + NO_COMPARATOR),
    ("1..2", "'1..2'" + NO_COMPARATOR),
    ("1-", "'1-'" + NO_COMPARATOR),
    ("1-a..b", "'1-a..b'" + NO_COMPARATOR),
    ("1-a_b", "'1-a_b'" + NO_COMPARATOR),
    ("1-a:b", "'1-a:b'" + NO_COMPARATOR),
    ("1-a.b:c", "'1-a.b:c'" + NO_COMPARATOR),
    ("1+", "'1+'" + NO_COMPARATOR),
    (">=", "'>='" + NO_COMPARATOR),
    (">", "'>'" + NO_COMPARATOR),
    ("^", "'^'" + NO_COMPARATOR),
    ("!1", "'!1'" + NO_COMPARATOR),
    ("! =1", "'!'" + NO_COMPARATOR),
    ("> =1", "'>'" + NO_COMPARATOR),
    ("~ >1", "'~'" + NO_COMPARATOR),
    ("==1", "'==1'" + NO_COMPARATOR),
    (">>1", "'>>1'" + NO_COMPARATOR),
    ("<>1", "'<>1'" + NO_COMPARATOR),
    ("=!1", "'=!1'" + NO_COMPARATOR),
    ("^^1", "'^^1'" + NO_COMPARATOR),
    ("~^1", "'~^1'" + NO_COMPARATOR),
    ("~~1", "'~~1'" + NO_COMPARATOR),
    ("~=1", "'~=1'" + NO_COMPARATOR),
    (">1<2", "'>1<2'" + NO_COMPARATOR),
    ("1= 2", "'1= 2'" + NO_COMPARATOR),
    ("1 && 2", "'&&'" + NO_COMPARATOR),
    ("1 - 2 - 3", "'-'" + NO_COMPARATOR),
    ("1 -2", "'-2'" + NO_COMPARATOR),
    ("1- 2", "'1-'" + NO_COMPARATOR),
    ("1 -", "'-'" + NO_COMPARATOR),
    ("1 - latest", "'-'" + NO_COMPARATOR),
    (">1 - 2", "'>1 - 2'" + NO_COMPARATOR),
    ("1 2 - 3", "'1 2 - 3'" + NO_COMPARATOR),
    ("1 ||2 - 3", "'1 ||2 - 3'" + NO_COMPARATOR),
    ("1\v2", "'1\\x0b2'" + NO_COMPARATOR),
    ("\v1", "'\\x0b1'" + NO_COMPARATOR),
    ("1\u00a02", "'1\\xa02'" + NO_COMPARATOR),
    ("\u00a01", "'\\xa01'" + NO_COMPARATOR),
    ("\u0661", "'\u0661'" + NO_COMPARATOR),
    ("1-\u00e9", "'1-\u00e9'" + NO_COMPARATOR),
    ("1x", "'1x'" + NO_VERSION),
    ("xx", "'xx'" + NO_VERSION),
    ("1.2x", "'1.2x'" + NO_VERSION),
    ("1.2.*x", "'1.2.*x'" + NO_VERSION),
    ("|", "'|'" + NO_VERSION),
    ("1|2", "'1|2'" + NO_VERSION),
    (">=1.0.0-01", "'>=1.0.0-01'" + NO_VERSION),
    ("1.x-00", "'1.x-00'" + NO_VERSION),
    ("*-a.01", "'*-a.01'" + NO_VERSION),
]

# range, prerelease, whether it is outside only because it is a prerelease.
PRERELEASES = [
    ("*", "1.2.3-alpha.1", True),
    ("^2", "2.0.0-rc.1", True),
    ("^2", "3.0.0-rc.1", False),
    ("^2", "1.9.0-rc.1", False),
    (">=1.1 <2", "1.5.0-a", True),
    (">=1.1 <2", "2.0.0-a", False),
    ("=1.2.3", "1.2.3-a", True),
    (">1.2.3", "1.2.3-a", False),
    ("!=1.2.3", "1.2.3-a", False),
    ("^1 || ^2", "2.1.0-a", True),
    (">=1.0.0-b", "1.0.0-a", False),
    ("~1.0.0-b || 3", "1.5.0-a", False),
    (">=2.0.0-b || 1", "1.0.0-a", True),
]

NUMBERS = st.integers(min_value=0, max_value=3)
IDENTIFIERS = st.one_of(
    st.integers(min_value=0, max_value=11),
    st.from_regex(r"[0-9]{0,2}[A-Za-z-][0-9A-Za-z-]{0,2}", fullmatch=True),
)
PARTS = st.tuples(NUMBERS, NUMBERS, NUMBERS, st.lists(IDENTIFIERS, max_size=3))
# Text that is nearly a range or a version.
NEARLY = st.text(alphabet="01239xX*v.-+~^<>=!|, \t\nab\u0661\u00a0", max_size=30)


def written(parts: tuple[int, int, int, list[int | str]]) -> str:
    """The version with these parts."""
    *numbers, prerelease = parts
    core = ".".join(map(str, numbers))
    return f"{core}-{'.'.join(map(str, prerelease))}" if prerelease else core


def version(text: str) -> Version:
    """Parse a valid version."""
    read = parse_version(text, loose=True)
    assert read is not None
    return read


def rank(text: str) -> Precedence:
    """The rank of a version."""
    return version(text).precedence


def successor(*numbers: int) -> str:
    """The version with the last number increased by one."""
    return ".".join(map(str, [*numbers[:-1], numbers[-1] + 1]))


@pytest.mark.parametrize(("text", "strict", "numbers", "prerelease"), VERSIONS)
def test_versions_are_parsed(
    text: str,
    strict: bool,  # noqa: FBT001 - a column of the table
    numbers: tuple[int, int, int],
    prerelease: tuple[int | str, ...],
) -> None:
    """A version has the parts of its text; loosely, one or two numbers are enough."""
    read = version(text)

    assert numbers == read.precedence[:3]
    assert prerelease == read.prerelease
    assert (read if strict else None) == parse_version(text)


@pytest.mark.parametrize("text", INVALID_VERSIONS)
def test_other_text_is_not_a_version(text: str) -> None:
    """Text that only looks like a version is refused, loosely too."""
    assert parse_version(text) is None
    assert parse_version(text, loose=True) is None


def test_a_version_has_at_most_256_characters() -> None:
    """The limit is on the whole text, not on its numbers."""
    longest = "1.2." + "3" * 252

    assert int("3" * 252) == version(longest).precedence[2]
    assert parse_version(longest + "3", loose=True) is None


def test_each_version_ranks_below_the_next() -> None:
    """Any two versions of the ascending list compare in its order."""
    for low, high in itertools.combinations(ASCENDING, 2):
        assert rank(low) < rank(high), (low, high)


@pytest.mark.parametrize(("one", "two"), EQUAL)
def test_spelling_and_metadata_do_not_affect_rank(one: str, two: str) -> None:
    """Two spellings of a version have the same rank."""
    assert rank(one) == rank(two)
    assert version(one) == version(two)


def test_versions_and_ranges_are_values() -> None:
    """Equal texts give equal ranges; versions and ranges cannot be changed."""
    assert Range.parse("^1") == Range.parse("^1")
    assert Range.parse("^1") != Range.parse("^1.0")
    assert len({Range.parse("^1"), Range.parse("^1")}) == 1
    assert repr(Range.parse("^1")) == "Range(text='^1')"
    with pytest.raises(FrozenInstanceError):
        version("1.0.0").precedence = rank("2.0.0")  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        Range.parse("^1").text = "^2"  # type: ignore[misc]


@pytest.mark.parametrize(("text", "inside", "outside"), RANGES)
def test_ranges_contain_their_versions(text: str, inside: str, outside: str) -> None:
    """A range contains the versions that Masterminds says, and no others."""
    read = Range.parse(text)

    assert read.text == text
    for one in inside.split():
        assert read.contains(version(one)), one
    for one in outside.split():
        assert not read.contains(version(one)), one


@pytest.mark.parametrize(("text", "message"), INVALID_RANGES)
def test_other_text_is_not_a_range(text: str, message: str) -> None:
    """The message says what is wrong and what to write."""
    with pytest.raises(ValueError, match=rf"\A{re.escape(message)}\Z"):
        Range.parse(text)


def test_a_range_has_at_most_512_characters() -> None:
    """A valid range that is too long is refused."""
    longest = "1" + " " * 511

    assert Range.parse(longest).contains(version("1.0.0"))
    with pytest.raises(ValueError, match=r"\Aa range has at most 512 .* not 513\Z"):
        Range.parse(longest + " ")


def test_a_range_joins_at_most_32_parts() -> None:
    """A valid range with too many parts is refused."""
    most = "||".join(["1"] * 32)

    assert Range.parse(most).contains(version("1.0.0"))
    with pytest.raises(ValueError, match=r"\Aa range joins at most 32 .* not 33\Z"):
        Range.parse(most + "||1")


@pytest.mark.parametrize("form", ["1.2.3+{}", "1+{}", "1.2.3-{}", "1-{}", "1.x.{}"])
def test_a_version_in_a_range_has_at_most_256_characters(form: str) -> None:
    """A comparator is refused if its padded version has more than 256 characters."""
    fits = {"1.2.3+{}": 250, "1+{}": 400, "1.2.3-{}": 250, "1-{}": 250, "1.x.{}": 400}
    longest = form.format("1" * fits[form])

    Range.parse(longest)
    if fits[form] < 400:
        with pytest.raises(ValueError, match="has no version to compare with"):
            Range.parse(longest + "1")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("^1", False),
        (">=1.0.0-0", True),
        ("^1 || ^2-0", True),
        ("1 - 2", False),
        ("*", False),
        ("<1+a-b", False),
    ],
)
def test_a_range_can_name_a_prerelease(
    text: str,
    expected: bool,  # noqa: FBT001 - a column of the table
) -> None:
    """Naming a prerelease in any comparator is enough."""
    assert Range.parse(text).names_prerelease == expected


@pytest.mark.parametrize(("text", "prerelease", "expected"), PRERELEASES)
def test_a_prerelease_can_be_outside_only_because_it_is_one(
    text: str,
    prerelease: str,
    expected: bool,  # noqa: FBT001 - a column of the table
) -> None:
    """Such a prerelease can be distinguished from other versions outside."""
    read = Range.parse(text)

    assert not read.contains(version(prerelease))
    assert expected == read.contains(version(prerelease), prereleases=True)


def test_accepting_prereleases_changes_nothing_else() -> None:
    """Releases, and versions that are in range anyway, are not affected."""
    for text, inside, outside in RANGES:
        read = Range.parse(text)
        for one in inside.split():
            assert read.contains(version(one), prereleases=True), (text, one)
        for one in outside.split():
            if not version(one).prerelease:
                assert not read.contains(version(one), prereleases=True), (text, one)


@given(PARTS)
def test_a_written_version_is_parsed_as_the_same(
    parts: tuple[int, int, int, list[int | str]],
) -> None:
    """Writing and parsing a version keeps its parts, in every spelling."""
    *numbers, prerelease = parts
    for text in (written(parts), f"v{written(parts)}", f"{written(parts)}+m.01"):
        read = parse_version(text)

        assert read is not None
        assert tuple(numbers) == read.precedence[:3]
        assert tuple(prerelease) == read.prerelease


@given(PARTS, PARTS, PARTS)
def test_ranks_are_a_total_order(
    one: tuple[int, int, int, list[int | str]],
    two: tuple[int, int, int, list[int | str]],
    three: tuple[int, int, int, list[int | str]],
) -> None:
    """Any two ranks compare, and are equal only if the parts are equal."""
    a, b, c = rank(written(one)), rank(written(two)), rank(written(three))

    assert (a < b) + (a == b) + (a > b) == 1
    assert (a == b) == (one == two)
    assert (a < b) == (b > a)
    if a <= b <= c:
        assert a <= c


@given(NEARLY | st.text(), NEARLY | st.text())
def test_no_text_breaks_a_range(text: str, other: str) -> None:
    """Any text is a range, or is refused with a message."""
    read = parse_version(other, loose=True) or version("1.2.3-a")
    try:
        answers = {Range.parse(text).contains(read)}
    except ValueError as error:
        answers = set()
        message = str(error)
    else:
        message = ""

    assert answers <= {True, False}
    assert bool(answers) != ("write" in message or "at most" in message)


@given(PARTS, PARTS)
def test_short_forms_mean_their_long_forms(
    own: tuple[int, int, int, list[int | str]],
    other: tuple[int, int, int, list[int | str]],
) -> None:
    """Each short form contains the same versions as its long form."""
    major, minor, patch, _ = own
    text = f"{major}.{minor}.{patch}"
    first = [major, minor, patch]
    caret = first[: next((i for i, n in enumerate(first) if n), 2) + 1]
    forms = {
        f"^{text}": f">={text} <{successor(*caret)}",
        f"^{major}": f">={major} <{successor(major)}",
        f"{major}.x": f">={major} <{successor(major)}",
        f"~{major}": f">={major} <{successor(major)}",
        f"{major}.{minor}": f">={major}.{minor} <{successor(major, minor)}",
        f"~{major}.{minor}.{patch + 1}": (
            f">={major}.{minor}.{patch + 1} <{successor(major, minor)}"
        ),
        f">{major}.{minor}": f">={successor(major, minor)}",
        f"<={major}.{minor}": f"<{successor(major, minor)}",
        f"{text} - 3.1": f">={text} <3.2",
        f"!={text}": f"<{text} || >{text}",
        f"!={major}.{minor}": f"<{major}.{minor} || >{major}.{minor}",
        f"!={major}": f"<{major} || >{major}",
    }
    for short, long in forms.items():
        one = version(written(other))

        assert Range.parse(short).contains(one) == Range.parse(long).contains(one)
