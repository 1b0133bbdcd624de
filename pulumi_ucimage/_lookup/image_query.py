"""One tag of one image."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar, final

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
from pulumi_ucimage._tags.select import Selection, find_problem, select
from pulumi_ucimage._tags.timestamps import format_timestamp
from pulumi_ucimage.errors import (
    AmbiguousImageError,
    AmbiguousTagError,
    NoMatchingTagError,
    NoSuchImageError,
    ResponseError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from pulumi_ucimage._config.resolve import Settings
    from pulumi_ucimage._lookup.context import LookupContext
    from pulumi_ucimage._tags.evaluate import Evaluation
    from pulumi_ucimage._ucloud.listing import Listing
    from pulumi_ucimage._ucloud.responses import ImageRecord, TagRecord
    from pulumi_ucimage.errors import SelectionError

T = TypeVar("T")

_FIRST_PAUSE_S: Final = 1.0
_LONGEST_PAUSE_S: Final = 10.0

_MAX_READINGS: Final = 3
"""How often a digest is read if the tag is pushed meanwhile."""


class FoundTag(NamedTuple):
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
    def identity(self) -> tuple[str, str, int | None]:
        """What changes if the tag is pushed, or if another is selected."""
        return self.name.full, self.selection.tag, self.selection.create_time


class ImageEvaluation(NamedTuple):
    """The result of evaluating a policy on all tags of an image.

    Attributes:
        name: the image's name.
        evaluation: the candidates and the rejected tags.
        problem: why no tag can be chosen, without the rejected tags; None if one can.
        digest: what the chosen tag names in the registry; None if it was not asked for.
    """

    name: ImageName
    evaluation: Evaluation
    problem: SelectionError | None
    digest: str | None


@final
@dataclass(frozen=True, slots=True)
class ImageQuery(Query[GetDockerImageResult]):
    """One tag of one image."""

    _image_name: str | None
    policy: Policy
    _resolve_digest: bool = False

    @classmethod
    def of(cls, values: Mapping[str, Any], *, unknown: Collection[str] = ()) -> ImageQuery:
        given = arguments.validate_arguments(arguments.GET_DOCKER_IMAGE, values)
        return cls(
            BucketQuery.of(given),
            parse.argument("image_name", given.get("image_name"), parse_image_name),
            Policy.from_arguments(given, unknown=unknown),
            given.get("resolve_digest", False),
        )

    def run_with(self, settings: Settings, context: LookupContext) -> GetDockerImageResult:
        return self._result(self.find(settings, context), settings)

    def find(self, settings: Settings, context: LookupContext) -> FoundTag:
        """The image and the selected tag; waits for an explicit tag as long as it may.

        Raises:
            UcimageError: see `errors`.
        """

        def attempt(deadline: Deadline, *, again: bool) -> FoundTag:
            found = self._find_once(settings, context, deadline, again=again)
            return self._with_digest(found, settings, context, deadline)

        found = self._wait_for_tag(attempt, settings, context)
        if settings.explain:
            first, _, rest = found.selection.explanation.partition("\n")
            context.log.info(first)
            names = [candidate.name for candidate in found.selection.evaluation.candidates]
            context.log.debug(f"{rest}\nCandidates: {join_names(names, limit=1000)}")
        return found

    def evaluate(self, context: LookupContext) -> ImageEvaluation:
        """Evaluate all tags of the image, whether one can be chosen or not.

        Raises:
            UcimageError: see `errors`; not if no tag can be chosen.
        """
        settings = self.settings(context)
        evaluations: list[ImageEvaluation] = []

        def attempt(deadline: Deadline, *, again: bool) -> None:
            record, name = self._find_image(settings, context, deadline, again=again)
            evaluation = evaluate(self.policy, tags_of(record), now=context.clock.now())
            problem = find_problem(evaluation, image_name=name.full, with_rejected=False)
            evaluations.append(ImageEvaluation(name, evaluation, problem, None))
            if problem:
                raise problem
            if not self._resolve_digest:
                return
            found = FoundTag(record, name, select(evaluation, image_name=name.full))
            try:
                found = self._with_digest(found, settings, context, deadline)
            except (NoMatchingTagError, AmbiguousTagError):
                # The tag was pushed meanwhile, and now none can be chosen.
                attempt(deadline, again=True)
            else:
                evaluation = found.selection.evaluation
                evaluations.append(ImageEvaluation(name, evaluation, None, found.digest))

        with suppress(NoMatchingTagError, AmbiguousTagError):
            self._wait_for_tag(attempt, settings, context)
        return evaluations[-1]

    def _wait_for_tag(
        self, attempt: Callable[..., T], settings: Settings, context: LookupContext
    ) -> T:
        """The first result of `attempt`, which is repeated while the tag is not listed.

        Args:
            attempt: takes the deadline, and whether to list again.
            settings: `timeout_s` is the time of one attempt.
            context: where the look-up runs.
        """
        clock = context.clock
        waited_enough = Deadline.after(self.policy.wait_s, clock)
        pause_s, again = _FIRST_PAUSE_S, False
        while True:
            try:
                return attempt(Deadline.after(settings.timeout_s, clock), again=again)
            except (NoMatchingTagError, NoSuchImageError):
                remaining_s = waited_enough.remaining_s()
                if remaining_s <= 0:
                    raise
            context.log.info(
                f"The tag {quoted(self.policy.tag or '')} is not listed in bucket"
                f" '{self._bucket_query.bucket_name}' yet; looking again."
            )
            clock.sleep(min(pause_s, remaining_s))
            pause_s, again = min(2 * pause_s, _LONGEST_PAUSE_S), True

    def _with_digest(
        self,
        found: FoundTag,
        settings: Settings,
        context: LookupContext,
        deadline: Deadline,
    ) -> FoundTag:
        """The same choice with its digest, if that is asked for.

        With `min_age` or `as_of` the listing is read again: only if the tag was not pushed
        meanwhile, the digest names bytes that are old enough.

        Raises:
            UcimageError: see `errors`; a ResponseError if the tag is pushed all the time.
        """
        if not self._resolve_digest:
            return found
        # Only here: a look-up without a digest does not need it.
        from pulumi_ucimage._lookup.digests import resolve_digest  # noqa: PLC0415

        for _ in range(_MAX_READINGS):
            selection = found.selection
            digest = resolve_digest(
                found.name.repository(settings.registry),
                selection.tag,
                settings,
                deadline,
                is_listed=selection.found,
            )
            if not self.policy.limits_age:
                return found._replace(digest=digest)
            later = self._find_once(settings, context, deadline, again=True)
            if found.identity == later.identity:
                return found._replace(digest=digest)
            found = later
        message = (
            f"The tag {quoted(found.selection.tag)} was pushed again each time its digest"
            f" was read, {_MAX_READINGS} times; try again later."
        )
        raise ResponseError(message)

    def tags(
        self,
        settings: Settings,
        context: LookupContext,
        *,
        again: bool = False,
        deadline: Deadline | None = None,
    ) -> Sequence[TagRecord]:
        """The tags of the image, all of them.

        Args:
            settings: the settings of this look-up.
            context: where the look-up runs.
            again: whether an earlier listing may not be used.
            deadline: when the look-up must be done; by default its whole time from now.

        Raises:
            UcimageError: see `errors`; a NoSuchImageError if there is no such image.
        """
        listing = self._bucket_query.listing(
            settings, context, again=again, deadline=deadline
        )
        return tags_of(self._the_image(listing, settings.region))

    def _find_once(
        self, settings: Settings, context: LookupContext, deadline: Deadline, *, again: bool
    ) -> FoundTag:
        record, name = self._find_image(settings, context, deadline, again=again)
        evaluation = evaluate(self.policy, tags_of(record), now=context.clock.now())
        return FoundTag(record, name, select(evaluation, image_name=name.full))

    def _find_image(
        self,
        settings: Settings,
        context: LookupContext,
        deadline: Deadline,
        *,
        again: bool,
    ) -> tuple[ImageRecord | None, ImageName]:
        listing = self._bucket_query.listing(
            settings, context, again=again, deadline=deadline
        )
        record = self._the_image(listing, settings.region)
        return record, ImageName.parse((record and record.name) or self._image_name or "")

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
        if wanted and self.policy.default_tag and ImageName.parse(wanted).host:
            return None
        there = f"its images are {join_names(names)}" if names else "it has no images"
        what = f"no image {quoted(wanted)}" if wanted else "no images"
        message = (
            f"{where} has {what}{f': {there}' if wanted else ''}; push the image first,"
            " or check image_name, bucket_name, region and project_id."
        )
        raise NoSuchImageError(message)

    def _result(self, found: FoundTag, settings: Settings) -> GetDockerImageResult:
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
            candidates=[candidate.name for candidate in selection.evaluation.candidates],
            counts=TagCounts(selection.evaluation.count_tags()),
            explanation=selection.explanation,
        )
