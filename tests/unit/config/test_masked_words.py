"""What a service repeats of our own secrets does not come through, however it writes them."""

import base64
import html
import json
import re
import sys
from io import StringIO
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from altui.config import masking
from altui.config.masking import guard_stderr, learn, masked

SECRET = "c4n4ry-T0ken.With/Marks+9"


@pytest.mark.parametrize(
    "text",
    [
        SECRET,
        f"Authorization: Bearer {SECRET}",
        f"prefix{SECRET}suffix",
        json.dumps({"headers": {"authorization": f"Bearer {SECRET}"}}),
        f"https://h/x?api_key={quote(SECRET, safe='')}",
        f"Basic {base64.b64encode(f'key:{SECRET}'.encode()).decode()}",
        f"ApiKey {base64.urlsafe_b64encode(f'id:{SECRET}'.encode()).decode()}",
        base64.b64encode(f"a{SECRET}b".encode()).decode().rstrip("="),
        base64.b64encode(f"key:{SECRET}".encode()).decode()[:30],
        f"it begins with Bearer {SECRET[:15]}",
        f"cut by a service: {SECRET[:9]}…",
    ],
)
def test_a_long_secret_in_every_form(text: str):
    learn(SECRET, secret=True)
    said = masked(text)
    assert masking.MASK in said
    for form in (SECRET, SECRET[:9], quote(SECRET, safe="")):
        assert form not in said
    assert SECRET[:9] not in _decoded(said)


ODD = 'c4n4ry "T0ken"\\&<it\'s>\t/\u00e4\u20ac+9\n'
HTML = (
    html.escape(ODD),
    html.escape(ODD, quote=False),
    html.escape(ODD).replace("&#x27;", "&#39;"),
)
FORMS = {
    "as it is": ODD,
    "on one line": " ".join(ODD.split()),
    "repr": repr(ODD),
    "repr among both quotes": repr(f"'\"{ODD}"),
    "repr without letters beyond ASCII": ascii(ODD),
    "repr of bytes": repr(ODD.encode()),
    "JSON": json.dumps(ODD),
    "JSON with letters beyond ASCII": json.dumps(ODD, ensure_ascii=False),
    "JSON in JSON": json.dumps({"reason": json.dumps({"header": ODD})}),
    "repr in JSON": json.dumps({"reason": str({"header": ODD})}),
    "HTML": HTML[0],
    "HTML text": HTML[1],
    "HTML with decimal references": HTML[2],
    "form": quote_plus(ODD),
    "query": urlencode({"key": ODD}),
    "path": quote(ODD),
    "percent in small letters": re.sub("%..", lambda code: code[0].lower(), quote(ODD, safe="")),
    "user part": quote(ODD, safe="!$&'()*+,;=:"),
    "base64": base64.b64encode(f"user:{ODD}".encode()).decode(),
    "base64 in a path": f"http://h/a/b/{base64.b64encode(f'user:{ODD}'.encode()).decode()}",
    "base64 beside bytes that are no text": base64.b64encode(b"\xff" + ODD.encode()).decode(),
}


@pytest.mark.parametrize("form", FORMS)
def test_an_odd_secret_in_every_form(form: str):
    learn(ODD, secret=True)
    said = masked(f"Illegal header value {FORMS[form]}!")
    assert masking.MASK in said
    assert FORMS[form].strip("'\"{}b") not in said
    assert "T0ken" not in said + _decoded(said)


@pytest.mark.parametrize("form", FORMS)
def test_an_odd_password_of_an_address_in_every_form(form: str):
    learn(f"https://user:{quote(ODD, safe='')}@h:9200", secret=True)
    said = masked(f"cannot open {FORMS[form]}!")
    assert masking.MASK in said
    assert "T0ken" not in said + _decoded(said)


def _decoded(text: str) -> str:
    said = ""
    for token in text.replace('"', " ").split():
        try:
            whole = token[: len(token) // 4 * 4]
            said += base64.b64decode(whole, altchars=b"-_").decode("latin-1")
        except ValueError:
            continue
    return said


@pytest.mark.parametrize(
    ("value", "secrets", "public"),
    [
        ("https://ro:p4ss@h:9200/x", ["p4ss"], ["ro", "h"]),
        ("https://p4ss-token@h", ["p4ss-token"], ["h"]),
        ("https://ro:p4%2Fss%40@h/x", ["p4%2Fss%40", "p4/ss@"], ["ro"]),
        ("https://ro:p4/s5@h/x", ["p4/s5"], ["ro"]),
        ("https://ro:p4#s5@h", ["p4#s5"], ["ro"]),
        ("https://ro:p4ss/w0rd@h/x", ["p4ss/w0rd", "p4ss", "w0rd"], ["ro"]),
        ("pw", [], ["pw"]),
        ("https://h/@scope/x", [], ["scope", "h"]),
        ("https://h:9200/@scope", [], []),
        ("https://h/x?api_key=p4ss&pretty=true", ["p4ss"], ["true"]),
        ("postgresql://ro:p4ss@h:5432/db?sslpassword=p5ss", ["p4ss", "p5ss"], ["db", "5432"]),
        ("host=h user=ro password=p4ss dbname=db", ["p4ss"], ["ro", "db"]),
        (r"host=h password='p4 \'ss' user=ro", ["p4 'ss"], ["ro"]),
        ("dGhlIGtleQ==", ["dGhlIGtleQ=="], []),
    ],
)
def test_what_is_secret_in_an_address(value: str, secrets: list[str], public: list[str]):
    learn(value, secret=True)
    for one in secrets:
        assert one not in masked(f"the server said ({one})")
    words = f"of {' '.join(public)} nothing"
    assert masked(words) == words


def test_a_short_secret_is_masked_where_it_stands_alone():
    learn("elastic", secret=True)
    assert masked("user elastic, elasticsearch, 'elastic'") == "user ***, elasticsearch, '***'"


DSN = "postgresql://applylens:p4ss-W0rd@db.internal/applylens"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (DSN, "postgres counts, db.internal:5432/applylens"),
        (DSN, "404 Not found: Dataset proj:applylens"),
        (DSN, "404 Not found: Dataset proj:applyl…"),
        (DSN, "export BQ_DATASET=applylens"),
        (DSN, 'password authentication failed for user "applylens'),
        (DSN, "it begins with Basic YXBwbHlsZW5zO"),
        ("postgresql://altui_reader:p4ss-W0rd@h/db", "role altui_reader"),
        ("postgresql://altui%20reader:p4ss-W0rd@h/db", "role altui%20reader"),
        ("postgresql://altui%20reader:p4ss-W0rd@h/db", "role altui reader"),
        ("https://elastic:p4ss-W0rd@h:9200", "unable to authenticate user elastic"),
    ],
)
def test_the_user_beside_a_password_is_no_secret_where_a_text_ends(value: str, text: str):
    learn(value, secret=True)
    assert masked(text) == text


@pytest.mark.parametrize("login", ["altui%20reader:p4%5Cs'W0rd", "altui reader:p4\\s'W0rd"])
@pytest.mark.parametrize("end", ["", "…", "..."])
def test_a_password_that_was_cut_behind_its_user_is_masked(login: str, end: str):
    learn("postgresql://altui%20reader:p4%5Cs'W0rd@h/db", secret=True)
    user, password = login.split(":")
    for cut in range(1, len(password)):
        assert masked(f"it begins with {user}:{password[:cut]}{end}") == "it begins with ***"
    for cut in range(masking.TELLING, len(password)):
        assert masked(f"it begins with {password[:cut]}{end}") == "it begins with ***"


def test_a_password_that_begins_as_its_user_is_masked_where_it_was_cut():
    learn("postgresql://applylens:applylens-2024@h/db", secret=True)
    assert masked("it begins with applylens-") == "it begins with ***"


@pytest.mark.parametrize(
    "dsn", ["postgresql://altui@/db", "postgres://altui@h/altui", "postgresql://altui:@h/altui"]
)
def test_the_user_of_a_dsn_without_a_password_is_no_secret(dsn: str):
    learn(dsn, secret=True)
    text = 'altui: altui init; database "altui" does not exist'
    assert masked(text) == text


@pytest.mark.parametrize("url", ["https://t0ken-s3cret@h", "http://t0ken-s3cret:@h:9200"])
def test_what_stands_alone_before_the_host_of_a_url_is_a_token(url: str):
    learn(url, secret=True)
    assert masked("no such key: t0ken-s3cret") == "no such key: ***"


def test_an_address_that_is_no_secret_has_nothing_to_hide():
    learn("https://api.github.com", secret=False)
    learn("applylens", secret=False)
    learn("", secret=True)
    assert masked("applylens at https://api.github.com") == "applylens at https://api.github.com"


def test_stderr_says_none(monkeypatch: pytest.MonkeyPatch):
    learn(SECRET, secret=True)
    out = StringIO()
    monkeypatch.setattr(sys, "stderr", out)
    guard_stderr()
    guard_stderr()
    sys.stderr.write(f"one {SECRET}\n")
    sys.stderr.writelines([f"two {SECRET}\n"])
    assert out.getvalue() == "one ***\ntwo ***\n"
    assert sys.stderr.isatty() is False


@given(st.text(max_size=200), st.text(st.characters(codec="utf-8"), min_size=12, max_size=60))
def test_any_text_around_any_secret(around: str, secret: str):
    masking.forget()
    learn(f"https://u:{quote(secret, safe='')}@h", secret=True)
    assert secret not in masked(f"{around}|{secret}|{around}").replace(around, "")


@pytest.mark.parametrize(
    "text", ["applylens-sandbox", "in applylens-sandbox", "in applylens-sandbox…"]
)
def test_the_end_of_a_name_that_is_set_openly_is_no_start_of_a_secret(text: str):
    learn("sandbox-key-0123456789", secret=True)
    assert masked(text) != text
    learn("applylens-sandbox", secret=False)
    assert masked(text) == text


@pytest.mark.parametrize("end", ["sandbox-k", "xapplylens-sandbox", "my-sandbox", "sandbox"])
def test_any_other_end_is(end: str):
    learn("sandbox-key-0123456789", secret=True)
    learn("applylens-sandbox", secret=False)
    assert "sandbox" not in masked(f"cut within {end}")


def test_a_secret_that_is_set_openly_too_is_masked():
    learn("sandbox-key-0123456789", secret=True)
    learn("my-sandbox-key-0123456789", secret=False)
    learn("sandbox-key-0123456789", secret=False)
    assert "sandbox" not in masked("in my-sandbox-key-0123456789")
    assert "sandbox" not in masked("in sandbox-key-0123456789")
