"""Questions over HTTP: bounded, patient, and clear about what went wrong."""

from datetime import UTC, datetime
from socket import socket
from typing import Any

import httpx
import msgspec
import pytest

from altui.core.model.observed import Trouble
from altui.services import http
from altui.services.addresses import is_loopback
from altui.services.errors import ServiceError
from altui.services.headers import retry_after
from altui.services.http import Answer, Http, decoded
from tests.answering import Answers


def asking(answers: Answers, seconds: float = 5.0) -> Http:
    return Http("http://svc.test/base", {"X": "y"}, seconds, None, answers.transport)


async def test_an_answer_comes_with_status_headers_and_body(answers: Answers) -> None:
    answers.by_path["/base/a"] = httpx.Response(200, headers={"ETag": '"1"'}, json={"a": 1})
    answer = await asking(answers).get("/a", {"limit": 2})
    assert (answer.status, answer.headers["etag"], answer.body) == (200, '"1"', b'{"a":1}')
    assert str(answers.asked[0].url) == "http://svc.test/base/a?limit=2"
    assert answers.asked[0].headers["x"] == "y"


@pytest.mark.parametrize(
    ("status", "trouble", "tries"),
    [
        (400, Trouble.refused, 1),
        (401, Trouble.denied, 1),
        (403, Trouble.denied, 1),
        (404, Trouble.missing, 1),
        (429, Trouble.unreachable, 1),
        (500, Trouble.refused, 1),
        (503, Trouble.refused, 3),
    ],
)
async def test_a_status_says_what_the_trouble_is(
    answers: Answers, status: int, trouble: Trouble, tries: int
) -> None:
    answers.by_path["/base/a"] = httpx.Response(
        status, json={"code": "Nope", "message": "not\x1b[1m now"}
    )
    with pytest.raises(ServiceError) as raised:
        await asking(answers).get("/a")
    assert raised.value.trouble is trouble
    assert raised.value.words == f"{status} Nope not now"
    assert raised.value.where == "GET /a"
    assert len(answers.asked) == tries


async def test_a_second_try_may_help(answers: Answers) -> None:
    answers.by_path["/base/a"] = [
        httpx.Response(503),
        httpx.ConnectError("reset"),
        httpx.Response(200, json=[]),
    ]
    assert (await asking(answers).get("/a")).status == 200


async def test_a_wait_longer_than_the_deadline_is_not_begun(answers: Answers) -> None:
    answers.by_path["/base/a"] = httpx.Response(429, headers={"Retry-After": "60"})
    with pytest.raises(ServiceError) as raised:
        await asking(answers).get("/a")
    assert raised.value.trouble is Trouble.unreachable
    assert len(answers.asked) == 1


@pytest.mark.parametrize(
    ("error", "trouble"),
    [
        (httpx.ConnectError("refused"), Trouble.unreachable),
        (httpx.ReadTimeout("slow"), Trouble.unreachable),
        (httpx.ConnectTimeout(""), Trouble.unreachable),
        (httpx.RemoteProtocolError("half"), Trouble.unreachable),
        (httpx.DecodingError("gzip"), Trouble.nonsense),
        (httpx.TooManyRedirects("loop"), Trouble.nonsense),
        (httpx.UnsupportedProtocol("ftp"), Trouble.nonsense),
        (httpx.LocalProtocolError("Illegal header value b'hunter2'"), Trouble.misconfigured),
    ],
)
async def test_failures_on_the_way(answers: Answers, error: Exception, trouble: Trouble) -> None:
    answers.by_path["/base/a"] = error
    with pytest.raises(ServiceError) as raised:
        await asking(answers).get("/a")
    assert raised.value.trouble is trouble
    assert raised.value.words
    assert "hunter2" not in str(raised.value)


REDIRECTS = ["ftp://x/", "mailto:a@b", "http://[::1", "//", "x" * 9]


@pytest.mark.parametrize("location", REDIRECTS)
async def test_a_redirect_to_what_cannot_be_asked_is_nonsense(server: Any, location: str) -> None:
    server.script = lambda method, path, body: (302, {})
    server.headers_sent = {"Location": location}
    with pytest.raises(ServiceError) as raised:
        await Http(server.url, {}, 5.0).get("/a")
    assert raised.value.trouble is Trouble.nonsense, raised.value


async def test_a_redirect_is_followed_without_what_is_meant_for_the_first_host(
    answers: Answers,
) -> None:
    answers.by_path["/base/a"] = httpx.Response(302, headers={"Location": "http://other.test/b"})
    answers.by_path["/b"] = httpx.Response(200, json=[])
    headers = {"Authorization": "Bearer hunter2"}
    asked = Http("http://svc.test/base", headers, 5.0, None, answers.transport)
    assert (await asked.get("/a")).status == 200
    assert [one.headers.get("authorization") for one in answers.asked] == ["Bearer hunter2", None]


@pytest.mark.parametrize("token", ["tök€n", "abc\n", "a\rb", " abc ", "a\x00b", "\ud800"])
async def test_a_token_that_no_header_can_carry_is_our_own_fault(
    answers: Answers, token: str
) -> None:
    headers = {"Authorization": f"Bearer {token}" if token.strip() == token else token}
    with pytest.raises(ServiceError) as raised:
        await Http("http://svc.test", headers, 5.0, None, answers.transport).get("/a")
    assert raised.value.trouble is Trouble.misconfigured
    assert token.strip() not in str(raised.value)
    assert not answers.asked


@pytest.mark.parametrize("base", ["", "ftp://svc", "svc.test", "http://", "http://[:"])
async def test_an_address_that_cannot_be_asked_is_a_wrong_setting(base: str) -> None:
    with pytest.raises(ServiceError) as raised:
        await Http(base, {}, 5.0).get("/a")
    assert raised.value.trouble is Trouble.misconfigured


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("ALL_PROXY", "socks5://me:hunter2@127.0.0.1:9", "SOCKS proxies are not supported"),
        ("HTTPS_PROXY", "quic://hunter2@127.0.0.1:9", "set HTTPS_PROXY or NO_PROXY"),
        ("SSL_CERT_FILE", "/no/such/file", "SSL_CERT_FILE or SSL_CERT_DIR cannot be used"),
    ],
)
async def test_what_is_wrong_with_this_host_is_said(
    monkeypatch: Any, variable: str, value: str, words: str
) -> None:
    for name in ("all_proxy", "https_proxy", "HTTPS_PROXY", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, value)
    http._tls.cache_clear()
    with pytest.raises(ServiceError, match=words) as raised:
        await Http("https://svc.test", {}, 5.0).get("/a")
    http._tls.cache_clear()
    assert raised.value.trouble is Trouble.misconfigured
    assert "hunter2" not in str(raised.value)


async def test_silence_ends_at_the_deadline(server: Any) -> None:
    server.script = server.hang
    with pytest.raises(ServiceError) as raised:
        await Http(server.url, {}, 0.2).get("/a")
    assert raised.value.trouble is Trouble.unreachable
    assert raised.value.words == "no answer within 0.2 s" or "Timeout" in raised.value.words


async def test_an_endless_answer_is_cut(answers: Answers, monkeypatch: Any) -> None:
    monkeypatch.setattr(http, "LONGEST_ANSWER", 1000)
    answers.by_path["/base/a"] = httpx.Response(200, content=b"x" * 1001)
    with pytest.raises(ServiceError, match="longer than") as raised:
        await asking(answers).get("/a")
    assert raised.value.trouble is Trouble.nonsense


async def test_this_machine_is_never_asked_through_a_proxy(server: Any, monkeypatch: Any) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    server.script = lambda method, path, body: (200, {})
    assert (await Http(server.url, {}, 5.0).get("/a")).status == 200


async def test_a_proxy_that_is_down_is_named_without_its_password(monkeypatch: Any) -> None:
    with socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    monkeypatch.setenv("https_proxy", f"http://ops:hunter2@127.0.0.1:{port}")
    monkeypatch.setenv("no_proxy", "")
    with pytest.raises(ServiceError) as raised:
        await Http("https://service.example", {}, 5.0).get("/x")
    assert raised.value.trouble is Trouble.unreachable
    said = f"https://service.example through the proxy 127.0.0.1:{port}: "
    assert raised.value.words.startswith(said)
    assert "hunter2" not in raised.value.words


async def test_errors_show_urls_without_passwords(answers: Answers) -> None:
    answers.by_path["/a"] = httpx.ConnectError("refused")
    asked = Http("http://me:hunter2@svc.test", {}, 5.0, None, answers.transport)
    with pytest.raises(ServiceError) as raised:
        await asked.get("/a")
    assert "svc.test" in raised.value.words
    assert "hunter2" not in str(raised.value)


class Wire(msgspec.Struct):
    a: int | None = None


@pytest.mark.parametrize("body", [b"", b"<html>", b"[1]", b'{"a": "x"}', b"\xff\xfe", b"null"])
def test_what_cannot_be_understood_is_nonsense(body: bytes) -> None:
    with pytest.raises(ServiceError) as raised:
        decoded(Answer(200, {}, body, "GET /a"), Wire)
    assert raised.value.trouble is Trouble.nonsense


def test_unknown_fields_and_nulls_are_no_trouble() -> None:
    assert decoded(Answer(200, {}, b'{"a": null, "b": [1]}', ""), Wire) == Wire(None)


NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("", None),
        ("7", 7.0),
        ("soon", None),
        ("-1", None),
        ("Mon, 23 Nov 2026 12:00:30 GMT", 30.0),
        ("Mon, 23 Nov 2026 11:00:00 GMT", 0.0),
        ("Wed, 21 Oct 99999999999999999999 07:28:00 GMT", None),
        ("Wed, 21 Oct 2026 07:28:00 +99999999999999", None),
        ("Sat, 01 Jan 0001 00:00:00 +2359", 0.0),
        (",", None),
    ],
)
def test_retry_after(value: str, seconds: float | None) -> None:
    assert retry_after({"retry-after": value}, NOW) == seconds


@pytest.mark.parametrize(
    ("url", "loopback"),
    [
        ("http://127.0.0.1:9", True),
        ("http://[::1]:9/x", True),
        ("http://localhost:9", True),
        ("https://api.github.com", False),
        ("http://10.0.0.1", False),
        ("nothing", False),
    ],
)
def test_loopback(url: str, loopback: bool) -> None:
    assert is_loopback(url) is loopback
