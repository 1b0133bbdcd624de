"""What the two queries of a bucket have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pulumi_ucimage._formatting import join_names, quoted
from pulumi_ucimage._lookup.image_name import ImageName
from pulumi_ucimage._spec import arguments
from pulumi_ucimage.errors import AmbiguousImageError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from typing_extensions import Self

    from pulumi_ucimage._config.resolve import Settings
    from pulumi_ucimage._lookup.bucket_query import BucketQuery
    from pulumi_ucimage._lookup.context import LookupContext
    from pulumi_ucimage._spec.arguments import Argument
    from pulumi_ucimage._ucloud.listing import Listing
    from pulumi_ucimage._ucloud.responses import ImageRecord, TagRecord

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Query(ABC, Generic[R]):
    """A look-up in a bucket: `of` checks the arguments, `run` calls the API."""

    _bucket_query: BucketQuery

    @classmethod
    @abstractmethod
    def of(cls, values: Mapping[str, Any], *, unknown: Collection[str] = ()) -> Self:
        """Make a query from arguments.

        Args:
            values: Python names and values; None and "" count as not given.
            unknown: names of arguments whose values are not known yet. The others are
                checked, and the query must not be run.

        Raises:
            ArgumentError: an argument is invalid, or two exclude each other.
        """

    @classmethod
    def check_known(cls, table: Collection[Argument], values: Mapping[str, Any]) -> None:
        """Check the arguments that are known already.

        Args:
            table: the arguments that the caller takes.
            values: by Python name, without those that are not known yet.

        Raises:
            ArgumentError: one of them is invalid, whatever the others will be.
        """
        # Only the bucket's name is required, and any name will do.
        given = arguments.validate_arguments(table, {"bucket_name": "unknown", **values})
        cls.of(given, unknown={argument.name for argument in table} - values.keys())

    def run(self, context: LookupContext) -> R:
        """The result, from a complete listing or window.

        Raises:
            UcimageError: see `errors`.
        """
        return self.run_with(self.settings(context), context)

    def settings(self, context: LookupContext) -> Settings:
        """The settings for this query; raises ConfigError."""
        return self._bucket_query.settings(context)

    @abstractmethod
    def run_with(self, settings: Settings, context: LookupContext) -> R:
        """The result with these settings; see `run`."""


def image_named(name: str, listing: Listing) -> ImageRecord | None:
    """The image of that full name, else of that path or last part; None if there is none.

    Raises:
        AmbiguousImageError: several images match.
    """
    alike = listing.by_last_part.get(name.rpartition("/")[2], [])
    found = [image for image in alike if image.name == name] or [
        image for image in alike if ImageName.parse(image.name or "").is_called(name)
    ]
    if len(found) > 1:
        names = [image.name or "" for image in found]
        message = (
            f"{len(found)} images are called {quoted(name)}: {join_names(names)}; give one"
            " of these full names in image_name."
        )
        raise AmbiguousImageError(message)
    return found[0] if found else None


def tags_of(image: ImageRecord | None) -> Sequence[TagRecord]:
    """The tags that the API lists; none for no image."""
    return (image and image.tag_set) or ()
