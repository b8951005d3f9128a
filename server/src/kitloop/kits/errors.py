"""What can be wrong with an order."""

from kitloop.base.errors import KitloopError


class KitOrderingOff(KitloopError):
    """Kit ordering is not switched on for the organization."""

    code = "kit_ordering_off"


class ProjectNotAccessible(KitloopError):
    """No such project, or not one that the caller may order kits for."""

    code = "project_not_accessible"


class DeletingOff(KitloopError):
    """The organization keeps its samples: deleting is switched off for it."""

    code = "deleting_off"
