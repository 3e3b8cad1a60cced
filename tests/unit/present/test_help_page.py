"""The help page: keys by group, then the runbook's section, all of it readable at 80 columns."""

import pytest

from altui.core.present.help import help_page
from altui.core.present.keymap import KEYMAP, KEYS, Where
from altui.core.present.rows import columns
from altui.core.runbook.sections import sections

WIDTH = 77
PAGES = [key for key in KEYS if Where.page in key.where]


def page(place: str, width: int = WIDTH, link: str = "", close: str = "esc") -> list[str]:
    keys = {key: key.keys for key in PAGES}
    return [row.text for row in help_page(place, keys, link, close, width)]


def test_keys_stand_under_their_groups_and_an_empty_group_is_absent():
    rows = page("fivetran")
    looking, moving = rows.index(" looking"), rows.index(" moving")
    runbook = rows.index(" Runbook: Fivetran not syncing")
    assert looking < moving < runbook
    assert " acting" not in rows
    assert any("1-4  panel" in row for row in rows[looking:moving])
    assert any("down, j  down" in row for row in rows[moving:runbook])


def test_a_group_is_shown_as_soon_as_it_has_a_key():
    keys = {KEYMAP["refresh"]: ("f5",), KEYMAP["top"]: ("g",)}
    rows = [row.text for row in help_page("main", keys, "", "f1", WIDTH)]
    assert rows[0] == " Keys of this place, f1 closes this"
    assert rows[3] == " f5  refresh  Ask every service anew, now"


def test_owner_and_sla_are_those_of_the_escalation_table():
    rows = "\n".join(page("indices"))
    assert "Infrastructure team, SLA 1h" in rows
    assert "Analytics team, SLA 1 business day" in rows


def test_the_services_own_page_stands_before_its_documentation():
    rows = page("workflow/812", link="https://github.com/o/r/actions/runs/812")
    assert rows[-2:] == [
        " its page https://github.com/o/r/actions/runs/812",
        " docs     https://docs.getdbt.com",
    ]


@pytest.mark.parametrize("place", sections())
@pytest.mark.parametrize("width", [WIDTH, 40])
def test_words_are_wrapped_and_never_cut(place: str, width: int):
    long = "https://kibana.internal/app/" + "x" * 100
    rows = help_page(place, {}, long, "esc", width)
    section = sections()[place]
    wrapped = "".join("".join(row.text.split()) for row in rows)
    for words in (*section.steps, *section.expected, *section.links, long):
        assert "".join(words.split()) in wrapped, words
    if width == WIDTH:
        assert [row.text for row in rows if columns(row.text) > width] == []


def test_keys_of_rows_differ_so_that_each_is_repainted_by_itself():
    rows = help_page("workflow/1/log", {key: key.keys for key in PAGES}, "https://a", "esc", 40)
    assert len({row.key for row in rows}) == len(rows)
