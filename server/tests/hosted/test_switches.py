"""What the operator switches on for an organization, by command."""

import json
from typing import Any

import pytest
from cast import Cast
from click.testing import CliRunner
from kitloop.local.commands import update_organization


@pytest.fixture(autouse=True)
def in_this_database(monkeypatch: pytest.MonkeyPatch) -> None:
    from contextlib import nullcontext

    monkeypatch.setattr("kitloop.local.commands.platform", nullcontext)


def run(*words: str) -> Any:
    return CliRunner().invoke(update_organization, [*words, "--json"])


def test_reports_and_the_array_project_are_switched_and_told(cast: Cast) -> None:
    done = run(str(cast.organization.id), "--consumer-reports", "--array-project", str(cast.project.id))
    assert done.exit_code == 0, done.output
    assert json.loads(done.output) == {
        "organization_id": str(cast.organization.id), "kit_ordering": True, "consumer_reports": True,
        "array_project": str(cast.project.id), "results_url": "https://shop.example/kits",
    }  # fmt: skip
    cast.organization.refresh_from_db()
    assert (cast.organization.consumer_reports_enabled, cast.organization.array_project_id) == (True, cast.project.id)
    run(str(cast.organization.id), "--no-consumer-reports")
    cast.organization.refresh_from_db()
    assert (cast.organization.consumer_reports_enabled, cast.organization.array_project_id) == (False, cast.project.id)


def test_another_organizations_project_is_refused(cast: Cast) -> None:
    refused = run(str(cast.organization.id), "--array-project", str(cast.strangers_project.id))
    assert refused.exit_code == 2
    assert "not a project of the organization" in refused.output
    cast.organization.refresh_from_db()
    assert cast.organization.array_project_id is None
