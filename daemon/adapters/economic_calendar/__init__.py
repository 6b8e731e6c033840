"""The economic calendar as a file: the one that ships, or one of the user's own."""

from daemon.adapters.economic_calendar.reading import COLUMNS, SHIPPED, load_economic_calendar

__all__ = ["COLUMNS", "SHIPPED", "load_economic_calendar"]
