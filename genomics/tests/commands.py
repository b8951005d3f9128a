"""The command, as a process of its own, or in this one, where it needn't load everything anew."""

from __future__ import annotations

import contextlib
import io
import signal
import subprocess
import sys

import pytest
from kitloop_genomics.command import main

COMMAND = [sys.executable, "-c", "from kitloop_genomics.command import main; main()"]


def call(*arguments: object) -> subprocess.CompletedProcess[str]:
    """What `kitloop-genomics` with these arguments prints and returns; an error that it doesn't catch comes out."""
    before = {one: signal.getsignal(one) for one in (signal.SIGTERM, signal.SIGINT)}
    out, err = io.StringIO(), io.StringIO()
    words = ["kitloop-genomics", *map(str, arguments)]
    try:
        with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            patch.setattr(sys, "argv", words)
            with pytest.raises(SystemExit) as ended:
                main()
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
    assert isinstance(ended.value.code, int)
    return subprocess.CompletedProcess(words, ended.value.code, out.getvalue(), err.getvalue())
