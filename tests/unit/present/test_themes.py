"""Every theme can be read, and the one for colour-blind users tells states apart."""

import re
from importlib.resources import files
from itertools import combinations

import pytest

from altui.core.present.rows import Tone
from altui.core.present.themes import COLOUR_BLIND, LIGHT, THEMES, Theme

ENOUGH = 4.5
"""WCAG 2.1, text of normal size."""
Light = tuple[float, float, float]
DEUTERANOPIA = (
    (0.367322, 0.860646, -0.227968),
    (0.280085, 0.672501, 0.047413),
    (-0.011820, 0.042940, 0.968881),
)
PROTANOPIA = (
    (0.152286, 1.052583, -0.204868),
    (0.114503, 0.786281, 0.099216),
    (-0.003882, -0.048116, 1.051998),
)
"""What an eye without green or red cones makes of linear light (Machado et al. 2009)."""


def light(colour: str) -> Light:
    red, green, blue = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (red, green, blue)
    ]
    return linear[0], linear[1], linear[2]


def contrast(one: str, other: str) -> float:
    def luminance(colour: str) -> float:
        red, green, blue = light(colour)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_contrast_is_measured_as_the_standard_measures_it():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def mixed(over: str, under: str, share: float) -> str:
    """What a terminal shows where so much of one colour lies over another."""
    pairs = ((int(over[at : at + 2], 16), int(under[at : at + 2], 16)) for at in (1, 3, 5))
    return "#" + "".join(f"{round(a * share + b * (1 - share)):02x}" for a, b in pairs)


def backgrounds(theme: Theme) -> dict[str, str]:
    """All that text lies on, the verdict's tints among them."""
    sheet = files("altui.tui").joinpath("main.tcss").read_text(encoding="utf-8")
    tints = re.findall(r"background: \$tone-(\w+) (\d+)%", sheet)
    assert {tone for tone, _ in tints} == {"broken", "late", "unknown"}
    plain = {name: getattr(theme, name) for name in ("background", "surface", "panel", "chosen")}
    return plain | {
        f"verdict {tone}": mixed(theme.tones[Tone(tone)], theme.background, int(share) / 100)
        for tone, share in tints
    }


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
def test_text_stands_out_from_all_that_it_lies_on(theme: Theme):
    pale = {
        (tone.value, name): round(contrast(theme.tones[tone], colour), 2)
        for tone in Tone
        for name, colour in backgrounds(theme).items()
        if contrast(theme.tones[tone], colour) < ENOUGH
    }
    assert pale == {}


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
def test_a_chosen_row_and_a_letter_are_seen(theme: Theme):
    assert contrast(theme.background, theme.accent) >= ENOUGH
    assert contrast(theme.chosen, theme.background) > 1.3


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
def test_prod_is_read_and_seen(theme: Theme):
    assert contrast(theme.on_prod, theme.prod) >= ENOUGH
    assert contrast(theme.prod, theme.panel) >= ENOUGH


def test_every_theme_has_every_tone():
    assert all(set(theme.tones) == set(Tone) for theme in THEMES.values())
    assert LIGHT.dark is False


@pytest.mark.parametrize("eye", [DEUTERANOPIA, PROTANOPIA], ids=["no green", "no red"])
def test_a_colour_blind_eye_tells_the_states_apart(eye: tuple[Light, Light, Light]):
    states = (Tone.ok, Tone.due, Tone.late, Tone.broken, Tone.unknown, Tone.denied)

    def seen(tone: Tone) -> list[float]:
        lit = light(COLOUR_BLIND.tones[tone])
        return [sum(a * b for a, b in zip(row, lit, strict=True)) for row in eye]

    for one, other in combinations(states, 2):
        apart = sum((a - b) ** 2 for a, b in zip(seen(one), seen(other), strict=True)) ** 0.5
        assert apart > 0.2, (one, other)
    assert seen(Tone.ok)[2] > 3 * seen(Tone.broken)[2], "one is blue, the other has none of it"
