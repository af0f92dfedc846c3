"""A hand-written script says what the mart says; the page of benchmarks shows what was measured."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

from dbt_bench import BUILD, SMALL, Bench, Mart
from handwritten import differences, run

from benchmarks import data, report


def test_the_hand_written_script_equals_the_mart(sample_mart: Mart, truth: dict[str, str], tmp_path: Path) -> None:
    """Every metric value that is not null, every seat figure: two scripts, one result."""
    sample_mart.close()
    with run(SMALL, truth["as_of"], tmp_path / "by_hand.duckdb") as connection:
        assert differences(connection, sample_mart.database) == {"metric values": 0, "seat figures": 0}


def test_the_hand_written_script_equals_the_mart_where_instances_compete_and_subscriptions_are_cancelled(
    tmp_path: Path, models: Path
) -> None:
    """In the sample one instance leads for good. Here three subscriptions are one, nobody owns an account, few have labels."""
    bench = Bench(tmp_path / "home", contested(tmp_path / "raw"), models, as_of="2026-06-30")
    bench.build(*BUILD, "--select", "+fct_metric_values", "+fct_seat_utilization")
    found = bench.mart.row(
        "select count(*) filter (where was_switched) as switched, (select count(*) from main.fct_seat_utilization as seats"
        " inner join main_intermediate.int_subscription_periods as periods using (original_subscription_id, period_start)"
        " where periods.is_cancelled and seats.activated_seats is not null) as cancelled"
        " from main_intermediate.int_primary_instances"
    )
    assert min(found.values()) > 0, "else nothing of it is tried"
    bench.mart.close()
    with run(bench.raw, "2026-06-30", tmp_path / "by_hand.duckdb") as connection:
        assert differences(connection, bench.database) == {"metric values": 0, "seat figures": 0}


def contested(raw: Path) -> Path:
    """The sample, its subscriptions of similar size made renewals of one in threes; a third is cancelled, some on a day."""
    shutil.copytree(SMALL, raw)
    subscriptions, labels, accounts = (
        read(raw / f"{name}.csv") for name in ("subscriptions", "instance_labels", "accounts")
    )
    lineages = sorted({(int(row["seats"] or 0), row["original_subscription_id"]) for row in subscriptions})
    first = {lineage: lineages[number // 3 * 3][1] for number, (_, lineage) in enumerate(lineages)}
    cancelled = sorted(set(first.values()))[::3]
    for number, row in enumerate(subscriptions):
        row["original_subscription_id"] = first[row["original_subscription_id"]]
        row["status"] = "Cancelled" if row["original_subscription_id"] in cancelled else row["status"]
        row["cancelled_on"] = "2026-04-20" if number % 9 == 0 else ""
    write(raw / "subscriptions.csv", subscriptions)
    write(raw / "instance_labels.csv", labels[::10])
    write(raw / "accounts.csv", [{**row, "csm_email": ""} for row in accounts])
    return raw


def read(path: Path) -> list[dict[str, str]]:
    """A CSV file's rows."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write(path: Path, rows: list[dict[str, str]]) -> None:
    """Rows as a CSV file."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def test_a_wrong_script_is_noticed(sample_mart: Mart, truth: dict[str, str], tmp_path: Path) -> None:
    """One value changed by hand is one row that the mart lacks; one figure deleted is one row less."""
    sample_mart.close()
    with run(SMALL, truth["as_of"], tmp_path / "by_hand.duckdb") as connection:
        connection.execute("update metric_values set metric_value = 1 + metric_value where rowid = 0")
        connection.execute("delete from seat_figures where rowid = 0")
        assert differences(connection, sample_mart.database) == {"metric values": 1, "seat figures": 1}


def test_the_page_shows_median_spread_ratio_and_target(tmp_path: Path) -> None:
    """Through JSON and back."""
    ours, other = report.Spread((2.0, 4.0, 3.0)), report.Spread((1.0, 2.0, 2.0))
    section = report.Section(
        "Full build",
        "One and the other.",
        ("", "s", "times"),
        [["ours", ours, report.ratio(ours, other)]],
        "at most 1.5",
        False,
        "Why.",
    )
    part = report.Part("build", "2026-06-30", 12.0, True, [section], {"cores": "2"}, {"duckdb": "1"})
    report.save(part, tmp_path)
    assert report.load(tmp_path / "build.json").sections[0].rows == section.rows
    page = report.write_page(tmp_path, tmp_path / "page.md").read_text(encoding="utf-8")
    assert "| ours | 3.00 s (2.00-4.00) | 2.00 x (1.50-2.00) |" in page
    assert "| build: Full build | at most 1.5 | not met |" in page
    for text in ("`python -m benchmarks`", "cores 2", "duckdb 1", "too small to judge by", "Why."):
        assert text in page


def test_the_last_week_is_held_back_and_comes_later(tmp_path: Path) -> None:
    """Its files are those of the last day by as_of: another month's file or a later day's stays out of it."""
    raw = uncompressed(tmp_path / "raw")
    for month, day in (("2026-05", "2026-05-26"), ("2026-06", "2026-06-23"), ("2026-07", "2026-07-07")):
        folder = raw / f"service_pings/received_month={month}"
        folder.mkdir(exist_ok=True)
        (folder / f"pings_{day}.jsonl").write_text("{}\n", encoding="utf-8")
    week = data.without_last_week(raw, tmp_path / "before")
    assert [path.name for path in week] == ["pings_2026-06-30.jsonl"]
    before = ["pings_2026-05-26.jsonl", "pings_2026-06-23.jsonl"]
    assert [path.name for path in data.pings(tmp_path / "before")] == before
    later = data.with_files(tmp_path / "before", week, tmp_path / "later")
    assert [path.name for path in data.pings(later)] == [*before, "pings_2026-06-30.jsonl"]
    assert (later / "licenses.csv").read_text(encoding="utf-8") == (raw / "licenses.csv").read_text(encoding="utf-8")


def uncompressed(raw: Path) -> Path:
    """A folder of one ping and one licence."""
    week = raw / "service_pings/received_month=2026-06"
    week.mkdir(parents=True)
    payload = '{"uuid":"u1","license_sha256":"aa"}'
    (week / "pings_2026-06-30.jsonl").write_text(f'{{"ping_id":"p1","payload":{payload}}}\n', encoding="utf-8")
    (raw / "licenses.csv").write_text("license_id,license_sha256\nL1,aa\n", encoding="utf-8")
    return raw
