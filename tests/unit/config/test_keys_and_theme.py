"""`[keys]` and `[screen]` of altui.toml: taken over, or refused with words that say what to do."""

from pathlib import Path

import pytest

from altui.config import ConfigError, load
from altui.config.keys import full_names


def loaded(tmp_path: Path, text: str, **environ: str):
    path = tmp_path / "altui.toml"
    path.write_text(text)
    return load(environ, path)


def refused(tmp_path: Path, text: str, **environ: str) -> str:
    with pytest.raises(ConfigError) as raised:
        loaded(tmp_path, text, **environ)
    return str(raised.value).replace(f"{tmp_path / 'altui.toml'}: ", "")


def test_one_key_or_several_are_chosen_by_what_they_do(tmp_path: Path):
    settings = loaded(tmp_path, "[keys]\nrefresh = 'f5'\ndown = ['+', 'shift+j', 'down']")
    assert full_names(settings.keys) == {"refresh": ("f5",), "down": ("plus", "J", "down")}


def test_a_profile_lays_its_keys_over_the_shared_ones(tmp_path: Path):
    text = """
    profile = "prod"
    [keys]
    refresh = "f5"
    help = "f1"
    [profiles.prod.keys]
    refresh = "f6"
    """
    chosen = full_names(loaded(tmp_path, text).keys)
    assert chosen == {"refresh": ("f6",), "help": ("f1",)}


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ("refrsh = 'f5'", "keys: 'refrsh' is nothing a key does; the nearest is refresh"),
        ("refresh = 'f55'", "keys.refresh: 'f55' is no key such as r, f5 or ctrl+r"),
        ("help = 'questionmark'", "; the nearest is question_mark"),
        ("refresh = []", "keys.refresh: names no key; leave the line out to keep r"),
        ("refresh = 5", "keys.refresh: expected text or a list of texts, given 5"),
        ("refresh = [5]", "keys.refresh: expected text or a list of texts, given a list"),
        ("refresh = 'ctrl+q'", "keys.refresh: ctrl+q leaves altui from anywhere; choose another"),
        (
            "refresh = 'z'",
            "keys: z is both refresh and zoom on the main screen; give refresh another key",
        ),
        (
            "open = 'r'",
            "keys: r is both open and refresh on the main screen; give open another key",
        ),
        ("refresh = '?'", "keys: ? is both help and refresh on a page; give refresh another key"),
        (
            "down = 'escape'",
            "keys: esc is both close and down in the help; give down another key",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused(tmp_path: Path, keys: str, words: str):
    assert words in refused(tmp_path, f"[keys]\n{keys}")


def test_keys_that_are_no_table_are_refused(tmp_path: Path):
    assert refused(tmp_path, "keys = 'f5'") == "keys: expected a table [keys], given 'f5'"


def test_two_keys_may_change_places(tmp_path: Path):
    assert loaded(tmp_path, "[keys]\nrefresh = 'z'\nzoom = 'r'").keys


def test_a_theme_is_chosen_by_name(tmp_path: Path):
    assert loaded(tmp_path, "").screen.theme == "altui-dark"
    assert loaded(tmp_path, "screen.theme = 'altui-light'").screen.theme == "altui-light"
    chosen = loaded(tmp_path, "", ALTUI_SCREEN_THEME="altui-colour-blind")
    assert chosen.screen.theme == "altui-colour-blind"
    assert refused(tmp_path, "screen.theme = 'altui-lihgt'") == (
        "screen.theme: 'altui-lihgt' is none of altui-dark, altui-light, altui-colour-blind; "
        "the nearest is altui-light"
    )
