"""The official command logs in by e-mail: with the password alone, and with a one-time password where there is a second factor."""

import subprocess
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest
from cli.conftest import Said, World
from faults.running import KITLOOP, environment
from second_factors import code

PASSWORD = "a long enough password"


@dataclass(frozen=True, slots=True)
class Ann:
    """A user of the sandbox's, who logs in by e-mail."""

    world: World
    email: str

    def projects(self, *, typed: str = "", password: str = PASSWORD) -> Said:
        return self.world.installed_gencove(
            "projects", "list", typed=typed, GENCOVE_EMAIL=self.email, GENCOVE_PASSWORD=password
        )

    def api(self, method: str, path: str, access: str = "", body: Any = None) -> httpx2.Response:
        headers = {"Authorization": f"Bearer {access}"} if access else {}
        url = f"{self.world.sandbox.facts['host']}/api/v2/{path}/"
        return httpx2.request(method, url, headers=headers, json=body, timeout=15, trust_env=False)


@pytest.fixture
def ann(world: World, request: pytest.FixtureRequest) -> Ann:
    found = Ann(world, f"{request.node.name.replace('_', '-')[:50]}@sandbox.example")
    organization = world.api(f"/api/v2/projects/{world.project}")["organization"]
    secret = world.folder / "password"
    secret.write_text(PASSWORD)
    role = ("--organization", organization, "--role", "viewer")
    kitloop(world, "create-user", found.email, *role, "--password-file", str(secret))
    return found


def kitloop(world: World, *words: str) -> str:
    settings = {**environment(), "KITLOOP_DATA": str(world.sandbox.data)}
    done = subprocess.run([KITLOOP, *words], env=settings, check=True, capture_output=True, text=True, timeout=60)
    return done.stdout


def test_the_password_alone_lists_what_the_role_may_see(ann: Ann) -> None:
    said = ann.projects()
    assert (said.code, said.out) == (0, ann.world.gencove("projects", "list").out), said.err
    assert ann.world.project in said.out


def test_with_a_second_factor_the_command_asks_for_its_code(ann: Ann) -> None:
    access = ann.api("POST", "jwt-create", body={"email": ann.email, "password": PASSWORD}).json()["access"]
    secret = ann.api("POST", "mfa-setup", access, {"device_type": "generator"}).json()["secret"]
    assert ann.api("POST", "mfa-validate", access, {"token": code(secret)}).status_code == 201
    said = ann.projects(typed=f"{code(secret, steps=1)}\n")  # the code of this step was used for the validation
    assert said.code == 0, said.err
    assert ann.world.project in said.out
    assert "One time password required" in said.err
    wrong = ann.projects(typed="000000\n")
    assert (wrong.code, wrong.out.strip()) == (1, "")
    assert wrong.err.count("One time password required") == 2  # asked again, as for a slip of the finger
    unasked = ann.projects(password="wrong")
    assert (unasked.code, "One time password" in unasked.err) == (1, False)
    assert unasked.err.startswith("ERROR: Failed to login. Please verify your credentials and try again\n")
    assert "logs in with the password alone" in kitloop(ann.world, "turn-off-mfa", ann.email)
    assert ann.projects().code == 0
