"""When a connection syncs by itself: slots counted from five past midnight, UTC."""

from datetime import datetime, timedelta

MINUTE = 5
"""Fivetran spreads its customers over the hour; this connection's minute."""
FREQUENCIES = (1, 5, 15, 30, 60, 120, 180, 360, 480, 720, 1440)
DAILY = 1440


def next_slot(after: datetime, frequency: int, daily_sync_time: str | None = None) -> datetime:
    """The first scheduled start later than `after`.

    `frequency` is in minutes; `daily_sync_time` ("14:00") counts at 1440 only, as in Fivetran.
    """
    hour = int(daily_sync_time.split(":")[0]) if daily_sync_time and frequency == DAILY else 0
    midnight = after.replace(hour=0, minute=0, second=0, microsecond=0)
    # every frequency divides the day, so counting from yesterday's first slot meets today's
    first = midnight + timedelta(days=-1, hours=hour, minutes=MINUTE)
    step = timedelta(minutes=frequency)
    return first + ((after - first) // step + 1) * step


def slots_before(moment: datetime, frequency: int, days: int) -> list[datetime]:
    """The scheduled starts of the `days` days before `moment`, oldest first."""
    slot = next_slot(moment - timedelta(days=days), frequency)
    slots: list[datetime] = []
    while slot < moment:
        slots.append(slot)
        slot = next_slot(slot, frequency)
    return slots
