"""What can be wrong with an order."""

from kitloop.base.errors import FieldErrors, KitloopError


class KitOrderingOff(KitloopError):
    """Kit ordering is not switched on for the organization."""

    code = "kit_ordering_off"


class ProjectNotAccessible(KitloopError):
    """No such project, or not one that the caller may order kits for."""

    code = "project_not_accessible"


class DeletingOff(KitloopError):
    """The organization keeps its samples: deleting is switched off for it."""

    code = "deleting_off"


class NotConsumerProvider(KitloopError):
    """Forms for end-users are for organizations of the type consumer_provider."""

    code = "not_consumer_provider"


class ArrayUploadsOff(KitloopError):
    """The organization may not upload data."""

    code = "uploads_off"


class NoArrayProject(FieldErrors):
    """No project was named, and the organization has no default one for array data."""


class ReportsOff(KitloopError):
    """Reports for end-users are not switched on for the organization."""

    code = "consumer_reports_off"


class NoResults(KitloopError):
    """The sample has no results that a report could show."""

    code = "no_results"
