"""Colours: calm by default, so that what is wrong is the only thing that glows."""

from textual.theme import Theme

THEME = Theme(
    name="altui",
    dark=True,
    primary="#7aa2f7",
    secondary="#c3a6ff",
    accent="#7aa2f7",
    success="#8fce9b",
    warning="#e6c07b",
    error="#ff7b85",
    foreground="#c5ced9",
    background="#0d1117",
    surface="#12181f",
    panel="#1a222c",
    variables={
        "tone-ok": "#8fce9b",
        "tone-due": "#79c7e3",
        "tone-late": "#e6c07b",
        "tone-broken": "#ff7b85",
        "tone-unknown": "#c3a6ff",
        "tone-denied": "#ffa066",
        "tone-off": "#6b7785",
        "tone-dim": "#7d8896",
        "tone-plain": "#c5ced9",
        "tone-strong": "#f2f6fa",
    },
)
