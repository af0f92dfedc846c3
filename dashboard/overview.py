"""The figures of the first page: who reports, seats, health, adoption, what needs attention."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from dashboard.accounts import SEVERITIES, Account, scored
from dashboard.formats import humanize, share
from dashboard.history import PeriodFigures, comparable
from dashboard.queries import Mart
from dashboard.words import COLORS, LEVELS, NO_SUBSCRIPTION, Words, word

LISTED = 6
UNOWNED = "unassigned"


@dataclass(frozen=True)
class Part:
    """A counted part of a whole."""

    code: str
    label: str
    count: int
    share: float | None
    hint: str = ""
    amount: float | None = None


@dataclass(frozen=True)
class Funnel:
    """Licensed, activated and used seats of the subscriptions that report all three."""

    subscriptions: int
    left_out: list[Part]
    licensed: float
    activated: float
    used: float
    idle: float
    over_license: float
    over_accounts: int

    @property
    def not_activated(self) -> float:
        """Sold, not given to anyone; 0 when more are activated than sold."""
        return max(self.licensed - self.activated, 0)


@dataclass(frozen=True)
class Book:
    """The accounts of one customer success manager."""

    csm: str
    accounts: int
    colors: dict[str, int]
    mean_score: float | None
    silent: int
    idle: float | None
    arr: float | None
    arr_red: float | None
    high_signals: int


@dataclass(frozen=True)
class Overview:
    """Everything on the first page."""

    accounts: int
    customers: int
    reporting_customers: int
    scored: int
    mean_score: float | None
    now: PeriodFigures
    before: PeriodFigures | None
    reporting: list[Part]
    ended: list[Part]
    funnel: Funnel | None
    colors: list[Part]
    unscored: list[Part]
    levels: list[Part]
    use_cases: list[tuple[str, str, list[Part]]]
    drops: list[Account]
    idle: list[Account]
    silent: list[Account]
    signals: list[tuple[str, str, str, int]]
    books: list[Book]


def build_overview(mart: Mart, words: Words, accounts: list[Account], found: Sequence[PeriodFigures]) -> Overview:
    """The overview; `found` are the figures of `trends.figures`."""
    with_score = scored(accounts)
    dropped = [a for a in accounts if (a.health.change or 0) < 0]
    idle = [a for a in accounts if a.seats.idle]
    return Overview(
        accounts=len(accounts),
        customers=sum(any(reason != NO_SUBSCRIPTION for reason in a.reporting) for a in accounts),
        reporting_customers=sum("reporting" in a.reporting for a in accounts),
        scored=len(with_score),
        mean_score=_mean(with_score),
        now=found[-1],
        before=found[-2] if len(found) > 1 else None,
        reporting=_reporting(found[-1]),
        ended=_ended(found[-1]),
        funnel=_funnel(mart, words),
        colors=_colors(accounts),
        unscored=_unscored(accounts),
        levels=_levels(accounts),
        use_cases=[(code, words.group(code), _use_case(accounts, code)) for code in words.use_cases],
        drops=sorted(dropped, key=lambda a: a.health.change or 0)[:LISTED],
        idle=sorted(idle, key=lambda a: -(a.seats.idle or 0))[:LISTED],
        silent=sorted(filter(is_silent, accounts), key=lambda a: -(a.arr or 0))[:LISTED],
        signals=_signals(accounts),
        books=_books(accounts),
    )


def is_silent(account: Account) -> bool:
    """Subscriptions are in force, and none of them reports."""
    in_force = [reason for reason in account.reporting if reason != NO_SUBSCRIPTION]
    return bool(in_force) and "reporting" not in in_force


def _mean(accounts: Sequence[Account]) -> float | None:
    return sum(a.health.score or 0 for a in accounts) / len(accounts) if accounts else None


def _reporting(now: PeriodFigures) -> list[Part]:
    texts = {
        "production": ("from a production instance", ""),
        "other_type": (
            "from other instances only",
            "label the production instance to get a score",
        ),
        "stopped_reporting": (
            word("stopped_reporting"),
            "ask the administrator; was it switched off, or moved?",
        ),
        "never_reported": (word("never_reported"), "ask for Service Ping, or for a manual upload"),
    }
    parts = []
    for code, count in now.reporting.items():
        label, hint = texts.get(code, (word(code), ""))
        parts.append(_part(code, label, count, now.subscriptions, hint=hint))
    return parts


def _ended(now: PeriodFigures) -> list[Part]:
    """Subscriptions that are over: those that still ping, and those that do not."""
    total = sum(now.ended.values())
    return [
        _part("ended_pinging", "still reporting", now.ended.get(True, 0), total),
        _part("ended_silent", "silent", now.ended.get(False, 0), total),
    ]


def _part(code: str, label: str, count: int, total: int, *, hint: str = "", amount: float | None = None) -> Part:
    return Part(code, label, count, share(count, total), hint, amount)


def _funnel(mart: Mart, words: Words) -> Funnel | None:
    in_force = {
        row["original_subscription_id"]
        for row in mart.coverage
        if row["period_start"] == mart.clock.current and row["reporting_reason"] != NO_SUBSCRIPTION
    }
    rows = [
        row
        for row in mart.seats
        if row["period_start"] == mart.clock.current and row["original_subscription_id"] in in_force
    ]
    known = comparable(rows)
    if not known:
        return None
    missing = Counter(words.reason(row["missing_reason"]) for row in rows if row not in known)
    activated = sum(float(row["activated_seats"]) for row in known)
    idle = sum(float(row["inactive_activated_seats"]) for row in known)
    over = [row for row in known if row["seats_over_license"]]
    return Funnel(
        subscriptions=len(known),
        left_out=[_part(label, label, count, len(rows)) for label, count in missing.most_common()],
        licensed=sum(float(row["licensed_seats"]) for row in known),
        activated=activated,
        used=activated - idle,
        idle=idle,
        over_license=sum(float(row["seats_over_license"]) for row in over),
        over_accounts=len({row["account_id"] for row in over}),
    )


def _colors(accounts: Sequence[Account]) -> list[Part]:
    return [
        _part(color, color, len(found), len(accounts), amount=_total_arr(found))
        for color in COLORS
        for found in [[account for account in accounts if account.health.color == color]]
    ]


def _total_arr(accounts: Sequence[Account]) -> float | None:
    known = [account.arr for account in accounts if account.arr is not None]
    return sum(known) if known else None


def _unscored(accounts: Sequence[Account]) -> list[Part]:
    missing = [account for account in accounts if account.health.score is None]
    counts = Counter((account.health.reason_code or "", account.health.reason) for account in missing)
    return [_part(code, label, count, len(missing)) for (code, label), count in counts.most_common()]


def _levels(accounts: Sequence[Account]) -> list[Part]:
    """The ladder from its top, then those of whom nothing is measured."""
    measured = [account for account in accounts if account.adoption.count is not None]
    counts = Counter(account.adoption.level for account in measured)
    labels = {"none": "no step taken yet"}
    parts = [
        _part(code, labels.get(code, humanize(code)), counts[code], len(accounts))
        for code in (*LEVELS, *sorted(set(counts) - set(LEVELS)))
    ]
    return [
        *parts,
        _part("not_measured", "not measured", len(accounts) - len(measured), len(accounts)),
    ]


def _use_case(accounts: Sequence[Account], code: str) -> list[Part]:
    statuses = ("adopted", "in_progress", "not_adopted", "not_measured", "not_applicable")
    counts = Counter(use.status for account in accounts for use in account.adoption.use_cases if use.code == code)
    return [_part(status, word(status), counts[status], len(accounts)) for status in statuses]


def _signals(accounts: Sequence[Account]) -> list[tuple[str, str, str, int]]:
    """Code, label, severity and number of accounts of every signal raised, the gravest first."""
    raised = Counter(
        (signal.code, signal.label, signal.severity)
        for account in accounts
        for signal in {(s.code, s.severity): s for s in account.signals}.values()
    )
    ranked = sorted(raised.items(), key=lambda entry: (SEVERITIES.index(entry[0][2]), -entry[1], entry[0][1]))
    return [(code, label, severity, count) for (code, label, severity), count in ranked]


def _books(accounts: Sequence[Account]) -> list[Book]:
    """One row per customer success manager, accounts without one last."""
    owners = sorted({account.csm for account in accounts}, key=lambda csm: (not csm, csm))
    return [_book(csm, [account for account in accounts if account.csm == csm]) for csm in owners]


def _book(csm: str, accounts: list[Account]) -> Book:
    counts = Counter(account.health.color for account in accounts)
    idle = [account.seats.idle for account in accounts if account.seats.idle is not None]
    red = [account for account in accounts if account.health.color == "red"]
    return Book(
        csm=csm or UNOWNED,
        accounts=len(accounts),
        colors={color: counts[color] for color in COLORS},
        mean_score=_mean(scored(accounts)),
        silent=sum(is_silent(account) for account in accounts),
        idle=sum(idle) if idle else None,
        arr=_total_arr(accounts),
        arr_red=_total_arr(red) if red else 0.0,
        high_signals=sum(signal.severity == "high" for a in accounts for signal in a.signals),
    )
