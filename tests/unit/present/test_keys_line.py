"""The last line: as many keys as fit, the note at the right end."""

from altui.core.present.keys import keys

PAIRS = [("v", "why"), ("?", "help"), ("q", "quit")]


def test_the_last_key_may_end_where_the_line_ends():
    whole = " v why  ? help  q quit"
    assert keys(PAIRS, "", len(whole)).text == whole
    assert keys(PAIRS, "", 80).text == whole
    assert keys(PAIRS, "", len(whole) - 1).text == " v why  ? help"


def test_a_note_stands_at_the_right_end_and_keys_make_room():
    assert keys(PAIRS, "looking", 40).text == " v why  ? help  q quit          looking"
    assert keys(PAIRS, "looking", 24).text == " v why  ? help  looking"
    assert keys([], "looking", 12).text.strip() == "looking"
