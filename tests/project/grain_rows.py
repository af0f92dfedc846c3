"""Small raw data, and every row that month, two_weeks and week make of them, worked out by hand.

Day by day (2026; weeks start on Monday, two-week periods on the Mondays 12 and 26 January, 9 and 23 February,
9 and 23 March; as_of is Tuesday 31 March):

- Steady, from Thu 15 January, 100 seats. Pings: Tue 20 January; Sat 31 January, last second; Sun 1 February, first
  second; Mon 2 February, first second; Tue 10 March.
- Silent, from Mon 16 February: never a ping.
- Ended, from Mon 1 December 2025 to Sat 28 February. Pings: Fri 20 February, and Thu 5 March, after the end.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from raw_folder import RawFolder, instance_id

GRAINS = ["month", "two_weeks", "week"]
AS_OF = "2026-03-31"
STEADY = instance_id("uuid-steady", "git.steady.example")


def day(text: str) -> date:
    """'12-01' is in 2025, every other month in 2026."""
    return date.fromisoformat(f"{2025 if text.startswith('12-') else 2026}-{text}")


def weekly(first: str, last: str, days: int = 7) -> list[date]:
    """The first days of consecutive periods."""
    found = [day(first)]
    while found[-1] < day(last):
        found.append(found[-1] + timedelta(days))
    return found


def small_raw() -> RawFolder:
    """Three accounts and seven pings."""
    raw = RawFolder()
    for name, start, end, seats in (
        ("steady", "2026-01-15", "2027-01-14", 100),
        ("silent", "2026-02-16", "2027-02-15", 10),
        ("ended", "2025-12-01", "2026-02-28", 20),
    ):
        raw.account(name)
        raw.subscription(f"S-{name}", name, start, end_date=end, seats=seats)
        raw.label(f"uuid-{name}", f"git.{name}.example")
    for name, received_at, activated, active in (
        ("steady", "2026-01-20T10:00:00Z", 50, 40),
        ("steady", "2026-01-31T23:59:59Z", 52, 42),
        ("steady", "2026-02-01T00:00:00Z", 54, 44),
        ("steady", "2026-02-02T00:00:00Z", 56, 46),
        ("steady", "2026-03-10T12:00:00Z", 70, 60),
        ("ended", "2026-02-20T12:00:00Z", 15, 12),
        ("ended", "2026-03-05T12:00:00Z", 16, 13),
    ):
        fields = {
            "license_subscription_id": f"S-{name}",
            "license_plan": "premium",
            "historical_max_users": activated + 1,
        }
        uuid, hostname = f"uuid-{name}", f"git.{name}.example"
        raw.ping(uuid, hostname, received_at, fields, activated=activated, active=active)
    return raw


NO_BASELINE, AS_EXPECTED, ABOVE, SILENT = "no_baseline", "as_expected", "above_expectation", "not_reporting"
# period, pings, the ping that stands, activated, active, change against the period before, status
Activity = tuple[date, int, datetime | None, int | None, int | None, int | None, str]
FIRST, SECOND, FOURTH = datetime(2026, 1, 20, 10), datetime(2026, 1, 31, 23, 59, 59), datetime(2026, 2, 2)
THIRD, FIFTH = datetime(2026, 2, 1), datetime(2026, 3, 10, 12)


def silent(*periods: date) -> list[Activity]:
    """Rows without a ping."""
    return [(period, 0, None, None, None, None, SILENT) for period in periods]


ACTIVITY: dict[str, list[Activity]] = {
    "month": [
        (day("01-01"), 2, SECOND, 52, 42, None, NO_BASELINE),
        # 46 against 42: +9.5 %
        (day("02-01"), 2, FOURTH, 56, 46, 4, AS_EXPECTED),
        # 60 against the mean of 42 and 46: +36 %
        (day("03-01"), 1, FIFTH, 70, 60, 14, ABOVE),
    ],
    "two_weeks": [
        (day("01-12"), 1, FIRST, 50, 40, None, NO_BASELINE),
        # 46 against 40: +15 %
        (day("01-26"), 3, FOURTH, 56, 46, 6, AS_EXPECTED),
        *silent(day("02-09"), day("02-23")),
        # no neighbour to compare with; 60 against 46, three periods ago: +30 %
        (day("03-09"), 1, FIFTH, 70, 60, None, ABOVE),
        *silent(day("03-23")),
    ],
    "week": [
        (day("01-19"), 1, FIRST, 50, 40, None, NO_BASELINE),
        (day("01-26"), 2, THIRD, 54, 44, 4, AS_EXPECTED),
        (day("02-02"), 1, FOURTH, 56, 46, 2, AS_EXPECTED),
        *silent(*weekly("02-09", "03-02")),
        # the three weeks before were silent
        (day("03-09"), 1, FIFTH, 70, 60, None, NO_BASELINE),
        *silent(*weekly("03-16", "03-30")),
    ],
}

# week, pings, historical max users (one more than the activated seats of the week's last ping), complete
WEEKS: list[tuple[date, int, float | None, bool]] = [
    (day("01-19"), 1, 51, True),
    # Saturday's last second and Sunday's first: Sunday's ping stands
    (day("01-26"), 2, 55, True),
    (day("02-02"), 1, 57, True),
    *((week, 0, None, True) for week in weekly("02-09", "03-02")),
    (day("03-09"), 1, 71, True),
    *((week, 0, None, True) for week in weekly("03-16", "03-23")),
    (day("03-30"), 0, None, False),
]

REPORTING, NEVER, STOPPED, NO_SUBSCRIPTION = (
    "reporting",
    "never_reported",
    "stopped_reporting",
    "no_active_subscription",
)
# subscription, grain: period, reason, instances that reported
COVERAGE: dict[str, dict[str, list[tuple[date, str, int]]]] = {
    "S-steady": {
        "month": [(start, REPORTING, 1) for start in (day("01-01"), day("02-01"), day("03-01"))],
        "two_weeks": [
            (day("01-12"), REPORTING, 1),
            (day("01-26"), REPORTING, 1),
            (day("02-09"), STOPPED, 0),
            (day("02-23"), STOPPED, 0),
            (day("03-09"), REPORTING, 1),
            # still open on 31 March: who reported in the period before is only not heard of yet
            (day("03-23"), REPORTING, 0),
        ],
        "week": [
            (day("01-12"), NEVER, 0),
            *((start, REPORTING, 1) for start in weekly("01-19", "02-02")),
            *((start, STOPPED, 0) for start in weekly("02-09", "03-02")),
            (day("03-09"), REPORTING, 1),
            *((start, STOPPED, 0) for start in weekly("03-16", "03-30")),
        ],
    },
    "S-silent": {
        "month": [(day("02-01"), NEVER, 0), (day("03-01"), NEVER, 0)],
        "two_weeks": [(start, NEVER, 0) for start in weekly("02-09", "03-23", 14)],
        "week": [(start, NEVER, 0) for start in weekly("02-16", "03-30")],
    },
    "S-ended": {
        "month": [
            (day("12-01"), NEVER, 0),
            (day("01-01"), NEVER, 0),
            # 28 February is its last day and the measurement day
            (day("02-01"), REPORTING, 1),
            (day("03-01"), NO_SUBSCRIPTION, 1),
        ],
        "two_weeks": [
            *((start, NEVER, 0) for start in weekly("12-01", "01-26", 14)),
            (day("02-09"), REPORTING, 1),
            (day("02-23"), NO_SUBSCRIPTION, 1),
            (day("03-09"), NO_SUBSCRIPTION, 0),
            (day("03-23"), NO_SUBSCRIPTION, 0),
        ],
        "week": [
            *((start, NEVER, 0) for start in weekly("12-01", "02-09")),
            (day("02-16"), REPORTING, 1),
            # Sunday 1 March, the measurement day, is after its end
            (day("02-23"), NO_SUBSCRIPTION, 0),
            (day("03-02"), NO_SUBSCRIPTION, 1),
            *((start, NO_SUBSCRIPTION, 0) for start in weekly("03-09", "03-30")),
        ],
    },
}
