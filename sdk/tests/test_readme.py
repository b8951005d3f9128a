"""The README's examples, run as they stand."""

import hashlib
import re
from pathlib import Path
from typing import Any

import pytest
from conftest import PROJECT
from kitloop_sdk.webhooks import signature
from loopback import KEY, Answer, Asked, Loopback
from test_reading import DETAILS, SAMPLE

README = (Path(__file__).parents[1] / "README.md").read_text()
EXAMPLES = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
CONTENT = b"twelve bytes"


def platform(asked: Asked) -> Answer:
    path = asked.path.split("?")[0]
    finished = DETAILS | {"last_status": {"status": "succeeded"}}
    file = {
        "id": "f1",
        "file_type": "impute-vcf",
        "size": len(CONTENT),
        "download_url": f"http://{asked.headers['Host']}/files/f1",
        "checksum_sha256": hashlib.sha256(CONTENT).hexdigest(),
    }
    score = {"trait_score": {"value": None, "percentile": None}, "trait": {"key": "height"}, "risk": None}
    population = {"key": "fin", "name": "Finland", "proportion": 0.5}
    answers: dict[str, Any] = {
        "/api/v2/sample-kit/": {"sample_id": SAMPLE},
        f"/api/v2/project-samples/{PROJECT}": {"meta": {"count": 1, "next": None}, "results": [finished]},
        f"/api/v2/samples/{SAMPLE}": finished | {"files": [file]},
        f"/api/kitloop/v1/samples/{SAMPLE}/journey": {
            "sample_id": SAMPLE,
            "status": "succeeded",
            "kits": [{"id": "k", "state": "sequenced", "moves": [{"state": "shipped", "at": "2026-03-03T15:00:00Z"}]}],
        },
        f"/api/v2/sample-ancestry/{SAMPLE}": {"ancestry": {"value": {"populations": [population]}}},
        f"/api/v2/sample-trait-scores/{SAMPLE}": {"meta": {"count": 1, "next": None}, "results": [score]},
        "/files/f1": CONTENT,
    }
    return Answer(200, answers[path])


@pytest.fixture
def surroundings(host: Loopback, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Loopback:
    monkeypatch.setenv("KITLOOP_HOST", host.url)
    monkeypatch.setenv("KITLOOP_API_KEY", KEY)
    monkeypatch.setenv("KITLOOP_PROJECT", PROJECT)
    monkeypatch.chdir(tmp_path)
    host.say(platform)
    return host


def test_there_are_three() -> None:
    assert len(EXAMPLES) == 3


def test_ordering(surroundings: Loopback, capsys: pytest.CaptureFixture[str]) -> None:
    exec(EXAMPLES[0], {})
    assert capsys.readouterr().out == f"Kit ordered! Sample ID: {SAMPLE}\n"
    assert surroundings.asked[0].headers["Idempotency-Key"] == "ORD-2025-001"


def test_following(surroundings: Loopback, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    exec(EXAMPLES[1], {})
    said = capsys.readouterr().out
    assert f"{SAMPLE} succeeded" in said
    assert "Finland: 50%" in said
    assert "height not reported" in said
    assert (tmp_path / f"{SAMPLE}_impute-vcf").read_bytes() == CONTENT


def test_receiving() -> None:
    names: dict[str, Any] = {}
    exec(EXAMPLES[2], names)
    import time

    header = signature("secret", b"[]", timestamp=int(time.time()))
    assert names["receive"](b"[]", header, "secret") == 200
    assert names["receive"](b"[ ]", header, "secret") == 400
