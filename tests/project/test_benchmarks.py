"""The benchmarks' reference says what the mart says, and their page shows what was measured."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import duckdb
import pytest
from dbt_bench import BUILD, SMALL, Bench, Mart

from benchmarks import data, reference, report
from benchmarks.build_growth import fitted_slope
from benchmarks.dbt import Home
from benchmarks.warm import Warm


def test_the_reference_equals_the_mart(sample_mart: Mart, truth: dict[str, str], tmp_path: Path) -> None:
    """Every metric value that is not null, every seat figure: two scripts, one result."""
    sample_mart.close()
    with reference.run(SMALL, truth["as_of"], tmp_path / "reference.duckdb") as connection:
        assert reference.differences(connection, sample_mart.database) == {"metric values": 0, "seat figures": 0}


def test_the_reference_equals_the_mart_where_instances_compete_and_subscriptions_are_cancelled(
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
    with reference.run(bench.raw, "2026-06-30", tmp_path / "reference.duckdb") as connection:
        assert reference.differences(connection, bench.database) == {"metric values": 0, "seat figures": 0}


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


def test_a_wrong_reference_is_noticed(sample_mart: Mart, truth: dict[str, str], tmp_path: Path) -> None:
    """One value changed by hand is one row that the mart lacks; one figure deleted is one row less."""
    sample_mart.close()
    with reference.run(SMALL, truth["as_of"], tmp_path / "reference.duckdb") as connection:
        connection.execute("update metric_values set metric_value = 1 + metric_value where rowid = 0")
        connection.execute("delete from seat_figures where rowid = 0")
        assert reference.differences(connection, sample_mart.database) == {"metric values": 1, "seat figures": 1}


def test_a_warm_dbt_runs_each_command_in_a_process_of_its_own_and_says_what_failed(tmp_path: Path) -> None:
    """Two commands build what they are told to, into the database that is there at the time; the third one ends it."""
    home = Home(tmp_path)
    with Warm(home, SMALL) as warm:
        costs = [warm.dbt(SMALL, "seed", "--select", name) for name in ("product_tiers", "use_cases")]
        with duckdb.connect(str(home.database)) as connection:
            assert {name for (name,) in connection.execute("select table_name from duckdb_tables()").fetchall()} >= {
                "product_tiers", "use_cases"
            }  # fmt: skip
        assert all(0 < cost.nodes < cost.wall and cost.cpu > 0 and cost.peak_megabytes > 50 for cost in costs)
        with pytest.raises(RuntimeError, match="nonsense"):
            warm.dbt(SMALL, "nonsense")


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


def test_copies_are_other_customers(tmp_path: Path) -> None:
    """Every ping and subscription of a copy has a name of its own, and pings still find their subscription."""
    copies = data.multiply(uncompressed(tmp_path / "one"), tmp_path / "two", 2)
    text = "".join(path.read_text(encoding="utf-8") for path in data.pings(copies))
    assert '"ping_id":"x1p1"' in text and '"license_sha256":"x1aa"' in text and '"uuid":"x1u1"' in text
    assert (copies / "licenses.csv").read_text(encoding="utf-8").splitlines()[1:] == ["L1,aa", "x1L1,x1aa"]
    assert data.size(data.linked(copies, tmp_path / "again", 1)) == data.size(tmp_path / "one")
    assert (tmp_path / "again/licenses.csv").read_text(encoding="utf-8").splitlines()[1:] == ["L1,aa"]


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
    month = data.last_months(later, tmp_path / "month", 1)
    assert [path.name for path in data.pings(month)] == ["pings_2026-06-23.jsonl", "pings_2026-06-30.jsonl"]
    assert (month / "licenses.csv").read_text(encoding="utf-8") == (raw / "licenses.csv").read_text(encoding="utf-8")


def uncompressed(raw: Path) -> Path:
    """A folder of one ping and one licence."""
    week = raw / "service_pings/received_month=2026-06"
    week.mkdir(parents=True)
    payload = '{"uuid":"u1","license_sha256":"aa"}'
    (week / "pings_2026-06-30.jsonl").write_text(f'{{"ping_id":"p1","payload":{payload}}}\n', encoding="utf-8")
    (raw / "licenses.csv").write_text("license_id,license_sha256\nL1,aa\n", encoding="utf-8")
    return raw


@pytest.mark.parametrize(("power", "slope"), [(1.0, 1.0), (0.5, 0.5), (2.0, 2.0)])
def test_the_slope_is_the_power_of_growth(power: float, slope: float) -> None:
    """Of seconds that grow as bytes to that power."""
    sizes = [1e9, 2e9, 4e9, 8e9]
    assert fitted_slope(sizes, [3 * size**power for size in sizes]) == pytest.approx(slope)
