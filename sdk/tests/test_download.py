import hashlib
from pathlib import Path

import pytest
from kitloop_sdk import Client, DownloadCorrupt, File, NotFound, NotPermitted
from loopback import KEY, Answer, Asked, Loopback

CONTENT = bytes(range(256)) * 1000
DIGEST = hashlib.sha256(CONTENT).hexdigest()


def file(host: Loopback, *, size: int | None = len(CONTENT), digest: str = DIGEST) -> File:
    return File("f11e", "impute-vcf", size, f"{host.url}/files/x?signed=1", digest)


def ranged(asked: Asked) -> Answer:
    """A store that serves ranges."""
    if wanted := asked.headers.get("Range"):
        start = int(wanted.removeprefix("bytes=").removesuffix("-"))
        span = f"bytes {start}-{len(CONTENT) - 1}/{len(CONTENT)}"
        return Answer(206, CONTENT[start:], {"Content-Range": span})
    return Answer(200, CONTENT)


def test_a_file_arrives_whole_without_the_key_going_out(host: Loopback, client: Client, tmp_path: Path) -> None:
    host.say(ranged)
    path = client.download(file(host), tmp_path / "x.vcf.gz")
    assert path.read_bytes() == CONTENT
    assert [one.name for one in tmp_path.iterdir()] == ["x.vcf.gz"]
    assert "Authorization" not in host.asked[0].headers
    assert KEY not in str(host.asked[0].headers)


def test_a_broken_download_goes_on_where_it_stopped(host: Loopback, client: Client, tmp_path: Path) -> None:
    host.say(Answer(200, CONTENT, hang_up=100_000), ranged)
    client.download(file(host), tmp_path / "x")
    assert (tmp_path / "x").read_bytes() == CONTENT
    assert host.asked[1].headers["Range"] == "bytes=100000-"


def test_a_later_call_goes_on_too(host: Loopback, tmp_path: Path) -> None:
    host.say(Answer(200, CONTENT, hang_up=70_000), ranged)
    with Client(host.url, KEY, max_retries=0) as hasty:
        with pytest.raises(Exception, match="no answer"):
            hasty.download(file(host), tmp_path / "x")
        assert not (tmp_path / "x").exists()
        hasty.download(file(host), tmp_path / "x")
    assert (tmp_path / "x").read_bytes() == CONTENT
    assert len(host.asked) == 2


def test_a_store_without_ranges_starts_again(host: Loopback, client: Client, tmp_path: Path) -> None:
    host.say(Answer(200, CONTENT, hang_up=100_000), Answer(200, CONTENT))
    client.download(file(host), tmp_path / "x")
    assert (tmp_path / "x").read_bytes() == CONTENT


def test_another_content_is_refused_and_nothing_is_kept(host: Loopback, client: Client, tmp_path: Path) -> None:
    host.say(Answer(200, CONTENT[::-1]))
    with pytest.raises(DownloadCorrupt, match="SHA-256"):
        client.download(file(host), tmp_path / "x")
    assert list(tmp_path.iterdir()) == []


def test_another_size_is_refused(host: Loopback, client: Client, tmp_path: Path) -> None:
    host.say(Answer(200, CONTENT + b"!"))
    with pytest.raises(DownloadCorrupt, match="256001 bytes, 256000 were promised"):
        client.download(file(host), tmp_path / "x")
    assert list(tmp_path.iterdir()) == []


def test_an_earlier_file_of_that_name_stays_until_the_new_one_is_whole(
    host: Loopback, client: Client, tmp_path: Path
) -> None:
    (tmp_path / "x").write_text("before")
    host.say(Answer(403, b"<Error/>"))
    with pytest.raises(NotPermitted):
        client.download(file(host), tmp_path / "x")
    assert (tmp_path / "x").read_text() == "before"


def test_a_missing_checksum_is_asked_for(host: Loopback, client: Client, tmp_path: Path) -> None:
    host.say(Answer(200, f"{DIGEST} *f11e\n".encode(), {"Content-Type": "text/html; charset=utf-8"}), ranged)
    client.download(file(host, digest=""), tmp_path / "x")
    assert host.asked[0].path == "/api/v2/files/f11e.sha256?filename=f11e"
    assert (tmp_path / "x").read_bytes() == CONTENT


def test_a_file_without_checksum_is_none(host: Loopback, client: Client) -> None:
    host.say(Answer(400, {"detail": "File does not have checksum."}))
    assert client.file_sha256("f11e") is None


def test_an_archived_file_is_not_found(host: Loopback, client: Client, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="archived"):
        client.download(File("f11e", "impute-vcf", 1, None, DIGEST), tmp_path / "x")
    assert host.asked == []
