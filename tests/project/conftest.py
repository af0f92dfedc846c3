"""Builds that several modules look at. Each is made once per session, in folders of its own."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import parsed_project
import pytest
from broken_lines import break_lines, without_uuid
from canaries import plant
from dbt_bench import AGAIN, SMALL, Bench, DbtRun, Mart, models_only
from early_june import EarlyJune, build_days
from history import History, build_history
from ping_files import RAW_NAME
from refusals import good_raw
from worked_examples import worked_examples


@pytest.fixture(scope="session")
def truth() -> dict[str, Any]:
    """What the sample's generator knows to be true of sample/small."""
    return json.loads((SMALL / "truth.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Makes a new folder for one bench."""
    return tmp_path_factory.mktemp


@pytest.fixture(scope="session")
def models(home: Callable[[str], Path]) -> Path:
    """The project without its tests, which nobody changes: it is parsed once for all that build in it."""
    project = models_only(home("models") / "project")
    parsed_project.AS_IT_STANDS.add(project)
    return project


@pytest.fixture(scope="session")
def sample_bench(home: Callable[[str], Path], truth: dict[str, Any]) -> tuple[Bench, DbtRun]:
    """The whole `dbt build`, unit tests and data tests included, of sample/small."""
    bench = Bench(home("sample"), SMALL, as_of=truth["as_of"])
    bench.writes_json = True
    return bench, bench.dbt("build")


@pytest.fixture(scope="session")
def sample_mart(sample_bench: tuple[Bench, DbtRun]) -> Mart:
    """The mart of sample/small."""
    bench, run = sample_bench
    assert run.exit_code == 0, run.failures
    return bench.mart


@pytest.fixture(scope="session")
def worked_bench(home: Callable[[str], Path], models: Path) -> Bench:
    """The worked examples, personal data and damaged lines, on 14 July 2026 with the bands of handbook_2025."""
    folder = home("worked")
    raw = worked_examples()
    plant(raw)
    without_uuid(raw)
    break_lines(raw.write(folder / "raw"))
    return Bench(folder, folder / "raw", models, as_of="2026-07-14")


@pytest.fixture(scope="session")
def worked_mart(worked_bench: Bench) -> Mart:
    """The worked examples under handbook_2025, on 14 July 2026."""
    worked_bench.build()
    return worked_bench.snapshot("handbook_2025")


@pytest.fixture(scope="session")
def worked_mart_sql_2023(worked_bench: Bench, worked_mart: Mart) -> Mart:
    """The same database afterwards, under sql_2023 and on 31 July 2026."""
    worked_bench.variables = {"as_of": "2026-07-31", "threshold_set": "sql_2023"}
    worked_bench.build(*AGAIN)
    return worked_bench.snapshot("sql_2023")


@pytest.fixture(scope="session")
def spoilt_bench(home: Callable[[str], Path]) -> Bench:
    """A copy of the project without its tests, and one raw folder: each test writes anew what it spoils."""
    folder = home("bad")
    return Bench(folder, folder / "raw", models_only(folder / "project"), as_of="2026-06-30")


@pytest.fixture(scope="session")
def seeded(home: Callable[[str], Path], models: Path) -> Bench:
    """A project without tests, and a database with the seeds and nothing else."""
    folder = home("files")
    bench = Bench(folder, good_raw().write(folder / RAW_NAME), models, as_of="2026-06-30")
    bench.build("seed")
    shutil.copy(bench.database, folder / "seeded.duckdb")
    return bench


@pytest.fixture(scope="session")
def history(home: Callable[[str], Path], truth: dict[str, Any]) -> History:
    """Several runs over one database, and the mart after each."""
    return build_history(home("history"), truth["as_of"])


@pytest.fixture(scope="session")
def early_june(home: Callable[[str], Path], models: Path) -> EarlyJune:
    """Half a year of the generated sample on three days around the turn of a month."""
    return build_days(home("early_june"), models, 6, ["2026-05-31", "2026-06-03", "2026-06-10"])
