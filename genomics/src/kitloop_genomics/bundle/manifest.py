"""`manifest.json`: what a folder is, and the size and checksum of every file in it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from kitloop_genomics.errors import BundleError
from kitloop_genomics.writing import sha256_of, write_json

FILE_NAME = "manifest.json"
SCHEMA = "kitloop-bundle/2"
_WITHOUT_STORE = "kitloop-bundle/1"  # its panel was one BCF, read whole at each run
_REBUILD = "Build it again with `kitloop-genomics panel demo`, or copy the bundle again from its source"


@dataclass(frozen=True, slots=True)
class Manifest:
    """`files` maps a relative path to `{"size": bytes, "sha256": hex}`; `created_by` says tool, version and seed.

    `kind` is "reference-bundle" or "held-out-people". `imputation` may hold `effective_population_size`. `sources`
    are the files that it was built from: name, size, sha256 and, where it was given, `licence`. `sex_chromosomes`: see
    `bundle.sex_chromosomes`.
    """

    kind: str
    id: str
    version: str
    build: str
    species: str
    license: str
    created_by: dict[str, Any]
    imputation: dict[str, float] = field(default_factory=dict)
    sources: list[dict[str, Any]] = field(default_factory=list)
    sex_chromosomes: dict[str, Any] = field(default_factory=dict)
    files: dict[str, dict[str, Any]] = field(default_factory=dict)


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """List every file now in `folder` with size and checksum, and write `manifest.json` last."""
    files = {
        path.relative_to(folder).as_posix(): {"size": path.stat().st_size, "sha256": sha256_of(path)}
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != FILE_NAME
    }
    write_json(folder / FILE_NAME, {"schema": SCHEMA, **asdict(manifest), "files": files})


def read_manifest(folder: Path) -> Manifest:
    """Read and shape-check `folder/manifest.json`; `BundleError` if it is missing or not ours."""
    path = folder / FILE_NAME
    try:
        content = json.loads(path.read_text())
    except FileNotFoundError:
        raise BundleError(
            path, "there is no manifest", "Point to a bundle folder, or make one with `kitloop-genomics panel demo DIR`"
        ) from None
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise BundleError(path, f"the manifest can't be read ({error})", _REBUILD) from error
    schema = content.pop("schema", None) if isinstance(content, dict) else None
    if schema == _WITHOUT_STORE:
        remedy = "Build it again, from the same sources with `kitloop-genomics panel build` or by `panel demo`"
        raise BundleError(path, "the bundle is of an earlier form, whose panel is one BCF", remedy)
    if schema != SCHEMA:
        raise BundleError(path, f"not a manifest of schema {SCHEMA}", _REBUILD)
    try:
        return Manifest(**content)
    except TypeError as error:
        raise BundleError(path, f"the manifest lacks or adds fields ({error})", _REBUILD) from error


def file_problems(folder: Path, manifest: Manifest, *, checksums: bool) -> list[BundleError]:
    """All files that are missing, of another size or (with `checksums`) of other content than the manifest says."""
    problems = []
    for name, expected in manifest.files.items():
        path = folder / name
        if not path.is_file():
            problems.append(BundleError(path, "listed in the manifest but missing", _REBUILD))
        elif path.stat().st_size != expected["size"]:
            found = path.stat().st_size
            problems.append(BundleError(path, f"has {found} bytes, the manifest says {expected['size']}", _REBUILD))
        elif checksums and sha256_of(path) != expected["sha256"]:
            problems.append(BundleError(path, "its SHA-256 differs from the manifest's", _REBUILD))
    return problems
