"""No subscription reaches into the operator's network, however its target is spelt. Checked on the socket that connects."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from cast import Cast
from kitloop.base import outbound
from kitloop.base.errors import FieldErrors
from kitloop.webhooks.models import Attempt, Subscription
from kitloop.webhooks.targets import protocol_of
from owed import drained, owe, states, subscribed
from webhook_receiver import Receiver

REFUSED = "The target is a private or special network address."


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    """A socket that would notice any connection to this machine's loopback."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server


def nobody_came(server: socket.socket) -> bool:
    try:
        connection, _ = server.accept()
    except BlockingIOError:
        return True
    connection.close()
    return False


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "0.0.0.0",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "169.254.169.254",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
    ],
)
def test_a_private_address_is_refused_and_the_try_is_kept(
    cast: Cast, listening: socket.socket, settings: Any, host: str
) -> None:
    settings.KITLOOP_WEBHOOK_ALLOWED_NETWORKS = []
    subscription = subscribed(cast, f"http://{host}:{listening.getsockname()[1]}/hook")
    owe(cast.project)
    drained(subscription)
    attempt = Attempt.objects.get()
    assert (attempt.response_status, attempt.error) == (None, REFUSED)
    assert states(subscription) == ["pending"]
    assert nobody_came(listening)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("host", ["0", "127.1", "2130706433", "0x7f000001"])
def test_an_address_spelt_as_no_address_is_not_called(
    cast: Cast, listening: socket.socket, settings: Any, host: str
) -> None:
    settings.KITLOOP_WEBHOOK_ALLOWED_NETWORKS = []
    subscription = subscribed(cast, f"http://{host}:{listening.getsockname()[1]}/hook")
    owe(cast.project)
    drained(subscription)
    assert Attempt.objects.get().error in {REFUSED, "The URL can't be used.", "The target's name can't be resolved."}
    assert nobody_came(listening)


@pytest.mark.django_db(transaction=True)
def test_a_name_that_resolves_to_a_private_address_is_refused(
    cast: Cast, listening: socket.socket, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.KITLOOP_WEBHOOK_ALLOWED_NETWORKS = []
    _resolve(monkeypatch, {"rebound.example": ["127.0.0.1", "10.0.0.7"]})
    subscription = subscribed(cast, f"http://rebound.example:{listening.getsockname()[1]}/hook")
    owe(cast.project)
    drained(subscription)
    assert Attempt.objects.get().error == REFUSED
    assert nobody_came(listening)


@pytest.mark.django_db(transaction=True)
def test_a_name_that_does_not_resolve_is_said_so(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    _resolve(monkeypatch, {})
    subscription = subscribed(cast, "http://nowhere.example/hook")
    owe(cast.project)
    drained(subscription)
    assert Attempt.objects.get().error == "The target's name can't be resolved."


@pytest.mark.django_db(transaction=True)
def test_an_allowed_network_is_reached_by_name_while_all_default_threads_are_busy(
    cast: Cast, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker's default threads are its synchronous jobs', and an analysis sits on one for hours."""
    _resolve(monkeypatch, {"shop.example": ["127.0.0.1"]})
    subscription = subscribed(cast, receiver.url(host="shop.example"))
    owe(cast.project)
    free = threading.Event()

    async def drain_beside_analyses() -> None:
        from kitloop.webhooks.drain import drain

        loop = asyncio.get_running_loop()
        busy = [loop.run_in_executor(None, free.wait, 10) for _ in range(40)]
        try:
            await asyncio.wait_for(drain(subscription.id), 5)
        finally:
            free.set()
            await asyncio.gather(*busy)

    asyncio.run(drain_beside_analyses())
    assert len(receiver.received) == 1


def _resolve(monkeypatch: pytest.MonkeyPatch, names: dict[str, list[str]]) -> None:
    real: Callable[..., Any] = socket.getaddrinfo

    def found(host: str, port: int, *args: Any, **kwargs: Any) -> Any:
        if not host.endswith(".example"):
            return real(host, port, *args, **kwargs)
        if host not in names:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in names[host]]

    monkeypatch.setattr(outbound.socket, "getaddrinfo", found)


@pytest.mark.parametrize(
    ("address", "is_open"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1:248:1893:25c8:1946", True),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("100.64.0.1", False),
        ("100.100.100.200", False),
        ("168.63.129.16", False),
        ("169.254.169.254", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("240.0.0.1", False),
        ("255.255.255.255", False),
        ("::", False),
        ("::1", False),
        ("::7f00:1", False),
        ("::ffff:10.0.0.1", False),
        ("64:ff9b::a9fe:a9fe", False),
        ("64:ff9b:1::a00:1", False),
        ("2002:a00:1::", False),
        ("2001:0:4136:e378:8000:63bf:3fff:fdd2", False),
        ("fc00::1", False),
        ("fd00:ec2::254", False),
        ("fe80::1%eth0", False),
        ("fec0::1", False),
        ("ff02::1", False),
    ],
)
def test_the_door_opens_to_public_addresses_only(address: str, is_open: bool) -> None:
    assert outbound.is_allowed(address, []) is is_open


def test_what_is_allowed_by_name_is_open_in_its_mapped_form_too() -> None:
    allowed = outbound.networks(["10.0.0.0/8"])
    assert outbound.is_allowed("10.1.2.3", allowed)
    assert outbound.is_allowed("::ffff:10.1.2.3", allowed)
    assert not outbound.is_allowed("127.0.0.1", allowed)


@pytest.mark.parametrize("target", ["https://shop.example/kits?x=1", "http://receiver:9000", "http://[2001:db8::1]:8/"])
def test_urls_are_webhooks(target: str) -> None:
    assert protocol_of(target) == "webhook"


def test_addresses_are_emails() -> None:
    assert protocol_of("kits@shop.example") == "email"


@pytest.mark.parametrize(
    "target",
    [
        "shop.example/kits",
        "ftp://shop.example/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "gopher://127.0.0.1:25/",
        "https://",
        "https:///kits",
        "http://user:pass@shop.example/",
        "http://user@shop.example/",
        "http://shop.example\\@127.0.0.1/",
        "http://shop.example:99999/",
        "http://shop.example:x/",
        "http://[::1/",
        "http://shop.example/a b",
        "http://shop.example/\nHost: x",
        "kits@",
        "kits@shop.example\nBcc: x@y.example",
        "a@b@c.example",
        "https://shop.example/" + "x" * 240,
        "",
    ],
)
def test_what_can_not_be_a_target_is_refused_by_name(target: str) -> None:
    with pytest.raises(FieldErrors) as caught:
        protocol_of(target)
    assert list(caught.value.fields) == ["target"]


@pytest.mark.django_db
def test_making_a_subscription_calls_nobody(cast: Cast, receiver: Receiver) -> None:
    subscribed(cast, receiver.url())
    assert Subscription.objects.count() == 1
    assert receiver.received == []
