"""Whose request it is where proxies stand between, and settings that would get it wrong."""

from pathlib import Path
from typing import Any

import pytest
from cast import Cast
from django.http import HttpRequest
from django.test import Client, RequestFactory
from kitloop.accounts.keys import create_api_key
from kitloop.base.requests import client_address
from kitloop.config.settings import _networks
from program import kitloop
from pytest_django import Settings


@pytest.mark.parametrize(
    ("trusted", "peer", "forwarded", "found"),
    [
        ("", "127.0.0.1", "203.0.113.9", "127.0.0.1"),
        ("127.0.0.0/8", "127.0.0.1", "", "127.0.0.1"),
        ("127.0.0.0/8", "127.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("127.0.0.0/8", "127.0.0.1", "198.51.100.1, 203.0.113.9", "203.0.113.9"),
        ("127.0.0.0/8,10.0.0.0/8", "127.0.0.1", "198.51.100.1, 203.0.113.9, 10.1.2.3", "203.0.113.9"),
        ("127.0.0.0/8,10.0.0.0/8", "127.0.0.1", "10.1.2.3, 10.1.2.4", "10.1.2.3"),
        ("127.0.0.0/8", "192.0.2.5", "203.0.113.9", "192.0.2.5"),
        ("127.0.0.0/8", "127.0.0.1", "203.0.113.9:51234", "203.0.113.9"),
        ("127.0.0.0/8", "127.0.0.1", "[2001:db8::9]:51234", "2001:db8::9"),
        ("127.0.0.0/8", "127.0.0.1", "2001:db8::9", "2001:db8::9"),
        ("127.0.0.0/8", "::ffff:127.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("127.0.0.0/8", "127.0.0.1", "203.0.113.9, unknown", "127.0.0.1"),
        ("::1/128", "::1", "203.0.113.9", "203.0.113.9"),
    ],
)
def test_the_last_address_that_no_trusted_proxy_has_is_the_clients(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, trusted: str, peer: str, forwarded: str, found: str
) -> None:
    monkeypatch.setenv("KITLOOP_TRUSTED_PROXIES", trusted)
    settings.KITLOOP_TRUSTED_PROXIES = _networks("KITLOOP_TRUSTED_PROXIES")
    request: HttpRequest = RequestFactory().get(
        "/", REMOTE_ADDR=peer, headers={"X-Forwarded-For": forwarded} if forwarded else {}
    )
    assert client_address(request) == found


def test_a_keys_ip_range_is_about_the_client_and_not_the_proxy(client: Client, cast: Cast, settings: Settings) -> None:
    _, key = create_api_key(cast.viewer.user, name="office", ip_range=["203.0.113.0/24"])
    headers = {"Authorization": f"Api-Key {key}", "X-Forwarded-For": "203.0.113.9"}
    assert client.get("/api/v2/projects/", headers=headers).status_code == 401
    settings.KITLOOP_TRUSTED_PROXIES = _networks_of("127.0.0.0/8")
    assert client.get("/api/v2/projects/", headers=headers).status_code == 200
    headers["X-Forwarded-For"] = "203.0.113.9, 198.51.100.1"  # the client wrote the first itself
    assert client.get("/api/v2/projects/", headers=headers).status_code == 401


def test_links_are_secure_where_a_trusted_proxy_says_so(client: Client, cast: Cast, settings: Settings) -> None:
    path, headers = "/api/v2/pipeline-capabilities/?offset=1", {
        **cast.viewer.headers, "Host": "testserver", "X-Forwarded-Proto": "https",
    }  # fmt: skip
    previous = client.get(path, headers=headers).json()["meta"]["previous"]
    assert previous.startswith("http://testserver/")
    settings.KITLOOP_TRUSTED_PROXIES = _networks_of("127.0.0.0/8")
    previous = client.get(path, headers=headers).json()["meta"]["previous"]
    assert previous.startswith("https://testserver/")


def _networks_of(text: str) -> Any:
    from ipaddress import ip_network

    return [ip_network(text)]


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("KITLOOP_TRUSTED_PROXIES", "10.0.0.0/8,nonsense", "Error: KITLOOP_TRUSTED_PROXIES must be networks"),
        ("KITLOOP_TRUSTED_PROXIES", "10.1.2.3/8", "'10.1.2.3/8' is not one."),
        ("KITLOOP_REQUESTS_PER_MINUTE", "-1", "Error: KITLOOP_REQUESTS_PER_MINUTE must not be negative."),
        ("KITLOOP_ANONYMOUS_REQUESTS_PER_MINUTE", "many", "KITLOOP_ANONYMOUS_REQUESTS_PER_MINUTE must be a number"),
        ("KITLOOP_AUDIT_DAYS", "1.5", "KITLOOP_AUDIT_DAYS must be a number"),
    ],
)
def test_a_setting_that_means_nothing_stops_the_start(tmp_path: Path, name: str, value: str, said: str) -> None:
    done = kitloop(tmp_path, "serve", **{name: value})
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
