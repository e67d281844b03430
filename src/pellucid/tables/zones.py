"""Time zones by their names: of a column of instants, what the clocks of its zone say is kept with what was learned."""

import re
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

__all__ = ["is_zone", "zone_of"]

_OFFSET = re.compile(r"UTC[+-](0\d|1\d|2[0-3]):[0-5]\d", re.ASCII)


def is_zone(name: str) -> bool:
    """Tell whether this machine knows a zone: one of the IANA's, or a distance from UTC.

    Examples
    --------
    >>> is_zone("Europe/Berlin"), is_zone("UTC-03:30"), is_zone("Moon/Crater")
    (True, True, False)
    """
    if _OFFSET.fullmatch(name):
        return True
    try:
        ZoneInfo(name)
    except (OSError, ValueError, LookupError):
        return False
    return True


def zone_of(series: "pd.Series[Any]") -> str:
    """Return the zone of a column's type; empty if it has none, or UTC, or one without a name.

    Examples
    --------
    >>> days = pd.Series(pd.to_datetime(["2021-01-01"]))
    >>> zone_of(days.dt.tz_localize("Europe/Berlin")), zone_of(days.dt.tz_localize("UTC")), zone_of(days)
    ('Europe/Berlin', '', '')
    """
    name = str(series.dtype.tz) if isinstance(series.dtype, pd.DatetimeTZDtype) else ""
    return name if name not in ("", "UTC") and is_zone(name) else ""
