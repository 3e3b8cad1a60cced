"""Colours by meaning: calm, so that what is wrong is the only thing that glows.

Every state also has its glyph and its word, so no colour is needed to tell two of them apart.
"""

from collections.abc import Mapping

from msgspec import Struct

from altui.core.present.rows import Tone


class Theme(Struct, frozen=True):
    """Colours as `#rrggbb`."""

    name: str
    dark: bool
    background: str
    surface: str
    """Of the last line, the help and fields."""
    panel: str
    """Of the header and of title lines."""
    chosen: str
    """Of the row that `enter` opens."""
    prod: str
    """Behind PROD in the header; its letters are `on_prod`."""
    on_prod: str
    accent: str
    tones: Mapping[Tone, str]


DARK = Theme(
    name="altui-dark",
    dark=True,
    background="#0d1117",
    surface="#12181f",
    panel="#1a222c",
    chosen="#1f2e46",
    prod="#ff7b85",
    on_prod="#0d1117",
    accent="#7aa2f7",
    tones={
        Tone.ok: "#8fce9b",
        Tone.due: "#79c7e3",
        Tone.late: "#e6c07b",
        Tone.broken: "#ff7b85",
        Tone.unknown: "#c3a6ff",
        Tone.denied: "#ffa066",
        Tone.off: "#8b96a4",
        Tone.dim: "#919cab",
        Tone.plain: "#c5ced9",
        Tone.strong: "#f2f6fa",
    },
)
LIGHT = Theme(
    name="altui-light",
    dark=False,
    background="#fbfcfd",
    surface="#f2f4f7",
    panel="#e4e9ef",
    chosen="#cfe0f7",
    prod="#b0121f",
    on_prod="#ffffff",
    accent="#1f5fbf",
    tones={
        Tone.ok: "#1b6430",
        Tone.due: "#0b5a77",
        Tone.late: "#7a4a00",
        Tone.broken: "#b0121f",
        Tone.unknown: "#5b37a8",
        Tone.denied: "#8f3d00",
        Tone.off: "#545e6a",
        Tone.dim: "#4d5763",
        Tone.plain: "#1f2833",
        Tone.strong: "#05090d",
    },
)
COLOUR_BLIND = Theme(
    name="altui-colour-blind",
    dark=True,
    background="#0d1117",
    surface="#12181f",
    panel="#1a222c",
    chosen="#123a5e",
    prod="#ff8c1a",
    on_prod="#0d1117",
    accent="#5caeff",
    # blue is well, orange is not: the pair that every kind of colour blindness tells apart
    tones={
        Tone.ok: "#5caeff",
        Tone.due: "#8fb0c0",
        Tone.late: "#ffc24d",
        Tone.broken: "#ff8c1a",
        Tone.unknown: "#e6cdf7",
        Tone.denied: "#fff1b8",
        Tone.off: "#9ba7b5",
        Tone.dim: "#9ba7b5",
        Tone.plain: "#cdd6e0",
        Tone.strong: "#f5f8fb",
    },
)
THEMES: Mapping[str, Theme] = {theme.name: theme for theme in (DARK, LIGHT, COLOUR_BLIND)}
