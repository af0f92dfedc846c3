"""The generated sample on the first days of June, in one database: its pings are read once, each day is what follows from as_of."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dbt_bench import Bench, Mart

from sample.__main__ import main as generate

SHOWN = ("+mart_account_standing", "+fct_health_signals", "+fct_reporting_coverage")
FIRST = ("build", "--exclude-resource-type", "unit_test", "test", "--select", *SHOWN)
NEXT = ("run", "--exclude", "path:models/metrics", "base_service_ping__leaves", "--select", *SHOWN)
Colors = dict[str, str | None]


@dataclass
class EarlyJune:
    """What everybody was shown day by day.

    Attributes:
        colors: color by account, by day.
        third: the mart on 3 June, if that day was built.
    """

    colors: dict[str, Colors]
    third: Mart | None = None


def build_days(home: Path, models: Path, months: int, days: list[str]) -> EarlyJune:
    """Builds one day after the other over the sample with its own seed and all its accounts."""
    options = ["--out", str(home / "raw"), "--as-of", "2026-06-30", "--months", str(months), "--payload-keys", "60"]
    assert generate(options) == 0
    bench = Bench(home, home / "raw", models)
    found = EarlyJune({})
    for number, day in enumerate(days):
        bench.variables = {"as_of": day}
        bench.build(*(NEXT if number else FIRST))
        standing = bench.mart.find("mart_account_standing")
        found.colors[day] = {row["account_id"]: row["overall_color"] for row in standing}
        if day == "2026-06-03":
            found.third = bench.snapshot("third")
    return found


def flips(june: EarlyJune) -> dict[str, list[str | None]]:
    """Accounts with a color, or none, that goes and comes back; with their colors by day."""
    accounts = set().union(*june.colors.values())
    paths = {account: [colors.get(account) for colors in june.colors.values()] for account in accounts}
    assert any(len(set(path)) > 1 for path in paths.values()), "nothing changes in this sample: nothing is tried"
    return {account: path for account, path in paths.items() if comes_back(path)}


def comes_back(path: list[str | None]) -> bool:
    """Whether something in a path is left and met again."""
    runs = [one for one, before in zip(path, [object(), *path], strict=False) if one != before]
    return len(runs) > len(set(runs))
