"""The themes of `core.present.themes` as Textual takes them."""

from textual.theme import Theme as Colours

from altui.core.present.rows import Tone
from altui.core.present.themes import THEMES, Theme


def colours(theme: Theme) -> Colours:
    tones = theme.tones
    return Colours(
        name=theme.name,
        dark=theme.dark,
        primary=theme.accent,
        secondary=tones[Tone.unknown],
        accent=theme.accent,
        success=tones[Tone.ok],
        warning=tones[Tone.late],
        error=tones[Tone.broken],
        foreground=tones[Tone.plain],
        background=theme.background,
        surface=theme.surface,
        panel=theme.panel,
        variables={
            **{f"tone-{tone.value}": colour for tone, colour in tones.items()},
            "chosen": theme.chosen,
            "prod": theme.prod,
            "on-prod": theme.on_prod,
        },
    )


ALL = tuple(map(colours, THEMES.values()))
