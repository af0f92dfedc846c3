"""No sentence of an explanation contradicts its row: every explanation of the sample is parsed and held against the marts."""

from __future__ import annotations

import csv
import math
import re
from collections import defaultdict
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from dbt_bench import BUILD, REPO, SMALL, Bench, Mart, Row

POINTS = r"\d+\.\d\d"
SENTENCES = {
    "score": rf"Score (?P<score>{POINTS}) \((?P<color>red|yellow|green)\)\.",
    "no_score": r"No score: (?P<reason>.+?)\.(?= [A-Z]|$)",
    "gap": r"Held down most by this: (?P<gap>.+?)\.(?= [A-Z0-9]|$)",
    "measured": r"Measured: (?P<measured>\d+) % of the score's weight\.",
    "open": r"The period is not over yet\.",
    "first": r"The previous period had no score to compare with\.",
    "unchanged": r"Unchanged since the previous period\.",
    "change": (
        rf"(?P<change>{POINTS}) points (?P<direction>up|down) since the previous period"
        r"(?:, mostly through (?P<driver>[A-Za-z ]+)|(?P<no_behaviour>, none of it by behaviour))?\."
    ),
    "behaviour": r"Behaviour: (?P<behaviour>.+? points\)(?:; and \d+ smaller ones?)?)\.(?= [A-Z]|$)",
    "other": r"Not behaviour: (?P<other>.+?)\.(?= [A-Z]|$)",
}
GAP = re.compile(
    r"(?P<found>.+), (?:(?P<bound>[\d.]+)(?P<percent> %)? would be (?P<needed>\d+)(?:: (?P<more>\d+) more)?; "
    r"(?P<next>yellow|green) begins (?P<how>there|above that)|(?P<count>\d+) would be (?P<color>yellow|green): "
    r"(?P<missing>\d+) more)$"
)
MOVED = re.compile(
    r"(?P<label>.+?)(?: \((?P<subscription>[^)]+)\))? from (?P<before>[\d.]+)(?: %)? to (?P<now>[\d.]+)(?: %)?, "
    r"(?P<was>red|yellow|green) to (?P<is>red|yellow|green) \((?P<effect>[+-]\d+\.\d\d) points\)"
)
RANK = {"red": 0, "yellow": 1, "green": 2}
RELATIONS = ("fct_account_health", "fct_measure_scores", "fct_seat_utilization", "fct_instance_activity")


def seed(name: str) -> list[dict[str, str]]:
    """The rows of a seed."""
    with (REPO / "seeds" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


TEXTS = {row["measure"]: row for row in seed("measure_texts")}
MEASURES = {row["label"]: row["measure"] for row in TEXTS.values()}
LABELS = {row["score_group"]: row["label"] for row in seed("score_groups")}
MEANINGS = {row["value_reason"]: row["meaning"] for row in seed("value_statuses")}
BANDS = [row for row in seed("score_bands") if row["threshold_set"] == "handbook_2025"]


def sentences(text: str) -> dict[str, dict[str, str]]:
    """The parts of an explanation by their kind.

    Raises:
        AssertionError: something in it is no sentence that we know.
    """
    found: dict[str, dict[str, str]] = {}
    rest = text
    while rest:
        for kind, pattern in SENTENCES.items():
            match = re.match(pattern, rest)
            if match and kind not in found:
                found[kind] = match.groupdict()
                rest = rest[match.end() :].lstrip()
                break
        else:
            raise AssertionError(f"not understood: {rest!r} in {text!r}")
    return found


class Book:
    """The marts that explanations are held against, by account and period."""

    def __init__(self, mart: Mart) -> None:
        self.health = mart.find("fct_account_health")
        self.measures, self.seats, self.activity = (self._by(name, mart) for name in RELATIONS[1:])
        periods = sorted({row["period_start"] for row in self.health})
        self.earlier = dict(zip(periods[1:], periods, strict=False))

    @staticmethod
    def _by(relation: str, mart: Mart) -> dict[tuple[str, date], list[Row]]:
        found: dict[tuple[str, date], list[Row]] = defaultdict(list)
        for row in mart.find(relation):
            found[row["account_id"], row["period_start"]].append(row)
        return found

    def measure(self, row: Row, period: date, measure: str) -> list[Row]:
        """The counted rows of a measure with points, of all the account's subscriptions."""
        return [
            one
            for one in self.measures[row["account_id"], period]
            if one["measure"] == measure and one["is_counted"] and one["points"] is not None
        ]


@pytest.fixture(scope="module", params=["month", pytest.param("week", marks=pytest.mark.long)])
def book(request: pytest.FixtureRequest, home: Callable[[str], Path], models: Path) -> Book:
    """The marts of sample/small, by the month and by the week."""
    if request.param == "month":
        return Book(request.getfixturevalue("sample_mart"))
    folder = home("weeks")
    bench = Bench(folder, SMALL, models, as_of=request.getfixturevalue("truth")["as_of"], grain="week")
    bench.build(*BUILD, "--select", *(f"+{name}" for name in RELATIONS))
    return Book(bench.mart)


def explained(book: Book, kind: str) -> list[tuple[Row, dict[str, str]]]:
    """Every row that has a sentence of a kind, and its parts."""
    found = [(row, sentences(row["explanation"])) for row in book.health]
    return [(row, parts[kind]) for row, parts in found if kind in parts]


def test_every_explanation_is_understood_and_begins_with_the_score_or_why_there_is_none(book: Book) -> None:
    """Score and color are the row's; an unscored account says its reason and nothing of a score."""
    assert len(book.health) > 400
    for row in book.health:
        parts = sentences(row["explanation"])
        if row["overall_score"] is None:
            assert parts.keys() == {"no_score"}, row
            if "nobody has labelled" not in parts["no_score"]["reason"]:
                assert parts["no_score"]["reason"] == MEANINGS[row["unscored_reason"]]
        else:
            assert float(parts["score"]["score"]) == row["overall_score"]
            assert parts["score"]["color"] == row["overall_color"]
            share = int(parts["measured"]["measured"]) if "measured" in parts else 100
            assert share == round(100 * row["weight_present"])


def test_an_instance_that_nobody_labelled_is_named_and_does_report(book: Book) -> None:
    """Only where that is why there is no score."""
    rows = [(row, parts) for row, parts in explained(book, "no_score") if "nobody has labelled" in parts["reason"]]
    assert rows
    for row, parts in rows:
        assert row["unscored_reason"] == "instance_type"
        host = parts["reason"].removeprefix("it reports from an instance that nobody has labelled, ")
        reporting = [one for one in book.activity[row["account_id"], row["period_start"]] if one["ping_count"]]
        assert any(one["instance_type"] == "Unknown" for one in reporting)
        assert "." in host


def found_measure(text: str) -> tuple[str, dict[str, float]]:
    """Measure and figures of what a gap found, by the texts of the seed."""
    for measure, row in TEXTS.items():
        pattern = re.escape(row["finding"])
        for name in ("value", "numerator", "denominator"):
            pattern = pattern.replace(re.escape("{" + name + "}"), rf"(?P<{name}>[\d.]+)(?: %)?")
        match = re.fullmatch(pattern + r"(?: \([^)]+\))?", text)
        if match:
            return measure, {name: float(value) for name, value in match.groupdict().items() if value}
    raise AssertionError(f"no measure says {text!r}")


def test_what_holds_a_score_down_is_a_measure_below_green_and_its_gap_is_right(book: Book) -> None:
    """The figures are those of a measure of the account, the bound is one of its bands, and the sum is right."""
    rows = explained(book, "gap")
    assert len(rows) > 100
    for row, parts in rows:
        gap = GAP.match(parts["gap"])
        assert gap, parts
        measure, said = found_measure(gap["found"])
        fits = [one for one in book.measure(row, row["period_start"], measure) if agrees(one, said, measure)]
        assert fits, (row["account_id"], row["period_start"], parts)
        assert any(one["color"] != "green" for one in fits)
        bands = [band for band in BANDS if band["measure"] == measure]
        bounds = {float(band[side]) for band in bands for side in ("yellow_from", "green_from")}
        if gap["count"]:
            assert int(gap["missing"]) == int(gap["count"]) - int(said["numerator"])
            continue
        bound = float(gap["bound"]) / (100 if gap["percent"] else 1)
        assert any(math.isclose(bound, one) for one in bounds), parts
        assert int(gap["needed"]) == math.ceil(round(bound * fits[0]["denominator"], 6))
        assert int(gap["more"] or 0) == int(gap["needed"]) - fits[0]["numerator"]
        assert fits[0]["measure_value"] <= bound


def agrees(row: Row, said: dict[str, Any], measure: str) -> bool:
    """Whether the figures of a sentence are those of a measure's row, as they are shown."""
    for name in ("numerator", "denominator"):
        if name in said and said[name] != row[name]:
            return False
    scale = 100 if TEXTS[measure]["value_format"] == "percent" else 1
    return "value" not in said or abs(said["value"] - scale * row["measure_value"]) <= (0.51 if scale == 100 else 0.01)


def test_a_change_is_the_rows_and_is_told_only_of_complete_periods(book: Book) -> None:
    """Up or down by as much as the row says; nothing is compared in an open period."""
    for row in book.health:
        parts = sentences(row["explanation"])
        if row["overall_score"] is None:
            continue
        change = row["score_change"]
        if not row["is_complete_period"]:
            assert change is None
            assert "open" in parts
        elif change is None:
            assert "first" in parts
        elif change == 0:
            assert "unchanged" in parts
        else:
            said = float(parts["change"]["change"]) * (1 if parts["change"]["direction"] == "up" else -1)
            assert said == change


def test_mostly_is_said_of_the_main_driver_with_at_least_half_of_the_change(book: Book) -> None:
    """It has the change's sign and is not more than the change."""
    rows = [(row, parts) for row, parts in explained(book, "change") if parts["driver"]]
    assert rows
    for row, parts in rows:
        assert parts["driver"] == LABELS[row["main_driver"]]
        assert row["main_driver_change"] * row["score_change"] > 0
        assert abs(row["score_change"]) / 2 - 0.01 <= abs(row["main_driver_change"]) <= abs(row["score_change"]) + 0.01


def test_behaviour_is_over_the_same_measure_subscription_and_instance(book: Book) -> None:
    """Both figures are in the marts, the color moved the way of the points, and the primary instance is one."""
    rows = explained(book, "behaviour")
    assert rows
    for row, parts in rows:
        for moved in MOVED.finditer(parts["behaviour"].replace("; ", "\n")):
            measure = MEASURES[moved["label"].strip()]
            pairs = [
                (now, before)
                for now in book.measure(row, row["period_start"], measure)
                for before in book.measure(row, book.earlier[row["period_start"]], measure)
                if now["original_subscription_id"] == before["original_subscription_id"]
                and agrees(now, {"value": float(moved["now"])}, measure)
                and agrees(before, {"value": float(moved["before"])}, measure)
            ]
            assert pairs, (row["account_id"], row["period_start"], parts)
            assert (RANK[moved["is"]] - RANK[moved["was"]]) * float(moved["effect"]) > 0
            assert any(one_instance(book, row, now) for now, _ in pairs)


def one_instance(book: Book, row: Row, measure: Row) -> bool:
    """Whether a subscription has one primary instance in a period and the one before."""
    periods = (row["period_start"], book.earlier[row["period_start"]])
    instances = {
        seats["primary_instance_id"]
        for period in periods
        for seats in book.seats[row["account_id"], period]
        if seats["original_subscription_id"] == measure["original_subscription_id"]
    }
    return len(instances) == 1


def test_the_parts_of_a_change_add_up_to_it(book: Book) -> None:
    """Behaviour and what is no behaviour; a score does not fall by behaviour of which nothing is told."""
    checked = 0
    for row in book.health:
        parts = sentences(row["explanation"])
        if not row["score_change"]:
            continue
        told = parts.get("behaviour", {}).get("behaviour", "")
        assert not (told and parts["change"]["no_behaviour"])
        if "smaller one" in told:
            continue
        effects = [float(one) for one in re.findall(r"([+-]\d+\.\d\d) points", told)]
        effects += [
            float(one) for one in re.findall(r"([+-]\d+\.\d\d) points", parts.get("other", {}).get("other", ""))
        ]
        assert abs(sum(effects) - row["score_change"]) <= 0.02 + 0.005 * len(effects), row["explanation"]
        checked += 1
    assert checked > 20


def test_points_are_never_read_as_percent(book: Book) -> None:
    """A percent sign stands only behind shares, the word points only behind points with two decimals."""
    for row in book.health:
        assert not re.search(r"points\s*%|%\s*points|\d%", row["explanation"])
        for number in re.findall(r"([+-]?[\d.]+) points", row["explanation"]):
            assert re.fullmatch(rf"[+-]?{POINTS}", number)
