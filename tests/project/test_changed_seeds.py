"""Seeds are the analysts': what is renamed in one is missed by name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from dbt_bench import REPO, Bench
from refusals import good_raw
from sampled import sampled

from scripts import registry


@contextmanager
def changed(project: Path) -> Iterator[Path]:
    """A project that others use, too: every file is as it was afterwards."""
    before = {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}
    try:
        yield project
    finally:
        for path in [path for path in project.rglob("*") if path.is_file() and path not in before]:
            path.unlink()
        for path, content in before.items():
            if not path.exists() or path.read_bytes() != content:
                path.write_bytes(content)


RENAMED = [
    ("signal_rules", "no_runners", "signal", "intermediate/signals/int_signals_subscription"),
    ("measures", "user_engagement", "measure", "intermediate/signals/int_signal_inputs"),
    ("score_groups", "user_engagement", "score_group", "intermediate/accounts/int_account_standing"),
    ("health_settings", "stale_after_days", "setting", "intermediate/shared/int_settings"),
]


@pytest.mark.parametrize(("seed", "name", "vocabulary", "model"), sampled(RENAMED, [RENAMED[0], RENAMED[2]]))
def test_a_name_that_a_seed_no_longer_has_is_missed_by_the_models_that_use_it(
    spoilt_bench: Bench, seed: str, name: str, vocabulary: str, model: str
) -> None:
    """When the seed is loaded, before any model that reads it."""
    text = (REPO / "seeds" / f"{seed}.csv").read_text(encoding="utf-8")
    with changed(spoilt_bench.project) as project:
        (project / "seeds" / f"{seed}.csv").write_text(
            text.replace(f"\n{name},", f"\n{name}_renamed,"), encoding="utf-8"
        )
        run = spoilt_bench.dbt("seed", "--select", seed)
    assert run.exit_code != 0
    assert f'seeds/{seed}.csv lacks the {vocabulary} "{name}"' in run.failures
    assert f"models/{model}.sql" in run.failures
    assert f"{name}_renamed" in run.failures


def test_a_metric_that_is_renamed_is_missed_by_the_models_that_use_it(spoilt_bench: Bench) -> None:
    """Before anything is built; `make registry` was run, as the page says."""
    good_raw().write(spoilt_bench.raw)
    with changed(spoilt_bench.project) as project:
        folder = project / "models/metrics/verify"
        for path in sorted(folder.glob("metric_ci_runners_all_time_event.*")):
            text = path.read_text("utf-8").replace("metric_ci_runners_all_time_event", "metric_runners_all_time_event")
            (folder / path.name.replace("ci_runners", "runners")).write_text(text, encoding="utf-8")
            path.unlink()
        assert registry.main([], project) == 0
        run = spoilt_bench.dbt("run", "--select", "int_settings")
    assert run.exit_code != 0
    assert 'lacks the metric "ci_runners_all_time_event"' in run.failures
    assert "int_signal_inputs" in run.failures
    assert "runners_all_time_event" in run.failures.split("the closest are")[1]
