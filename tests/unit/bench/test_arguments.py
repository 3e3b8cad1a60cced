"""What `python -m bench` is asked for."""

from pathlib import Path

import pytest

from bench.arguments import wanted

NAMES = ("first_paint", "peers", "version")


def test_without_arguments_everything_is_measured():
    assert wanted([], NAMES).names == NAMES


def test_names_are_measured_alone_in_the_order_of_the_table():
    assert wanted(["version", "first_paint"], NAMES).names == ("first_paint", "version")


def test_some_are_left_out():
    assert wanted(["--without", "peers"], NAMES).names == ("first_paint", "version")
    assert wanted(["peers", "version", "-x", "peers"], NAMES).names == ("version",)


@pytest.mark.parametrize("arguments", [["paint"], ["--without", "paint"]])
def test_a_wrong_name_is_refused_with_the_right_ones(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
):
    with pytest.raises(SystemExit) as refused:
        wanted(arguments, NAMES)
    assert refused.value.code == 2
    assert "no measure paint; there are first_paint, peers, version" in capsys.readouterr().err


def test_a_page_without_a_folder_is_refused_before_anything_is_measured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    assert wanted(["--markdown", str(tmp_path / "a.md")], NAMES).markdown == tmp_path / "a.md"
    with pytest.raises(SystemExit):
        wanted(["--markdown", str(tmp_path / "nowhere" / "a.md")], NAMES)
    assert "make it first" in capsys.readouterr().err
