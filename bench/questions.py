"""The questions: what is asked of every engine, and the answer that all of them have to give."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import numpy as np

from model import ACTIVE, END, FIRST, FIRST_MS, WEEK_MS, WEEKS, months


@dataclass(frozen=True)
class Question:
    """Of those who signed up in each period, how many were active in the periods after?"""

    key: str
    title: str
    grain: str = "week"
    #: "on": active in period k; "on_or_after": in period k or any later one.
    kind: str = "on"
    #: Trait and the values that count. All must hold.
    filters: dict[str, list[str]] = field(default_factory=dict)

    def periods(self) -> int:
        return WEEKS if self.grain == "week" else len(months(END - timedelta(seconds=1)))

    def body(self, as_of: datetime) -> dict:
        """As Holdfast is asked."""
        return {
            "grain": self.grain,
            "kind": self.kind,
            "active": ACTIVE,
            "cohorts": {"last": self.periods()},
            "as_of": {"instant": as_of.strftime("%Y-%m-%dT%H:%M:%SZ")},
            "filters": [{"name": name, "test": {"is": values}} for name, values in self.filters.items()],
        }

    def matrix(self, cells: list[tuple[int, int, int]]) -> np.ndarray:
        """Counts by cohort and period from a peer's rows: cohort, period after it, customers. Period 0 is the cohort's
        size. For "on or after" the peers count each customer once, in the last period of his activity."""
        n = self.periods()
        matrix = np.zeros((n, n), np.int64)
        for cohort, period, customers in cells:
            matrix[cohort, period] += customers
        if self.kind == "on_or_after":
            later = matrix[:, :0:-1].cumsum(axis=1)[:, ::-1]
            matrix[:, 1:] = later
            for cohort in range(n):
                matrix[cohort, n - cohort :] = 0
        return matrix

    def read(self, report: dict) -> np.ndarray:
        """The same from Holdfast's report."""
        n = self.periods()
        if self.grain == "week":
            place = {(FIRST + timedelta(weeks=week)).date(): week for week in range(n)}
        else:
            place = {first: month for month, first in enumerate(months(END - timedelta(seconds=1)))}
        matrix = np.zeros((n, n), np.int64)
        assert len(report["cohorts"]) == n, f"{len(report['cohorts'])} cohorts instead of {n}"
        for cohort in report["cohorts"]:
            row = place[date.fromisoformat(cohort["start"])]
            cells = cohort.get("cells")
            counts = cohort["retained"] if cells is None else [cell["retained"] for cell in cells]
            assert counts[0] == cohort["size"], "column 0 is the cohort's size"
            assert len(counts) == n - row, "a cell for every period that has begun"
            matrix[row, : len(counts)] = counts
        return matrix


#: The one that the other ones are measured against.
MAIN = Question("week", "104 × 104 weeks, *on*")
ALL = [
    MAIN,
    Question("filters", "the same, two trait filters", filters={"plan": ["team"], "country": ["DE", "GB", "FR"]}),
    Question("on_or_after", "the same, *on or after*", kind="on_or_after"),
    Question("month", "the same, by month", grain="month"),
]
#: A light question is small, the heavy one is the largest that a report may have by day.
LIGHT = Question("light", "light", grain="month", filters={"plan": ["enterprise"]})


def heavy_body(as_of: datetime) -> dict:
    """520 cohorts by day."""
    return MAIN.body(as_of) | {"grain": "day", "kind": "on_or_after", "cohorts": {"last": 520}}


def moments():
    """Instants in the last week, a second apart: no two questions are the same, so no engine can answer from memory."""
    at = END
    while True:
        at -= timedelta(seconds=1)
        yield at


def literal(at: datetime) -> str:
    """An instant as SQL text, in UTC."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


__all__ = ["ALL", "LIGHT", "MAIN", "FIRST_MS", "WEEK_MS", "Question", "heavy_body", "literal", "moments"]
