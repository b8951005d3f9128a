"""From findings to a verdict and files."""

from __future__ import annotations

from typing import Any

from kitloop_genomics import __version__
from kitloop_genomics.accuracy import accuracy
from kitloop_genomics.delivery import deliver, finish
from kitloop_genomics.quality.controls import ARRAY_CONTROL_TYPES, holds
from kitloop_genomics.quality.multiqc import write_multiqc
from kitloop_genomics.report.report import report
from kitloop_genomics.result import Analysis, quality_json
from kitloop_genomics.steps.findings import Findings
from kitloop_genomics.steps.task import Task
from kitloop_genomics.writing import write_json


def conclude(found: Findings, task: Task) -> Analysis:
    """The verdict, and whatever it allows to be delivered; `result.json` comes last."""
    bundle, sample_id, work = task.bundle, task.sample_id, task.work
    controls, why = found.verdict(task.allowed)
    identity = None if why else found.identity
    with task.progress.step("delivery"):
        if why:
            for path in work.iterdir():
                path.unlink()
        else:
            write_json(work / "ancestry.json", found.ancestry)
            write_json(work / "traits.json", {"sample_id": sample_id, "scores": found.scores, "traits": found.traits})
        quality = quality_json(sample_id, why, controls, found.metrics)
        write_json(work / "qc.json", quality)
        write_multiqc(work, sample_id, quality["verdict"], controls)
        manifest = bundle.manifest
        versions = {
            "tool": __version__,
            "bundle": {"id": manifest.id, "version": manifest.version},
            "build": manifest.build,
            "species": manifest.species,
        }
        shown = report(
            versions=versions, sample_id=sample_id, source="array" if found.kinds is ARRAY_CONTROL_TYPES else "reads",
            reasons=why, controls=controls, metrics=found.metrics, ancestry=found.ancestry, picture=found.picture,
            scores=found.scores, traits=found.traits,
        )  # fmt: skip
        write_json(work / "report.json", shown)
        files, companions = deliver(work, task.out)
    analysis = Analysis(
        tool_version=__version__,
        bundle={"id": bundle.manifest.id, "version": bundle.manifest.version},
        sample_id=sample_id,
        status="failed_qc" if why else "succeeded",
        reasons=tuple(why),
        quality_controls=tuple(controls),
        ancestry=None if why else found.ancestry,
        scores=() if why else tuple(found.scores),
        files=files,
        metrics=found.metrics,
        accuracy=_accuracy(found),
        steps=tuple(task.progress.steps),
        array=found.array,
        traits=() if why else tuple(found.traits),
        companions=companions,
        identity=identity.as_json() if identity else None,
        holds=() if why else (*holds(controls), *(identity.holds if identity else ())),
    )
    finish(task.out, analysis)
    return analysis


def _accuracy(found: Findings) -> dict[str, Any] | None:
    if found.compared is None:
        return None
    untyped = {"untyped": accuracy(found.compared_untyped)} if found.compared_untyped else {}
    return accuracy(found.compared) | untyped
