"""One odd row costs one row: it is told, and everybody else's figures stand. Values are worked out by hand.

A subscription with 80 of 100 seats activated is at 0.8, green (88 points); 50 of 80 active is 0.625, yellow (63). So an account
that has both, and nothing else, is at (0.30 x 88 + 0.10 x 63) / 0.40 = 81.75.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from dbt_bench import Bench, DbtRun, Mart
from odd_rows import odd_rows

JUNE = "2026-06-01"


@pytest.fixture(scope="module")
def run(home: Callable[[str], Path]) -> tuple[Bench, DbtRun]:
    """A whole build, data tests included: none of them may fail. One file of pings is damaged."""
    folder = home("odd")
    bench = Bench(folder, odd_rows().write(folder / "raw"), as_of="2026-06-30")
    (bench.raw / "service_pings" / "damaged.jsonl.gz").write_bytes(b"hello\n")
    return bench, bench.build("build", "--exclude-resource-type", "unit_test")


@pytest.fixture(scope="module")
def built(run: tuple[Bench, DbtRun]) -> Bench:
    """Where it was built."""
    return run[0]


@pytest.fixture(scope="module")
def mart(built: Bench) -> Mart:
    """What it left."""
    return built.snapshot("odd")


def findings(mart: Mart, source: str) -> set[tuple[str, str, str, str]]:
    """(row, column, finding, effect) of one table."""
    rows = mart.find("fct_input_findings", source=source)
    return {(row["row_key"], row["column_name"], row["finding"], row["effect"]) for row in rows}


def seats(mart: Mart, account_id: str) -> dict[str, object]:
    """The account's only subscription in June."""
    return mart.row("select * from fct_seat_utilization where account_id = ? and period_start = ?", account_id, JUNE)


def test_a_customer_with_nothing_odd_has_its_score(mart: Mart) -> None:
    health = mart.row("select * from fct_account_health where account_id = 'good' and period_start = ?", JUNE)
    assert (health["overall_score"], health["overall_color"]) == (81.75, "green")


def test_what_is_wrong_with_a_subscription_is_told_with_its_key_and_effect(mart: Mart) -> None:
    assert findings(mart, "subscriptions") == {
        ("S-words", "product_tier", "tier_unknown", "value_ignored"),
        ("S-words", "status", "status_unknown", "value_ignored"),
        ("S-halfseat", "seats", "fractional", "value_ignored"),
        ("S-minusseat", "seats", "negative", "value_ignored"),
        ("S-noseats", "seats", "seats_missing", "kept"),
        ("S-zeroseats", "seats", "seats_zero", "kept"),
        ("S-absurdseats", "seats", "out_of_range", "value_ignored"),
        ("S-reversed", "end_date", "end_before_start", "kept"),
        ("S-NB", "arr", "negative", "value_ignored"),
        ("S-NC", "arr", "out_of_range", "value_ignored"),
        ("S-orphan", "account_id", "account_unknown", "kept_out"),
        ("S-nobody", "account_id", "account_missing", "kept_out"),
        ("account_id N", "subscription_id", "id_missing", "kept_out"),
        ("S-undated", "start_date", "start_missing", "kept_out"),
        ("S-ramp", "subscription_id", "several_segments", "kept"),
        ("S-twice", "subscription_id", "duplicate_id", "kept_out"),
        ("S-circle1", "original_subscription_id", "lineage_circle", "value_ignored"),
        ("S-circle2", "original_subscription_id", "lineage_circle", "value_ignored"),
    }
    orphan = mart.one("fct_input_findings", row_key="S-orphan")
    assert orphan["message"] == "the account GONE-18CHARS is not in accounts"


def test_what_is_wrong_with_other_rows_is_told(mart: Mart) -> None:
    assert findings(mart, "accounts") == {
        ("", "account_id", "id_missing", "kept_out"),
        ("chain", "account_id", "duplicate_id", "kept_out"),
        ("own-parent", "parent_account_id", "parent_itself", "kept"),
        ("child", "parent_account_id", "parent_unknown", "kept"),
    }
    assert findings(mart, "licenses") == {
        ("L1", "license_md5", "no_hash", "value_ignored"),
        ("L1", "subscription_id", "subscription_unknown", "kept"),
        ("L2", "license_id", "duplicate_id", "kept_out"),
    }
    assert findings(mart, "objectives") == {
        ("O2", "metric_name", "metric_unknown", "kept_out"),
        ("O3", "account_id", "account_unknown", "kept_out"),
        ("O1", "objective_id", "duplicate_id", "kept_out"),
        ("O4", "baseline_value", "negative", "value_ignored"),
        ("O4", "direction", "unreadable", "value_ignored"),
    }
    unknown = mart.one("fct_input_findings", row_key="O2")
    assert unknown["message"].startswith("there is no metric activated_seat; the closest are: activated_seats")


def test_no_label_vanishes(mart: Mart) -> None:
    assert findings(mart, "instance_labels") == {
        (" git.chain.example 2020-01-01T00:00:00", "uuid", "uuid_missing", "kept_out"),
        ("uuid-chain  2026-01-01T00:00:00", "hostname", "hostname_missing", "kept"),
        ("uuid-chain git.chain.example 2020-01-02T00:00:00", "label", "label_unknown", "value_ignored"),
        ("uuid-nobody git.nobody.example 2020-01-01T00:00:00", "hostname", "instance_unknown", "kept"),
        ("uuid-ramp git.ramp.example ", "labelled_at", "date_missing", "kept_out"),
        ("uuid-chain git.chain.example 2026-07-01T00:00:00", "labelled_at", "label_later", "kept"),
    }


def test_no_row_of_the_excluded_pings_vanishes(mart: Mart) -> None:
    assert mart.one("fct_unmapped_pings", ping_id="out")["unmapped_reason"] == "excluded"
    assert findings(mart, "excluded_pings") == {
        ("reason no id", "ping_id", "id_missing", "kept_out"),
        ("out", "ping_id", "duplicate_id", "kept_out"),
        ("OUT", "ping_id", "ping_unknown", "kept"),
    }


@pytest.mark.parametrize(
    ("index", "value", "reason"),
    [
        # below the limit of 1e12, and so believed: 42949672.95 of the seats
        (0, 4294967295.0, None),
        *((index, None, "out_of_range") for index in (1, 2, 3, 4)),
        (5, 0.0, None),
        (6, 12.0, None),
        (7, 100.0, None),
        (8, None, "bad_type"),
        (9, None, "bad_type"),
        (10, None, "key_null"),
    ],
)
def test_a_number_is_read_or_has_its_reason(mart: Mart, index: int, value: float | None, reason: str | None) -> None:
    """Counts beyond belief are never a value; a 0 has no sign."""
    row = mart.row(
        "select * from fct_metric_values join dim_instances using (instance_id)"
        " where metric_name = 'activated_seats' and period_start = ? and uuid = ?",
        JUNE,
        f"uuid-number{index}",
    )
    assert (row["metric_value"], row["value_reason"]) == (value, reason)
    assert "-0" not in str(row["metric_value"])
    status = "reported" if reason is None else "not_reported" if reason == "key_null" else "failed"
    assert row["value_status"] == status


def test_a_ratio_beyond_every_integer_is_told_as_it_is(mart: Mart) -> None:
    """1e12 x 1048576 is 1048576000000000000, in percent more than 2 ** 63; in June 50 of 80 people are active, 62.5 %."""
    health = mart.row("select * from fct_account_health where account_id = 'ratio' and period_start = ?", JUNE)
    assert "active people from 104857600000000000000 % to 63 %" in health["explanation"]


def test_no_score_and_no_ratio_is_infinite_or_out_of_range(mart: Mart) -> None:
    assert mart.rows("select * from fct_metric_values where isinf(metric_value) or isnan(metric_value)") == []
    assert mart.rows("select * from fct_account_health where not overall_score between 0 and 100") == []


@pytest.mark.parametrize(
    ("account_id", "utilization"),
    [
        ("canceled", 0.8),
        ("blank", 0.8),
        ("words", 0.8),
        ("ultimate", 0.8),
        ("twice", 0.8),
        ("ramp", 0.5),
        ("chain", 0.8),
        ("unexported", 0.8),
        ("replaced", 0.5),
        # No seats that can be believed: the ping's own 100 stand in.
        ("halfseat", 0.8),
        ("minusseat", 0.8),
        ("noseats", 0.8),
        ("absurdseats", 0.8),
        # A 0 is a value, and nothing can be divided by it.
        ("zeroseats", None),
    ],
)
def test_the_seats_of_the_term_in_force_count(mart: Mart, account_id: str, utilization: float | None) -> None:
    assert seats(mart, account_id)["license_utilization"] == utilization


def test_a_cancelled_subscription_is_in_force_until_its_term_ends(mart: Mart) -> None:
    row = mart.one("dim_subscriptions", subscription_id="S-canceled")
    assert (row["status"], row["is_cancelled"], row["is_active"]) == ("cancelled", True, True)


def test_a_ramp_deal_is_one_subscription_that_began_with_its_first_segment(mart: Mart) -> None:
    row = mart.one("dim_subscriptions", subscription_id="S-ramp")
    assert (row["seats"], str(row["start_date"]), str(row["first_start_date"])) == (160, "2026-01-15", "2024-01-15")
    earlier = mart.row(
        "select licensed_seats from fct_seat_utilization where account_id = 'ramp' and period_start = '2025-06-01'"
    )
    assert earlier["licensed_seats"] == 80


def test_a_chain_of_original_ids_is_one_lineage_and_a_circle_is_two(mart: Mart) -> None:
    chain = mart.rows("select original_subscription_id from dim_subscriptions where account_id = 'chain'")
    assert {row["original_subscription_id"] for row in chain} == {"S-chain1"}
    circle = mart.rows("select original_subscription_id from dim_subscriptions where account_id = 'circle'")
    assert {row["original_subscription_id"] for row in circle} == {"S-circle1", "S-circle2"}


def test_revenue_below_zero_or_beyond_belief_has_no_weight(mart: Mart) -> None:
    """S-NA alone weighs: 81.75, whatever S-NB (10 of 100 seats) reports."""
    health = mart.row("select * from fct_account_health where account_id = 'N' and period_start = ?", JUNE)
    assert (health["overall_score"], health["arr_reporting_share"]) == (81.75, 1.0)


@pytest.mark.parametrize(
    ("ping_id", "reason"),
    [
        ("p-later", "no_active_subscription"),
        ("p-next", "no_active_subscription"),
        ("p-reversed", "no_active_subscription"),
        ("no-hash-0", "no_license"),
        ("no-hash-1", "no_license"),
        ("no-hash-2", "no_license"),
        ("no-hash-3", "no_license"),
        ("no-hash-4", "no_license"),
        ("no-hash-5", "no_license"),
        ("no-hash-6", "no_license"),
        ("no-hash-7", "no_license"),
        ("some-hash", "license_unknown"),
    ],
)
def test_a_ping_that_belongs_to_no_subscription_says_why(mart: Mart, ping_id: str, reason: str) -> None:
    assert mart.one("fct_unmapped_pings", ping_id=ping_id)["unmapped_reason"] == reason


@pytest.mark.parametrize("uuid", ["uuid-later", "uuid-next"])
def test_before_its_start_a_subscription_is_nobodys(mart: Mart, uuid: str) -> None:
    row = mart.one("dim_instances", uuid=uuid)
    assert (row["subscription_id"], row["original_subscription_id"]) == (None, None)
    assert row["is_tied_to_active_subscription"] is False


def test_a_hostname_with_an_at_is_masked_and_a_version_loses_its_v(mart: Mart) -> None:
    """The first twelve figures of the md5 of "root@git.example"."""
    assert mart.one("dim_instances", uuid="uuid-at")["hostname"] == "ip-773b0975a93b"
    assert mart.one("dim_instances", uuid="uuid-v")["version"] == "16.8.0"


def test_the_data_quality_mart_counts_the_findings(mart: Mart) -> None:
    """One row of the accounts that were kept and the two that were not."""
    row = mart.one("mart_data_quality", check_name="input_finding", subject="accounts.duplicate_id")
    accounts = mart.row("select count(*) as kept from dim_accounts")["kept"]
    assert (row["affected"], row["total"]) == (1, accounts + 2)


def test_a_damaged_file_is_a_row_without_a_line_and_fails_nothing(mart: Mart) -> None:
    row = mart.row("select * from quarantined_pings where source_file like '%damaged.jsonl.gz'")
    assert (row["line_number"], row["reason"]) == (None, "damaged, cut off or not compressed")


def test_an_account_that_stands_twice_in_the_export_is_a_warning_and_the_loader_s_to_reject(
    run: tuple[Bench, DbtRun], mart: Mart
) -> None:
    twice = mart.rows("select account_id from salesforce__account_health where account_id like '0014M%'")
    assert [row["account_id"] for row in twice] == ["0014M00000000ABQAY", "0014M00000000ABQAY"]
    assert {name for name, status in run[1].nodes.items() if status == "warn" and "salesforce" in name} == {
        "unique_grain_salesforce__account_health_account_id",
        "unique_grain_salesforce__product_usage_usage_key",
    }


FRESH = ("test", "--select", "test_freshness__the_newest_ping_is_recent")


def test_the_build_warns_when_no_ping_has_come_for_longer_than_the_var_says(built: Bench) -> None:
    """The newest ping is of 23 June: seven days before 30 June, eight before 1 July."""
    for as_of, days, said in (("2026-06-30", 7, "pass"), ("2026-07-01", 7, "warn"), ("2026-07-01", 8, "pass")):
        built.variables = {"as_of": as_of, "ping_freshness_days": days}
        run = built.build(*FRESH)
        assert run.nodes["test_freshness__the_newest_ping_is_recent"] == said, (as_of, days)


def test_70_days_after_the_last_file_nobody_is_told_as_healthy_and_the_build_says_why(built: Bench) -> None:
    """On 1 September no account has a score and who had one is stale; a test of the same build warns of the input."""
    built.variables = {"as_of": "2026-09-01"}
    unchanged = ("path:models/metrics", "base_service_ping__leaves")
    built.build("run", "--select", "+mart_account_standing", "--exclude", *unchanged)
    rows = built.mart.find("mart_account_standing")
    assert [row["account_id"] for row in rows if row["overall_score"] is not None] == []
    assert next(row for row in rows if row["account_id"] == "good")["unscored_reason"] == "stale"
    assert built.build(*FRESH).nodes["test_freshness__the_newest_ping_is_recent"] == "warn"
