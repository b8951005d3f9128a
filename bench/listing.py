"""Listing a project's samples: the same calls on 1,000 samples and on 1,000,000, as ratios of one run.

Times are those of a whole request over HTTP, `meta.count` included. A ratio of 3 or more is a failure: a listing has to stay flat.
"""

import os
import sys
import time
import urllib.request
from statistics import median
from typing import Any

import psycopg

from bench.platform import Platform, platform

SMALL, LARGE, ROUNDS = 1_000, 1_000_000, 30
CALLS = {
    "first page": "",
    "page at offset 100,000": "offset=100000",
    "last page": "offset={last}",
    "metadata, whole word": "search=cust_0000777",
    "metadata, pair": "search=customer_id:cust_0000777",
    "metadata, start of a word": "search=cust_00007",
    "sample id": "search={sample}",
    "status succeeded": "status=succeeded",
    "status running": "status=running",
    "status failed": "status=failed",
    "status completed": "status=completed",
    "hidden": "hidden_status=hidden",
    "all, hidden or not": "hidden_status=all",
    "by creation, oldest first": "sort_by=created&sort_order=asc",
}
FILL = r"""
INSERT INTO kits_sample (id, project_id, client_id, metadata, test_mode, hidden, created, modified, status, status_id,
                         status_note, search_text)
SELECT md5(%(seed)s || n)::uuid, %(project)s, '',
       jsonb_build_object('customer_id', 'cust_' || lpad(n::text, 7, '0'), 'order_number', 'ORD-2025-' || n), false,
       n %% 50 = 0, now() - make_interval(secs => n * 30), now() - make_interval(secs => n * 29 + (n::bigint * 7919) %% 600),
       CASE WHEN n %% 100 < 90 THEN 'succeeded' WHEN n %% 100 < 93 THEN 'failed_qc' WHEN n %% 100 < 97 THEN 'running'
            WHEN n %% 100 < 99 THEN 'kit_ordered' ELSE 'kit_requested' END,
       md5('status' || %(seed)s || n)::uuid, 'Made for measuring.',
       regexp_replace('customer id cust ' || lpad(n::text, 7, '0') || ' order number ord 2025 ' || n, '(\S+)',
                      left(replace(%(seed)s, '-', ''), 8) || '\1', 'g')
FROM generate_series(1, %(number)s) n
"""


def main() -> None:
    with platform() as running:
        print(f"listing, {SMALL:,} and {LARGE:,} samples, median of {ROUNDS} calls each")
        small = running.run("create-project", "Small", "--organization", running.organization_id)["project_id"]
        began = time.monotonic()
        with _database(running) as database:
            for project, number in ((small, SMALL), (running.project_id, LARGE)):
                database.execute(FILL, {"project": project, "seed": project, "number": number})
            database.execute("VACUUM (ANALYZE) kits_sample")
            database.execute("VACUUM (ANALYZE) kits_samplecount")
        print(f"  made in {time.monotonic() - began:.0f} s")
        worst = max(_compare(running, name, query, small) for name, query in CALLS.items())
        print(f"  the worst of them: {worst:.1f} times")
        if os.environ.get("KITLOOP_BENCH_PAUSE"):
            input(f"database: {running.data}; Enter ends it ")
        if worst >= 3:
            sys.exit("bench: a listing is not flat")


def _database(running: Platform) -> psycopg.Connection[Any]:
    return psycopg.connect(host=str(running.data / "postgres" / "s"), user="kitloop", dbname="kitloop", autocommit=True)


def _compare(running: Platform, name: str, query: str, small: str) -> float:
    """Calls of both projects take turns, so that a machine whose speed drifts treats both alike."""
    times: dict[str, list[float]] = {small: [], running.project_id: []}
    for round in range(ROUNDS + 3):
        for project, number in ((small, SMALL), (running.project_id, LARGE)):
            with _database(running) as database:
                sample = database.execute(
                    "SELECT id FROM kits_sample WHERE project_id = %s LIMIT 1", [project]
                ).fetchone()
            assert sample is not None
            asked = query.format(last=int(number * 0.98) - 20, sample=sample[0])
            url = f"{running.url}/api/v2/project-samples/{project}?{asked}"
            request = urllib.request.Request(url, headers={"Authorization": f"Api-Key {running.api_key}"})
            began = time.perf_counter()
            with urllib.request.urlopen(request) as answer:
                answer.read()
            if round >= 3:
                times[project].append((time.perf_counter() - began) * 1000)
    less, more = median(times[small]), median(times[running.project_id])
    print(f"  {name:28} {less:7.1f} ms {more:7.1f} ms   {more / less:5.2f} times")
    return more / less
