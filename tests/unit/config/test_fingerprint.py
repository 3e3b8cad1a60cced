"""Settings are compared by a salted digest that tells nothing of them."""

from pathlib import Path

from altui.config import load
from altui.config.fingerprint import fingerprint, same

ENVIRON = {"ES_URL": "http://reader:Zebra-Quagga@127.0.0.1:9200", "KIBANA_API_KEY": "Okapi-Tapir"}


def compared(one: dict[str, str], other: dict[str, str]) -> bool:
    return same(fingerprint(load(one), one), load(other), other)


def test_the_same_settings_match_though_each_print_is_another():
    assert compared(ENVIRON, dict(ENVIRON))
    assert fingerprint(load(ENVIRON), ENVIRON) != fingerprint(load(ENVIRON), ENVIRON)


def test_a_rotated_secret_another_host_and_a_clients_own_variable_differ():
    for other in ({"KIBANA_API_KEY": "new"}, {"ES_URL": "http://b:1"}, {"https_proxy": "http://p"}):
        assert not compared(ENVIRON, {**ENVIRON, **other})


def test_where_state_is_kept_and_who_may_only_read_are_no_questions():
    assert compared(ENVIRON, {**ENVIRON, "ALTUI_STATE_DIR": "/x", "ALTUI_READ_ONLY": "true"})


def test_colours_and_keys_are_no_questions(tmp_path: Path):
    plain, mine = tmp_path / "plain.toml", tmp_path / "mine.toml"
    plain.write_text("")
    mine.write_text("[screen]\ntheme = 'altui-light'\n[keys]\nrefresh = 'f5'\n")
    one, other = ({**ENVIRON, "ALTUI_CONFIG": str(path)} for path in (plain, mine))
    assert load(one) != load(other)
    assert compared(one, other)


def test_a_key_file_that_was_rotated_in_its_place_differs(tmp_path: Path):
    key = tmp_path / "key.json"
    key.write_text("one")
    environ = {**ENVIRON, "GOOGLE_APPLICATION_CREDENTIALS": str(key)}
    before = fingerprint(load(environ), environ)
    assert same(before, load(environ), environ)
    key.write_text("two")
    assert not same(before, load(environ), environ)


def test_nothing_of_it_can_be_read():
    mark = fingerprint(load(ENVIRON), ENVIRON)
    assert not any(word in mark for word in (b"Zebra", b"Quagga", b"Okapi", b"Tapir"))


def test_none_is_nobodys():
    assert not same(b"", load(ENVIRON), ENVIRON)
