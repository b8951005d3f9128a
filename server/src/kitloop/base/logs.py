"""What must not stand in a log: the tokens of paths that open something to whoever knows them."""

import logging
import re

_OPENING = re.compile(r"(/(?:join|invitations-token|password-reset|activate|confirm-email|uploads)/|[?&]token=)\S+")


class WithoutTokens(logging.Filter):
    """Takes them out of what Django says about a request that failed or was refused, which names its path."""

    def filter(self, record: logging.LogRecord) -> bool:
        said = record.getMessage()
        if _OPENING.search(said):
            record.msg, record.args = _OPENING.sub(r"\1…", said), None
        return True
