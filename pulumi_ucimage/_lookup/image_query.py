"""One tag of one image."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple, final

from pulumi_ucimage._config import parse
from pulumi_ucimage._formatting import join_names, quoted
from pulumi_ucimage._http.clock import Deadline
from pulumi_ucimage._lookup.bucket_query import BucketQuery
from pulumi_ucimage._lookup.image_name import ImageName
from pulumi_ucimage._lookup.name_arguments import parse_image_name
from pulumi_ucimage._lookup.query import Query, image_named, tags_of
from pulumi_ucimage._spec import arguments
from pulumi_ucimage._spec.results import GetDockerImageResult, TagCounts
from pulumi_ucimage._tags.evaluate import evaluate
from pulumi_ucimage._tags.policy import Policy
from pulumi_ucimage._tags.select import Selection, select, why_nothing
from pulumi_ucimage._tags.timestamps import format_timestamp
from pulumi_ucimage.errors import (
    AmbiguousImageError,
    AmbiguousTagError,
    NoMatchingTagError,
    NoSuchImageError,
    ResponseError,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from pulumi_ucimage._config.resolve import Settings
    from pulumi_ucimage._lookup.context import LookupContext
    from pulumi_ucimage._spec.arguments import Argument
    from pulumi_ucimage._tags.evaluate import Choice
    from pulumi_ucimage._ucloud.listing import Listing
    from pulumi_ucimage._ucloud.responses import ImageRecord, TagRecord
    from pulumi_ucimage.errors import SelectionError

_FIRST_PAUSE_S: Final = 1.0
_LONGEST_PAUSE_S: Final = 10.0

_MAX_READINGS: Final = 3
"""How often a digest is read if the tag is pushed meanwhile."""


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
        problem: why no tag can be chosen, without the rejected tags; None if one can.
        digest: what the chosen tag names in the registry; None if it was not asked for.
    """

    name: ImageName
    choice: Choice
    problem: SelectionError | None
    digest: str | None


def check_known(table: Iterable[Argument], values: Mapping[str, Any]) -> None:
    """Check the arguments that are known already.

    Args:
        table: the arguments that the caller takes.
        values: by Python name, without those that are not known yet.

    Raises:
        ArgumentError: one of them is invalid, whatever the others will be.
    """
    # Only the bucket's name is required, and any name will do.
    given = arguments.validate_arguments(table, {"bucket_name": "unknown", **values})
    ImageQuery.of(given, unknown={argument.name for argument in table} - values.keys())


@final
@dataclass(frozen=True, slots=True)
class ImageQuery(Query[GetDockerImageResult]):
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
        given = arguments.validate_arguments(arguments.GET_DOCKER_IMAGE, values)
        return cls(
            BucketQuery.of(given),
            parse.argument("image_name", given.get("image_name"), parse_image_name),
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
                found = self._find_once(settings, context, deadline, again=again)
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
            context.log.debug(f"{rest}\nCandidates: {join_names(names, limit=1000)}")
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
        choice = evaluate(self._policy, tags_of(record), now=context.clock.now())
        problem = why_nothing(choice, image_name=name.full, with_rejected=False)
        return Evaluation(name, choice, problem, None)

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
                found.name.repository(settings.registry),
                selection.tag,
                settings,
                deadline,
                is_listed=selection.found,
            )
            if not limits_age:
                return found._replace(digest=digest)
            later = self._find_once(settings, context, deadline, again=True)
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
        return tags_of(self._the_image(listing, settings.region))

    def _find_once(
        self, settings: Settings, context: LookupContext, deadline: Deadline, *, again: bool
    ) -> Found:
        listing = self._bucket_query.listing(
            settings, context, again=again, deadline=deadline
        )
        record = self._the_image(listing, settings.region)
        name = ImageName.parse((record and record.name) or self._image_name or "")
        selection = select(
            self._policy, tags_of(record), image_name=name.full, now=context.clock.now()
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
        if wanted and (image := image_named(wanted, listing)):
            return image
        images = listing.images
        names = [image.name or "" for image in images]
        if not wanted and len(images) > 1:
            message = (
                f"{where} has {len(names)} images, {join_names(names)}: name one of them in"
                " image_name."
            )
            raise AmbiguousImageError(message)
        if not wanted and images:
            if images[0].name:
                return images[0]
            message = f"{where} has one image, and the API gives it no name."
            raise NoSuchImageError(message)
        if wanted and self._policy.default_tag and ImageName.parse(wanted).host:
            return None
        there = f"its images are {join_names(names)}" if names else "it has no images"
        what = f"no image {quoted(wanted)}" if wanted else "no images"
        message = (
            f"{where} has {what}{f': {there}' if wanted else ''}; push the image first,"
            " or check image_name, bucket_name, region and project_id."
        )
        raise NoSuchImageError(message)

    def _result(self, found: Found, settings: Settings) -> GetDockerImageResult:
        record, name, selection, digest = found
        image = name.reference(selection.tag, settings.registry)
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
            repo_digest=name.repo_digest(digest, settings.registry),
            create_time=created,
            created_at=None if created is None else format_timestamp(created),
            resource_id=record and record.resource_id,
            found=selection.found,
            candidates=[candidate.name for candidate in selection.choice.candidates],
            counts=TagCounts(selection.choice.counts()),
            explanation=selection.explanation,
        )
