"""What README's "Try it" shows is what its commands print, one after the other in one folder."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest
from commands import call
from conftest import Finished
from kitloop_genomics.command import kitloop_genomics
from kitloop_genomics.demo.build import Demo
from kitloop_genomics.showing import show

README = Path(__file__).resolve().parent.parent / "README.md"
NUMBER = re.compile(r"\d+(?:\.\d+)?")


def _sessions() -> list[tuple[list[str], list[str]]]:
    """Each command of "Try it" and the lines that stand under it."""
    text = README.read_text().split("## Try it\n")[1].split("\n## ")[0]
    found: list[tuple[list[str], list[str]]] = []
    for block in text.split("```\n")[1::2]:
        for entry in block.removeprefix("$ ").split("\n$ "):
            command, *lines = entry.replace("\\\n", "").strip("\n").split("\n")
            found.append((shlex.split(command, comments=True), lines))
    return found


def _differing(shown: list[str], printed: list[str]) -> list[str]:
    """The lines of README that aren't printed; figures may be off in the last digit, as kinds of processors are."""
    whole = shown[-1:] != ["..."]
    lines = shown if whole else shown[:-1]
    wrong = [one for one, other in zip(lines, printed, strict=False) if not _alike(one, other)]
    return wrong + lines[len(printed) :] + (printed[len(lines) :] if whole else [])


def _alike(one: str, other: str) -> bool:
    if " ".join(NUMBER.sub("#", one).split()) != " ".join(NUMBER.sub("#", other).split()):
        return False
    pairs = zip(map(float, NUMBER.findall(one)), map(float, NUMBER.findall(other)), strict=True)
    return all(abs(a - b) <= (0.001 if max(a, b) < 1 else 0.5) for a, b in pairs)


def test_the_readme_s_commands_print_what_it_shows(
    demo: Demo,
    finished: Finished,
    finished_array: Finished,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("demo").symlink_to(demo.path)  # whole, so it is made again in no time
    Path("result").mkdir()
    # The two long runs are those of other tests, of the same reads and export; their arguments are parsed as the command does.
    runs = {"result/kit-1": finished, "result/array": finished_array}
    wrong: dict[str, list[str]] = {}
    commands = _sessions()
    assert len(commands) == 10
    for (program, *words), shown in commands:
        assert program == "kitloop-genomics"
        out = Path(words[words.index("--out") + 1]) if "--out" in words else None
        if words == ["warmup"]:
            printed = "kernels are compiled\n"  # they are, before any test
        elif words[0] == "run" and str(out) in runs:
            assert out is not None
            with kitloop_genomics.commands["run"].make_context("run", words[1:]) as context:
                assert all(
                    context.params[name] is None or context.params[name].exists() for name in ("r1", "r2", "array")
                )
            out.symlink_to(runs[str(out)].out)
            show(json.loads((out / "result.json").read_text()))
            printed = capsys.readouterr().out
        else:
            done = call(*words)
            assert done.returncode == 0, done.stderr
            printed = done.stdout
        if lines := _differing(shown, printed.splitlines()):
            wrong[" ".join(words)] = [*lines, "is printed as:", *printed.splitlines()]
    assert wrong == {}


def test_a_page_that_shows_something_else_is_found_out() -> None:
    assert _differing(["r² 0.994, NRC 0.98", "..."], ["r² 0.9945, NRC 0.98", "more"]) == []
    assert _differing(["Leaf span: percentile 22.5"], ["Leaf span: percentile 9.5"]) == ["Leaf span: percentile 22.5"]
    assert _differing(["a"], ["a", "b"]) == ["b"]
    assert _differing(["a", "b"], ["a"]) == ["b"]
