"""The use cases: list the images of a bucket, or choose one tag of an image.

The constructors check the arguments. `ask` loads the settings and calls the API.
"""

from __future__ import annotations

import contextlib
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Generic, NamedTuple, TypeVar, final

from pulumi_ucimage._config import resolve
from pulumi_ucimage._formatting import quoted, some
from pulumi_ucimage._http.clock import Deadline
from pulumi_ucimage._lookup.bucket_query import BucketQuery
from pulumi_ucimage._lookup.image_name import ImageName
from pulumi_ucimage._lookup.name_arguments import parse_image_name
from pulumi_ucimage._spec import arguments
from pulumi_ucimage._spec.results import (
    DockerImage,
    DockerImageTag,
    GetDockerImageResult,
    GetDockerImagesResult,
    TagCounts,
)
from pulumi_ucimage._tags.evaluate import evaluate, newest, newest_first
from pulumi_ucimage._tags.policy import Policy, parse_argument
from pulumi_ucimage._tags.regex import Regex
from pulumi_ucimage._tags.select import Selection, select, why_nothing
from pulumi_ucimage._tags.timestamps import format_timestamp
from pulumi_ucimage._ucloud.listing import Window
from pulumi_ucimage.errors import (
    AmbiguousImageError,
    AmbiguousTagError,
    ArgumentError,
    ConfigError,
    NoMatchingTagError,
    NoSuchImageError,
    ResponseError,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from pulumi_ucimage._config.resolve import Settings
    from pulumi_ucimage._lookup.context import LookupContext
    from pulumi_ucimage._tags.evaluate import Choice, TagLike
    from pulumi_ucimage._ucloud.listing import Listing
    from pulumi_ucimage._ucloud.responses import ImageRecord, TagRecord
    from pulumi_ucimage.errors import SelectionError

_FIRST_PAUSE_S: Final = 1.0
_LONGEST_PAUSE_S: Final = 10.0

_MAX_READINGS: Final = 3
"""How often a digest is read if the tag is pushed meanwhile."""

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class _Query(ABC, Generic[R]):
    _bucket_query: BucketQuery

    def ask(self, context: LookupContext) -> R:
        """The result, from a complete listing or window.

        Raises:
            UcimageError: see `errors`.
        """
        return self.ask_with(self.settings(context), context)

    def settings(self, context: LookupContext) -> Settings:
        """The settings for this query; raises ConfigError."""
        return self._bucket_query.settings(context)

    @abstractmethod
    def ask_with(self, settings: Settings, context: LookupContext) -> R:
        """The result with these settings; see `ask`."""


@final
@dataclass(frozen=True, slots=True)
class ImagesQuery(_Query[GetDockerImagesResult]):
    """The images of a bucket."""

    _image_name: str | None
    _name_regex: Regex | None
    _window: Window

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> ImagesQuery:
        """Make a query from arguments.

        Args:
            values: Python names and values; None and "" count as not given.

        Raises:
            ArgumentError: an argument is invalid.
        """
        given = arguments.given(arguments.GET_DOCKER_IMAGES, values)
        limit, offset = given.get("limit"), given.get("offset", 0)
        regex = given.get("name_regex")
        if limit is not None and limit < 1:
            message = f"limit must be 1 or more, not {limit}; leave it out for all."
            raise ArgumentError(message)
        if offset < 0:
            message = f"offset must be 0 or more, not {offset}."
            raise ArgumentError(message)
        return cls(
            BucketQuery.of(given),
            resolve.argument("image_name", given.get("image_name"), parse_image_name),
            regex and parse_argument("name_regex", Regex.parse, regex),
            Window(offset, limit),
        )

    def ask_with(self, settings: Settings, context: LookupContext) -> GetDockerImagesResult:
        filtered = self._image_name or self._name_regex
        listing = self._bucket_query.listing(
            settings, context, Window() if filtered else self._window
        )
        records: Sequence[ImageRecord] = listing.images
        if filtered:
            start, limit = self._window.offset, self._window.limit
            kept = self._filtered(listing)
            records = kept[start : None if limit is None else start + limit]
        return GetDockerImagesResult(
            id=f"{settings.region}/{self._bucket_query.bucket_name}",
            region=settings.region,
            bucket_name=self._bucket_query.bucket_name,
            total_count=listing.total_count,
            images=[_image(record, settings.registry) for record in records],
        )

    def _filtered(self, listing: Listing) -> Sequence[ImageRecord]:
        named = listing.images
        if self._image_name:
            named = images_named(self._image_name, listing)
            if len(named) > 1:
                raise _several(self._image_name, named)
        regex = self._name_regex
        if not regex:
            return named
        return [
            record
            for record in named
            if (full := record.name) and regex.match(ImageName.parse(full).short)
        ]


class Found(NamedTuple):
    """An image and its selected tag.

    Attributes:
        record: the image as the API lists it; None if it does not exist and
            `default_tag` is used.
        name: the image's name.
        selection: the tag, and why.
        digest: what the tag names in the registry; None if it was not asked for.
    """

    record: ImageRecord | None
    name: ImageName
    selection: Selection
    digest: str | None = None

    @property
    def pushed(self) -> tuple[str, str, int | None]:
        """What changes if the tag is pushed, or if another is selected."""
        return self.name.full, self.selection.tag, self.selection.create_time


class Evaluation(NamedTuple):
    """What a policy makes of all tags of an image.

    Attributes:
        name: the image's name.
        choice: the candidates and the rejected tags.
        problem: why no tag can be chosen; None if one can.
        digest: what the chosen tag names in the registry; None if it was not asked for.
    """

    name: ImageName
    choice: Choice
    problem: SelectionError | None
    digest: str | None


@final
@dataclass(frozen=True, slots=True)
class ImageQuery(_Query[GetDockerImageResult]):
    """One tag of one image."""

    _image_name: str | None
    _policy: Policy
    _resolve_digest: bool = False

    @classmethod
    def of(cls, values: Mapping[str, Any], *, unknown: Collection[str] = ()) -> ImageQuery:
        """Make a query from arguments.

        Args:
            values: Python names and values; None and "" count as not given.
            unknown: names of arguments whose values are not known yet. The others are
                checked, and the query must not be asked.

        Raises:
            ArgumentError: an argument is invalid, or two exclude each other.
        """
        given = arguments.given(arguments.GET_DOCKER_IMAGE, values)
        return cls(
            BucketQuery.of(given),
            resolve.argument("image_name", given.get("image_name"), parse_image_name),
            Policy.from_arguments(given, unknown=unknown),
            given.get("resolve_digest", False),
        )

    @property
    def policy(self) -> Policy:
        """The rule by which a tag is chosen."""
        return self._policy

    def ask_with(self, settings: Settings, context: LookupContext) -> GetDockerImageResult:
        return self._result(self.find(settings, context), settings)

    def find(self, settings: Settings, context: LookupContext) -> Found:
        """The image and the selected tag; waits for an explicit tag as long as it may.

        Raises:
            UcimageError: see `errors`.
        """
        clock = context.clock
        waited_enough = Deadline.after(self._policy.wait_s, clock)
        pause_s, again = _FIRST_PAUSE_S, False
        while True:
            deadline = Deadline.after(settings.timeout_s, clock)
            try:
                found = self._look(settings, context, deadline, again=again)
            except (NoMatchingTagError, NoSuchImageError):
                remaining_s = waited_enough.remaining_s()
                if remaining_s <= 0:
                    raise
            else:
                break
            context.log.info(
                f"The tag {quoted(self._policy.tag or '')} is not listed in bucket"
                f" '{self._bucket_query.bucket_name}' yet; looking again."
            )
            clock.sleep(min(pause_s, remaining_s))
            pause_s, again = min(2 * pause_s, _LONGEST_PAUSE_S), True
        if self._resolve_digest:
            found = self._with_digest(found, settings, context, deadline)
        if settings.explain:
            first, _, rest = found.selection.explanation.partition("\n")
            context.log.info(first)
            names = [candidate.name for candidate in found.selection.choice.candidates]
            context.log.debug(f"{rest}\nCandidates: {some(names, 1000)}")
        return found

    def evaluate(self, context: LookupContext) -> Evaluation:
        """What the policy makes of all tags of the image, whether it chooses one or not.

        Raises:
            UcimageError: see `errors`; not if no tag is left to choose.
        """
        settings = self.settings(context)
        if self._resolve_digest:
            with contextlib.suppress(NoMatchingTagError, AmbiguousTagError):
                found = self.find(settings, context)
                return Evaluation(found.name, found.selection.choice, None, found.digest)
        listing = self._bucket_query.listing(settings, context)
        record = self._the_image(listing, settings.region)
        name = ImageName.parse((record and record.name) or self._image_name or "")
        choice = evaluate(self._policy, _tags(record), now=context.clock.now())
        return Evaluation(name, choice, why_nothing(choice, image_name=name.full), None)

    def _with_digest(
        self, found: Found, settings: Settings, context: LookupContext, deadline: Deadline
    ) -> Found:
        """The same choice with its digest.

        With `min_age` or `as_of` the listing is read again: only if the tag was not pushed
        meanwhile, the digest names bytes that are old enough.

        Raises:
            UcimageError: see `errors`; a ResponseError if the tag is pushed all the time.
        """
        # Only here: a look-up without a digest does not need it.
        from pulumi_ucimage._lookup.digests import resolve_digest  # noqa: PLC0415

        limits_age = (self._policy.min_age_s, self._policy.as_of_s) != (None, None)
        for _ in range(_MAX_READINGS):
            selection = found.selection
            digest = resolve_digest(
                repository(found.name, settings.registry),
                selection.tag,
                settings,
                deadline,
                is_listed=selection.found,
            )
            if not limits_age:
                return found._replace(digest=digest)
            later = self._look(settings, context, deadline, again=True)
            if found.pushed == later.pushed:
                return found._replace(digest=digest)
            found = later
        message = (
            f"The tag {quoted(found.selection.tag)} was pushed again each time its digest"
            f" was read, {_MAX_READINGS} times; try again later."
        )
        raise ResponseError(message)

    def tags(self, settings: Settings, context: LookupContext) -> Sequence[TagRecord]:
        """The tags of the image, all of them.

        Raises:
            UcimageError: see `errors`; a NoSuchImageError if there is no such image.
        """
        listing = self._bucket_query.listing(settings, context)
        return _tags(self._the_image(listing, settings.region))

    def _look(
        self, settings: Settings, context: LookupContext, deadline: Deadline, *, again: bool
    ) -> Found:
        listing = self._bucket_query.listing(
            settings, context, again=again, deadline=deadline
        )
        record = self._the_image(listing, settings.region)
        name = ImageName.parse((record and record.name) or self._image_name or "")
        selection = select(
            self._policy, _tags(record), image_name=name.full, now=context.clock.now()
        )
        return Found(record, name, selection)

    def _the_image(self, listing: Listing, region: str) -> ImageRecord | None:
        """The image that the arguments name; None if `default_tag` is used instead.

        Raises:
            NoSuchImageError: there is no such image.
            AmbiguousImageError: several images match.
        """
        where = f"The bucket '{self._bucket_query.bucket_name}' in region '{region}'"
        wanted = self._image_name
        images = listing.images
        found = images_named(wanted, listing) if wanted else images
        if len(found) > 1 and wanted:
            raise _several(wanted, found)
        if len(found) > 1:
            names = [image.name or "" for image in images]
            message = (
                f"{where} has {len(names)} images, {some(names)}: name one of them in"
                " image_name."
            )
            raise AmbiguousImageError(message)
        if found and found[0].name:
            return found[0]
        if found:
            message = f"{where} has one image, and the API gives it no name."
            raise NoSuchImageError(message)
        if wanted and self._policy.default_tag and ImageName.parse(wanted).host:
            return None
        names = [image.name or "" for image in images]
        there = f"its images are {some(names)}" if names else "it has no images"
        what = f"no image {quoted(wanted)}" if wanted else "no images"
        message = (
            f"{where} has {what}{f': {there}' if wanted else ''}; push the image first,"
            " or check image_name, bucket_name, region and project_id."
        )
        raise NoSuchImageError(message)

    def _result(self, found: Found, settings: Settings) -> GetDockerImageResult:
        record, name, selection, digest = found
        image = reference(name, selection.tag, settings.registry)
        created = selection.create_time
        return GetDockerImageResult(
            id=f"{settings.region}/{self._bucket_query.bucket_name}/{name.path}",
            region=settings.region,
            bucket_name=self._bucket_query.bucket_name,
            image_name=name.full,
            short_name=name.short,
            tag=selection.tag,
            image=image,
            digest=digest,
            repo_digest=repo_digest(name, digest, settings.registry),
            create_time=created,
            created_at=None if created is None else format_timestamp(created),
            resource_id=record and record.resource_id,
            found=selection.found,
            candidates=[candidate.name for candidate in selection.choice.candidates],
            counts=TagCounts(selection.choice.counts()),
            explanation=selection.explanation,
        )


def repository(name: ImageName, registry: str | None) -> str:
    """`<host>/<path>` of an image, at `registry` or at the host in its name.

    Raises:
        ConfigError: there is no host.
    """
    found = name.repository(registry)
    if found is None:
        message = (
            f"The image {quoted(name.full)} has no registry host in its name, so"
            " that it would be pulled from elsewhere: give the argument registry,"
            " or set ucimage:registry (`pulumi config set ucimage:registry"
            " HOST:PORT`) or UCIMAGE_REGISTRY."
        )
        raise ConfigError(message)
    return found


def reference(name: ImageName, tag: str, registry: str | None) -> str:
    """The whole reference of a tag; see `repository`."""
    return f"{repository(name, registry)}:{tag}"


def repo_digest(name: ImageName, digest: str | None, registry: str | None) -> str | None:
    """The reference of a digest, if there is one; see `repository`."""
    return f"{repository(name, registry)}@{digest}" if digest else None


def images_named(name: str, listing: Listing) -> list[ImageRecord]:
    """The images that match a name: its full name, else its path or last part."""
    alike = listing.by_last_part.get(name.rpartition("/")[2], [])
    in_full = [image for image in alike if image.name == name]
    return in_full or [
        image for image in alike if ImageName.parse(image.name or "").is_called(name)
    ]


def _several(name: str, images: Sequence[ImageRecord]) -> AmbiguousImageError:
    names = [image.name or "" for image in images]
    return AmbiguousImageError(
        f"{len(images)} images are called {quoted(name)}: {some(names)}; give one of"
        " these full names in image_name."
    )


def _tags(record: ImageRecord | None) -> Sequence[TagRecord]:
    return (record and record.tag_set) or ()


def _image(record: ImageRecord, registry: str | None) -> DockerImage:
    name = ImageName.parse(record.name) if record.name else None
    repository = name.repository(registry) if name else None
    tags = newest_first(_tags(record))
    latest = newest(tags)
    results = [_tag(tag, repository) for tag in tags]
    updated, org_id = record.update_time, record.org_id
    return DockerImage(
        name=record.name,
        short_name=name.short if name else None,
        tags=results,
        latest_tag=results[tags.index(latest)] if latest else None,
        update_time=updated,
        updated_at=None if updated is None else format_timestamp(updated),
        resource_id=record.resource_id,
        org_id=None if org_id is None else str(org_id),
    )


def _tag(tag: TagLike, repository: str | None) -> DockerImageTag:
    name, created = tag.name, tag.create_time
    return DockerImageTag(
        name=name,
        image=f"{repository}:{name}" if repository and name else None,
        create_time=created,
        created_at=None if created is None else format_timestamp(created),
    )
