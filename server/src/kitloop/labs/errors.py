"""What can be wrong between the platform and a lab."""

from kitloop.base.errors import KitloopError


class LabUnreachable(KitloopError):
    """The lab did not answer, or answered what is worth another try."""

    code = "lab_unreachable"


class NoLab(KitloopError):
    """No lab is set up that takes such orders."""

    code = "no_lab"


class KitNotHere(KitloopError):
    """This lab has no kit of that id."""

    code = "kit_not_here"


class FilesMissing(KitloopError):
    """The event names files that are not uploaded."""

    code = "files_missing"


class UploadRefused(KitloopError):
    """What was uploaded is not what was announced; nothing was kept. `code` is the reason."""

    def __init__(self, code: str) -> None:
        super().__init__(f"The upload was refused: {code}.")
        self.code = code
