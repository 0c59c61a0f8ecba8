"""The made-up product whose data are measured: its size, its calendar, its names."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

SEED = 8

WEEKS = 104
#: A Monday, so that calendar weeks and multiples of seven days since then are the same.
FIRST = datetime(2024, 1, 1, tzinfo=UTC)
END = FIRST + timedelta(weeks=WEEKS)
WEEK_MS = 7 * 86_400_000
FIRST_MS = int(FIRST.timestamp()) * 1000

#: Event names with their share of all events. The first six count as active.
EVENTS = {
    "report_viewed": 0.16,
    "report_published": 0.06,
    "comment_added": 0.09,
    "file_uploaded": 0.07,
    "task_completed": 0.13,
    "export_run": 0.04,
    "login": 0.18,
    "page_viewed": 0.14,
    "search_run": 0.07,
    "settings_changed": 0.02,
    "notification_opened": 0.03,
    "invite_sent": 0.01,
}
ACTIVE = list(EVENTS)[:6]

PLANS = {"free": 0.62, "team": 0.23, "pro": 0.12, "enterprise": 0.03}
#: How much longer and busier the customers of a plan stay.
LOYALTY = {"free": 0.8, "team": 1.2, "pro": 1.6, "enterprise": 2.5}
CHANNELS = {"search": 0.34, "direct": 0.22, "ads": 0.18, "referral": 0.12, "social": 0.09, "event": 0.05}
COUNTRIES = "US DE GB FR IN BR ES IT NL PL CA AU JP SE MX TR AT CH DK NO PT FI BE IE".split()


@dataclass(frozen=True)
class Size:
    """How many customers, and about how many events they leave in all."""

    customers: int
    events: int

    @staticmethod
    def of(scale: float) -> "Size":
        """1.0 is a million customers with 50 million events."""
        return Size(max(1_000, round(1_000_000 * scale)), max(50_000, round(50_000_000 * scale)))


def months(until: datetime) -> list[date]:
    """The first days of all months from FIRST that have begun before `until`."""
    count = (until.year - FIRST.year) * 12 + until.month
    return [date(FIRST.year + n // 12, n % 12 + 1, 1) for n in range(count)]
