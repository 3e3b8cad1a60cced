"""The table of keys: names as Textual has them, one meaning a place, written for people."""

import re
from string import printable

import pytest
from textual.keys import Keys, _character_to_key, key_to_character

from altui.core.present.keymap import (
    KEYMAP,
    KEYS,
    NAMED,
    OURS,
    Where,
    brief,
    clashes,
    key_of,
    keymap,
    named,
    signs,
)


def test_no_key_means_two_things_in_one_place():
    assert list(clashes({})) == []
    assert len(KEYMAP) == len(KEYS)


def test_every_key_of_the_table_stands_under_its_full_name():
    for key in KEYS:
        assert [key_of(one) for one in key.keys] == list(key.keys), key.id
        assert not OURS.keys() & set(key.keys)


def test_ids_need_no_quotes_in_toml():
    assert [key.id for key in KEYS if not re.fullmatch(r"[a-z]+(-[a-z]+)*", key.id)] == []


def test_keys_of_parts_that_are_not_there_yet_are_free():
    taken = {one for key in KEYS for one in key.keys}
    assert taken.isdisjoint("adebpcws")


def test_characters_are_named_as_textual_names_them():
    for one in printable:
        if one.isprintable():
            assert key_of(one) == _character_to_key(one), one
    assert {sign: key_to_character(_character_to_key(one)) for sign, one in signs().items()}


def test_every_named_key_is_one_of_textuals():
    assert {*NAMED} <= {key.value for key in Keys}


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("?", "question_mark"),
        ("question_mark", "question_mark"),
        ("+", "plus"),
        ("ctrl++", "ctrl+plus"),
        (",", "comma"),
        ("R", "R"),
        ("shift+r", "R"),
        ("ö", "ö"),
        ("esc", "escape"),
        ("shift+ctrl+left", "ctrl+shift+left"),
        ("ctrl+R", "ctrl+r"),
        ("ctrl+i", "tab"),
        ("f12", "f12"),
        ("shift+f12", "shift+f12"),
        ("f25", None),
        ("refresh", None),
        ("shift+1", None),
        ("strg+r", None),
        ("ctrl+", None),
        ("", None),
        ("\x1b", None),
        ("up down", None),
    ],
)
def test_a_key_has_one_full_name_or_is_none(text: str, key: str | None):
    assert key_of(text) == key


def test_chosen_keys_stand_for_all_of_the_tables():
    made = keymap({"refresh": ("f5", "R"), "down": ("+",)})
    assert made["refresh"] == ("f5", "R")
    assert made["down"] == ("plus",)
    assert made["up"] == KEYMAP["up"].keys


def test_a_clash_names_key_both_ids_and_the_place():
    assert list(clashes({"refresh": ("z",)})) == [("z", "refresh", "zoom", Where.main)]
    assert list(clashes({"refresh": ("n",)})) == [("n", "refresh", "find-next", Where.page)]
    assert list(clashes({"refresh": ("z",), "zoom": ("r",)})) == []
    assert [one[0] for one in clashes({"refresh": ("ctrl+m",)})] == ["enter", "enter"]


@pytest.mark.parametrize(
    ("keys", "all_of_them", "first"),
    [
        (["1", "2", "3", "4"], "1-4", "1-4"),
        (["1", "2", "4"], "1, 2, 4", "1"),
        (["f1", "2", "3", "4"], "f1, 2, 3, 4", "f1"),
        (["escape", "q"], "esc, q", "esc"),
        (["question_mark"], "?", "?"),
        (["ctrl+slash", "shift+pagedown"], "ctrl+/, shift+pgdn", "ctrl+/"),
        (["comma", "semicolon"], ",, ;", ","),
    ],
)
def test_keys_are_written_for_people(keys: list[str], all_of_them: str, first: str):
    assert (named(keys), brief(keys)) == (all_of_them, first)
