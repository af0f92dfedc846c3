"""The sample generator: deterministic, of the size it says, and careful with the folders of others."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sample_lines import AS_OF, SMALL, Line, leaves, read_lines, read_text, small_options

from sample.__main__ import main
from sample.clock import at
from sample.generate import generate
from sample.named import named_customers
from sample.payload import PayloadWriter
from sample.pings import week_ping
from sample.vocabulary import vocabulary


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small set, generated now."""
    out = tmp_path_factory.mktemp("sample") / "small"
    generate(small_options(out))
    return out


@pytest.fixture(scope="module")
def lines(folder: Path) -> list[Line]:
    return list(read_lines(folder))


@pytest.fixture(scope="module")
def pings(lines: list[Line]) -> list[Line]:
    return [line for line in lines if line.row]


# --- the same options, the same files


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_equal_options_give_identical_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        generate(small_options(tmp_path / name, accounts=25, months=3, gzip="older"))
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def test_another_seed_gives_other_customers_and_the_same_named_accounts(tmp_path: Path, truth: dict[str, Any]) -> None:
    generate(small_options(tmp_path / "other", seed=8))
    other = json.loads((tmp_path / "other" / "truth.json").read_text(encoding="utf-8"))
    assert other["accounts"] == truth["accounts"]
    assert other["counts"] != truth["counts"]


def test_the_committed_set_is_what_the_generator_writes(folder: Path) -> None:
    names = sorted(contents(SMALL))
    assert names == sorted(contents(folder))
    differing = [n for n in names if read_text(SMALL / n) != read_text(folder / n)]
    assert not differing, "run the command of sample/README.md and commit sample/small"


def test_the_committed_set_stays_under_4_megabytes() -> None:
    assert sum(len(data) for data in contents(SMALL).values()) < 4_000_000


# --- sizes


def test_a_default_ping_has_hundreds_of_keys_in_at_most_9_kilobytes(pings: list[Line]) -> None:
    counts = [leaves(line.payload) for line in pings]
    assert sum(counts) / len(counts) > 300
    assert sum(len(line.text) for line in pings) / len(pings) < 9_000


def test_a_ping_of_real_size_has_about_1300_keys_and_50_kilobytes() -> None:
    options = small_options(Path("unused"))
    ping = week_ping(named_customers(options)[0].instances[0], 0, options)
    assert ping is not None
    text = PayloadWriter(7, at(AS_OF, 0), 1300).render(ping)
    assert 1200 < leaves(json.loads(text)) < 1400
    assert 45_000 < len(text) < 60_000


def test_no_key_path_of_the_vocabulary_stands_twice_or_inside_another() -> None:
    paths = [filler.path for filler in vocabulary()]
    assert len(paths) == len(set(paths))
    parents = {p.rpartition(".")[0] for p in paths}
    assert not parents & set(paths)


# --- the command


def test_a_folder_of_somebody_else_is_never_replaced(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("keep")
    for options in ([], ["--force"]):
        assert main(["--out", str(tmp_path / "mine"), *options]) == 2
        assert str(tmp_path / "mine") in capsys.readouterr().err
    assert [path.name for path in tmp_path.rglob("*")] == ["mine", "notes.txt"]


def test_force_replaces_a_folder_of_its_own_and_leaves_nothing_behind(tmp_path: Path) -> None:
    out = tmp_path / "raw"
    command = ["--out", str(out), "--accounts", "24", "--months", "3", "--as-of", "2026-06-30"]
    assert main(command) == 0
    (out / "stale.csv").write_text("old")
    assert main([*command, "--force"]) == 0
    assert not (out / "stale.csv").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["raw"]


@pytest.mark.parametrize(
    ("option", "value"),
    [("--accounts", "5"), ("--months", "1"), ("--as-of", "June"), ("--payload-keys", "9999")],
)
def test_a_wrong_option_is_named(option: str, value: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["--out", str(tmp_path / "raw"), option, value])
    assert stop.value.code == 2
    assert option in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
