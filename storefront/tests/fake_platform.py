"""A small, honest stand-in for the platform: the contract's shapes over real HTTP on loopback, without its science.

python fake_platform.py 8000 http://127.0.0.1:8030/webhooks/kitloop     (orders travel by themselves, for a look)
"""

import json
import random
import sys
import threading
import time
import uuid
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit
from urllib.request import Request, urlopen

from kitloop_sdk.webhooks import signature

KEY = "Ab3dE5gH.0123456789abcdefghijABCDEFGHIJxy"
SECRET = "a-secret-of-thirty-two-characters"
PROJECT = "06a5d04b-526a-4471-83ba-fb54e0941758"
STAGES = ("requested", "ordered", "shipped", "delivered", "returning", "received", "sequencing", "sequenced")


def stamp() -> str:
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")


class FakePlatform:
    """Start it, stop it, start it again: orders stay, as in a database."""

    def __init__(self, port: int = 0) -> None:
        self.port = port
        self.samples: dict[str, dict[str, Any]] = {}
        self.keys: dict[str, tuple[str, str]] = {}  # idempotency key -> (body, sample id)
        self.requests: list[str] = []
        self.answers: list[tuple[int, Any, dict[str, str]]] = []  # given to the next orders instead of taking them
        self.lose_answers = False  # take the order, and hang up
        self.knows_keys = True  # False: as Gencove, which documents no idempotency keys
        self.knows_journeys = True
        self.lock = threading.Lock()
        self.server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> "FakePlatform":
        platform = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *args: object) -> None:
                pass

            def do_GET(self) -> None:
                platform.handle(self, "GET", b"")

            def do_POST(self) -> None:
                platform.handle(self, "POST", self.rfile.read(int(self.headers.get("Content-Length") or 0)))

        ThreadingHTTPServer.allow_reuse_address = True
        self.server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def stop(self) -> None:
        if self.server:
            self.server.shutdown()
            self.server.server_close()
            self.server = None

    # The wire --------------------------------------------------------------------------------------------------

    def handle(self, http: BaseHTTPRequestHandler, method: str, body: bytes) -> None:
        where = urlsplit(http.path)
        query = {name: values[0] for name, values in parse_qs(where.query).items()}
        with self.lock:
            self.requests.append(f"{method} {where.path}")
            if self.server is None:  # a kept-open connection to a platform that is down
                http.close_connection = True
                return
            if http.headers.get("Authorization") != f"Api-Key {KEY}" and not where.path.startswith("/files/"):
                answer: tuple[int, Any, dict[str, str]] = (401, {"detail": "Authentication failed."}, {})
            elif method == "POST" and where.path == "/api/v2/sample-kit/":
                answer = self.answers.pop(0) if self.answers else self.order(http.headers.get("Idempotency-Key"), body)
                if self.lose_answers:
                    http.close_connection = True
                    return
            else:
                answer = self.read(where.path, query)
        status, value, headers = answer
        content = json.dumps(value).encode()
        http.send_response(status)
        for name, text in {"Content-Type": "application/json", "Content-Length": str(len(content)), **headers}.items():
            http.send_header(name, text)
        http.end_headers()
        http.wfile.write(content)

    def order(self, key: str | None, body: bytes) -> tuple[int, Any, dict[str, str]]:
        if self.knows_keys and key in self.keys:
            earlier, sample_id = self.keys[key]
            if earlier != body.decode():
                return 422, {"detail": "This key was used with another body.", "code": "idempotency_key_reused"}, {}
            return 201, {"sample_id": sample_id}, {"Idempotent-Replayed": "true"}
        wanted = json.loads(body)
        errors = {}
        if wanted["project_id"] != PROJECT:
            return 400, ["Project does not exist or you do not have privileges to access it."], {}
        if wanted["recipient_address_postal_code"] == "00000":
            errors["recipient_address_postal_code"] = ["This postal code is not in this region."]
        if errors:
            return 400, errors, {}
        sample_id = str(uuid.uuid4())
        self.samples[sample_id] = {
            "id": sample_id,
            "status": "kit_requested",
            "note": "",
            "modified": stamp(),
            "metadata": wanted.get("metadata"),
            "test_mode": wanted.get("test_mode", False),
            "recipient": wanted,
            "kits": [self.kit()],
            "holds": [],
            "files": [],
            "results": None,
        }
        if key:
            self.keys[key] = (body.decode(), sample_id)
        return 201, {"sample_id": sample_id}, {}

    def kit(self) -> dict[str, Any]:
        return {
            "id": str(uuid.uuid4()),
            "state": "requested",
            "test_mode": True,
            "carrier": "",
            "outbound_tracking": "",
            "return_tracking": "",
            "moves": [{"state": "requested", "at": stamp(), "note": ""}],
        }

    def read(self, path: str, query: dict[str, str]) -> tuple[int, Any, dict[str, str]]:
        parts = path.strip("/").split("/")
        missing: tuple[int, Any, dict[str, str]] = (404, {"detail": "Not found."}, {})
        if parts[:3] == ["api", "v2", "project-samples"] and parts[3] == PROJECT:
            rows = [self.listed(one) for one in self.samples.values() if self.matches(one, query.get("search", ""))]
            rows.sort(key=lambda one: one["modified"], reverse=True)
            return self.page(path, rows, query)
        if parts[:4] == ["api", "kitloop", "v1", "samples"]:
            sample = self.samples.get(parts[4])
            if not self.knows_journeys:
                return missing
            if sample is None:
                return 404, {"type": "about:blank", "title": "Not found", "status": 404}, {}
            journey = {name: sample[name] for name in ("status", "note", "kits", "holds")}
            return 200, {"sample_id": sample["id"], **journey}, {}
        sample = self.samples.get(parts[-1]) if parts[:2] == ["api", "v2"] else None
        if sample is None:
            return missing
        match parts[2]:
            case "samples":
                return 200, self.listed(sample) | {"project": PROJECT, "files": self.files(sample)}, {}
            case "sample-metadata":
                return 200, {"metadata": sample["metadata"]}, {}
            case "sample-quality-controls":
                return self.page(path, (sample["results"] or {}).get("quality_controls", []), query)
            case "sample-trait-scores":
                return self.page(path, (sample["results"] or {}).get("scores", []), query)
            case "sample-ancestry":
                ancestry = (sample["results"] or {}).get("ancestry")
                return (200, ancestry, {}) if ancestry else missing
        return missing

    def matches(self, sample: dict[str, Any], search: str) -> bool:
        return not search or search in sample["id"] or search in json.dumps(sample["metadata"])

    def listed(self, sample: dict[str, Any]) -> dict[str, Any]:
        return {
            "id": sample["id"],
            "run": None,
            "created": sample["modified"],
            "hidden": False,
            "modified": sample["modified"],
            "client_id": "",
            "physical_id": "",
            "legacy_id": "",
            "last_status": {
                "id": str(uuid.uuid4()),
                "status": sample["status"],
                "note": sample["note"],
                "created": sample["modified"],
            },
            "archive_last_status": None,
            "a_key_of_tomorrow": {"ignored": True},
        }

    def files(self, sample: dict[str, Any]) -> list[dict[str, Any]]:
        return [
            {
                "id": str(uuid.uuid5(uuid.UUID(sample["id"]), file_type)),
                "s3_path": "",
                "size": 1_234_567,
                "download_url": f"{self.url}/files/{file_type}?signed={uuid.uuid4().hex}",
                "file_type": file_type,
                "checksum_sha256": "",
                "shadow_mode": False,
            }
            for file_type in sample["files"]
        ]

    def page(self, path: str, rows: list[Any], query: dict[str, str]) -> tuple[int, Any, dict[str, str]]:
        limit, offset = min(int(query.get("limit", 20)), 200), int(query.get("offset", 0))
        more = offset + limit < len(rows)
        following = f"{self.url}{path}?limit={limit}&offset={offset + limit}" if more else None
        meta = {"count": len(rows), "next": following, "previous": None}
        return 200, {"meta": meta, "results": rows[offset : offset + limit]}, {}

    # The story -------------------------------------------------------------------------------------------------

    def move(self, sample_id: str, state: str, *, note: str = "") -> None:
        """The active kit comes to a stage, or to an end."""
        with self.lock:
            sample = self.samples[sample_id]
            kit = sample["kits"][-1]
            kit["state"] = state
            kit["moves"].append({"state": state, "at": stamp(), "note": note})
            if state == "shipped":
                kit |= {
                    "carrier": "Demo Post",
                    "outbound_tracking": "DP 4471 8830 12",
                    "return_tracking": "DP 4471 8830 29",
                }
            sample["status"] = {"ordered": "kit_ordered", "sequenced": "running"}.get(state, sample["status"])
            sample["modified"] = stamp()

    def replace_kit(self, sample_id: str) -> None:
        with self.lock:
            self.samples[sample_id]["kits"].append(self.kit())
            self.samples[sample_id]["status"] = "kit_requested"
            self.samples[sample_id]["modified"] = stamp()

    def finish(self, sample_id: str, *, status: str = "succeeded", results: dict[str, Any] | None = None) -> None:
        with self.lock:
            sample = self.samples[sample_id]
            sample |= {"status": status, "modified": stamp(), "results": results or made_up_results(status)}
            sample["files"] = ["fastq-r1", "fastq-r2"]
            if status == "succeeded":
                sample["files"] += ["alignment-bam", "impute-vcf", "impute-tbi", "ancestry-json", "traits-json"]

    def event(self, *sample_ids: str, event_id: str = "") -> dict[str, Any]:
        samples = [
            {"id": one, "client_id": "", "last_status": {"status": self.samples[one]["status"]}} for one in sample_ids
        ]
        return {
            "event_id": event_id or str(uuid.uuid4()),
            "event_type": "analysis_complete_v2",
            "timestamp": stamp(),
            "payload": {"project": {"id": PROJECT}, "samples": samples},
        }

    def signed(
        self, events: list[dict[str, Any]], *, secret: str = SECRET, at: float | None = None
    ) -> tuple[bytes, str]:
        """Body and signature header."""
        body = json.dumps(events).encode()
        return body, signature(secret, body, timestamp=int(at if at is not None else time.time()))

    def deliver(self, target: str, events: list[dict[str, Any]]) -> int:
        body, header = self.signed(events)
        request = Request(target, body, {"Content-Type": "application/json", "Gencove-Signature": header})
        with urlopen(request, timeout=5) as answer:
            return int(answer.status)


def made_up_results(status: str = "succeeded") -> dict[str, Any]:
    checks = [
        ("format", "Valid FASTQ format", "bool", None, None, "succeeded"),
        ("bases_min", "Bases sequenced", "number", 330_000_000, 1_482_118_400, "succeeded"),
        ("snps_min", "Variants covered by a read", "number", 5_000_000, 7_213_552, "succeeded"),
        ("fraction_contamination_max", "Share of foreign DNA", "number", 0.06, 0.0042, "succeeded"),
        ("call_rate_min", "Variants called", "number", None, None, "skipped"),
    ]
    if status == "failed_qc":
        checks[1] = ("bases_min", "Bases sequenced", "number", 330_000_000, 91_000_000, "failed")
    populations = [
        ("fin", "Finland", 0.531, 0.47, 0.59),
        ("gbr", "British Isles", 0.262, 0.20, 0.33),
        ("tsi", "Tuscany", 0.124, 0.08, 0.17),
        ("ibs", "Iberia", 0.061, 0.02, 0.10),
        ("yri", "Yoruba", 0.016, 0.0, 0.04),
        ("chb", "Han Chinese", 0.006, 0.0, 0.02),
    ]
    rng = random.Random(7)
    edges = [round(-4 + 0.25 * step, 2) for step in range(33)]
    spread = [0] * 32
    for _ in range(3000):
        spread[min(31, max(0, int((rng.gauss(0, 1.1) + 4) / 0.25)))] += 1
    scores = [
        ("height", "cm", 1.23, 87.5, None),
        ("ldl_cholesterol", "mg/dL", 2.61, 98.9, "high_risk"),
        ("morning_person", "", -0.31, 38.2, "not_high_risk"),
        ("bone_density", "", -2.2, 2.1, None),
        ("caffeine_metabolism", "", None, None, None),
    ]
    return {
        "quality_controls": [
            {
                "quality_control_type": {
                    "key": key,
                    "name": name,
                    "type": kind,
                    "description_markdown": "",
                    "display_type": kind,
                    "display_only_if_failed": False,
                },
                "quality_control": {
                    "value_expected": wanted,
                    "value_measured": found,
                    "value_string": "",
                    "status": outcome,
                },
            }
            for key, name, kind, wanted, found, outcome in checks
        ],
        "ancestry": {
            "ancestry": {
                "value": {
                    "populations": [
                        {"key": key, "name": name, "proportion": share, "low": low, "high": high}
                        for key, name, share, low, high in populations
                    ]
                }
            },
            "metadata": {"value": {"panel": "made up"}},
        },
        "scores": [
            {
                "trait_score": {"value": value, "percentile": percentile},
                "trait_distribution": {"value": {"bin_edges": edges, "counts": spread}, "version": "1.0"},
                "trait": {"key": key},
                "trait_unit": {"key": unit},
                "risk": risk,
            }
            for key, unit, value, percentile, risk in scores
        ],
    }


def main() -> None:
    platform = FakePlatform(int(sys.argv[1]) if len(sys.argv) > 1 else 8000).start()
    target = sys.argv[2] if len(sys.argv) > 2 else ""
    print(f"{platform.url}  key {KEY}  project {PROJECT}  webhook secret {SECRET}", flush=True)
    while True:
        time.sleep(2)
        for sample_id, sample in list(platform.samples.items()):
            state = sample["kits"][-1]["state"]
            if (
                sample["status"] in ("succeeded", "failed_qc")
                or sample["recipient"].get("recipient_instructions") == state
            ):
                continue  # a note for the courier that names a stage holds the kit there
            if state != "sequenced":
                platform.move(sample_id, STAGES[STAGES.index(state) + 1])
                continue
            platform.finish(sample_id)
            if target:
                platform.deliver(target, [platform.event(sample_id)])


if __name__ == "__main__":
    main()
