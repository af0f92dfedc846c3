"""What is damaged, empty or killed costs itself: it is listed, and the rest is read.

That 4 GB do is tried in `make test` of what reads the files and lists what is bad in them; of the whole build it is long.
"""

from __future__ import annotations

import gzip
import hashlib
import shutil
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from dbt_bench import BUILD, SMALL, Bench
from ping_files import STAGING, activated, anew, leaves, pings_file, quarantined, staging

READING = ("--select", "+quarantined_pings", "+stg_service_ping__pings")


@pytest.fixture
def bench(seeded: Bench) -> Bench:
    return anew(seeded)


def test_a_file_that_holds_nothing_is_listed_until_it_holds_something(bench: Bench) -> None:
    """No bytes, blanks, an empty array, a gzip of these, a byte order mark alone."""
    contents = {
        "a.jsonl": b"", "b.jsonl": b" \n\t\n\r\n", "c.json": b"[]", "d.json": b" [ ]\n", "e.jsonl.gz": gzip.compress(b""),
        "f.json.gz": gzip.compress(b"[]"), "g.ndjson.gz": gzip.compress(b"\n\n"), "h.jsonl": b"\xef\xbb\xbf",
        "i.json.gz": gzip.compress(b""),
    }  # fmt: skip
    others = {"j.json": b"", "k.json": b" \n "}
    for name, content in (contents | others).items():
        (bench.raw / "service_pings" / name).write_bytes(content)
    staging(bench)
    rows = bench.mart.rows("select source_file, line_number, reason from quarantined_pings order by all")
    found = {row["source_file"].removeprefix("service_pings/"): (row["line_number"], row["reason"]) for row in rows}
    assert found == dict.fromkeys(contents, (None, "holds nothing")) | dict.fromkeys(others, (1, "not JSON"))
    pings_file(bench, "a.jsonl", ("now", 1))
    staging(bench)
    assert activated(bench)["now"] == "1"
    assert set(quarantined(bench)) == set(contents) - {"a.jsonl"}


def broken_inside(packed: bytes) -> bytes:
    """The same with bytes flipped somewhere in the middle, so that unpacking ends there."""
    for start in range(len(packed) // 3, len(packed) - 60):
        flipped = bytearray(packed)
        flipped[start : start + 40] = bytes(byte ^ 0x5A for byte in flipped[start : start + 40])
        try:
            zlib.decompressobj(31).decompress(bytes(flipped))
        except zlib.error as error:
            if "data check" not in str(error):
                return bytes(flipped)
    raise AssertionError("nothing breaks it")


def test_a_damaged_gz_is_listed_and_read_when_it_comes_whole(bench: Bench) -> None:
    """Cut off, of no compression, empty, and with a body that unpacks to less than it held."""
    body = pings_file(bench, "x.jsonl", *[(hashlib.sha256(b"%d" % n).hexdigest(), n) for n in range(2000)]).read_text(
        encoding="utf-8"
    )
    whole = gzip.compress(body.encode(), mtime=0)
    (bench.raw / "service_pings" / "x.jsonl").unlink()
    damaged = {"cut": whole[: len(whole) // 2], "flipped": broken_inside(whole), "empty": b"", "text": b"hello\n"}
    for name, content in damaged.items():
        (bench.raw / "service_pings" / f"{name}.jsonl.gz").write_bytes(content)
    staging(bench)
    rows = bench.mart.rows("select source_file, line_number, reason from quarantined_pings order by 1")
    assert [tuple(row.values()) for row in rows] == [
        (f"service_pings/{name}.jsonl.gz", None, "damaged, cut off or not compressed") for name in sorted(damaged)
    ]
    assert set(activated(bench)) == {"ping-0001"}
    (bench.raw / "service_pings" / "cut.jsonl.gz").write_bytes(whole)
    staging(bench)
    assert len(activated(bench)) == 2001
    assert len(bench.mart.find("quarantined_pings")) == 3
    bench.mart.close()


def test_one_odd_line_of_a_gz_costs_one_line(bench: Bench) -> None:
    """Too long, not UTF-8, blank ones: the others are read, and a file that is cut off behind them is not."""
    good = pings_file(bench, "x.jsonl", ("x", 1)).read_bytes()
    (bench.raw / "service_pings" / "x.jsonl").unlink()
    odd = b'{"a": "' + b"x" * 5000 + b'"}\n' + b"\xe9\n" + b"\r\n" * 50
    whole = gzip.compress(good + odd + good.replace(b'"x"', b'"y"'), mtime=0)
    (bench.raw / "service_pings" / "odd.jsonl.gz").write_bytes(whole)
    (bench.raw / "service_pings" / "cut.jsonl.gz").write_bytes(
        gzip.compress(odd + b"%d\n" * 900 % tuple(range(900)), mtime=0)[:-200]
    )
    staging(bench, max_line_bytes=2000)
    assert activated(bench) == {"ping-0001": "50", "x": "1", "y": "1"}
    rows = bench.mart.rows("select source_file, line_number, reason from quarantined_pings order by all")
    assert [tuple(row.values()) for row in rows] == [
        ("service_pings/cut.jsonl.gz", None, "damaged, cut off or not compressed"),
        ("service_pings/odd.jsonl.gz", 2, "longer than 2000 bytes"),
        ("service_pings/odd.jsonl.gz", 3, "not text in UTF-8"),
    ]


def looked_through(bench: Bench) -> bool:
    """Whether the last run scanned files for the numbers of unreadable lines."""
    folder = bench.home / "target" / "compiled"
    sql = next(folder.rglob("base_service_ping__unread_lines.sql")).read_text(encoding="utf-8")
    return "found_unreadable" in sql


def test_bad_files_are_looked_through_once_and_in_one_scan(bench: Bench) -> None:
    """A run without changed files reads none of them; numbers hold beside lines that the reader sets aside."""
    good = pings_file(bench, "source.jsonl", ("x", 1)).read_bytes()
    names = [f"bad{number}.jsonl" for number in range(5)]
    for name in names:
        content = b"\xe9\n" + good + b"\nno\n\xe9\xe9\n" + good + b"no"
        (bench.raw / "service_pings" / name).write_bytes(content)
    found = [(1, "not text in UTF-8"), (4, "not JSON"), (5, "not text in UTF-8"), (7, "not JSON")]
    wanted = [(f"service_pings/{name}", line, reason) for name in names for line, reason in found]
    for expected in (True, False):
        staging(bench)
        rows = bench.mart.rows("select source_file, line_number, reason from quarantined_pings order by all")
        bench.mart.close()
        assert [tuple(row.values()) for row in rows] == wanted
        assert looked_through(bench) is expected
    (bench.raw / "service_pings" / names[0]).write_bytes(good)
    (bench.raw / "service_pings" / names[1]).write_bytes(good + b"no")
    staging(bench)
    rows = bench.mart.rows("select source_file, line_number, reason from quarantined_pings order by all")
    bench.mart.close()
    assert [tuple(row.values()) for row in rows] == [(f"service_pings/{names[1]}", 2, "not JSON"), *wanted[8:]]


def test_a_killed_run_and_then_a_run_equal_one_run(bench: Bench) -> None:
    """Killed without a word while the leaves are read, and again when they are written and what reads them begins."""
    shutil.copytree(SMALL / "service_pings", bench.raw / "service_pings", dirs_exist_ok=True)
    for words in ("START sql incremental model", "OK created sql incremental model"):
        bench.killed(lambda line, words=words: words in line, *STAGING)
    staging(bench)
    again = leaves(bench)
    staging(bench, "--full-refresh")
    assert leaves(bench) == again


@pytest.mark.parametrize(
    "select", [READING, pytest.param((), marks=pytest.mark.long)], ids=["what reads files", "everything"]
)
def test_4_gb_do_for_the_build_with_8_threads_and_200_bad_files(
    select: tuple[str, ...], home: Callable[[str], Path], models: Path
) -> None:
    """DuckDB is held to both; each of the bad files has a line that is listed with its number."""
    folder = home("memory")
    raw = folder / "raw"
    shutil.copytree(SMALL, raw)
    for number in range(200):
        name = raw / "service_pings" / f"bad-{number:03}.jsonl"
        name.write_text(f'{{"ping_id": "bad-{number}"\n', encoding="utf-8")
    bench = Bench(folder, raw, models, as_of="2026-06-30")
    profile = yaml.safe_load((bench.profiles / "profiles.yml").read_text(encoding="utf-8"))
    output = profile["customer_health"]["outputs"]["duckdb"]
    output["threads"] = 8
    output["settings"].update({"memory_limit": "4GB", "threads": 8})
    (bench.profiles / "profiles.yml").write_text(yaml.safe_dump(profile), encoding="utf-8")
    bench.build(*BUILD, *select)
    found = bench.mart.rows("select * from quarantined_pings where source_file like '%/bad-%'")
    assert {(row["line_number"], row["reason"]) for row in found} == {(1, "not JSON")}
    assert len(found) == 200
    assert bench.mart.row("select count(*) as n from main_staging.stg_service_ping__pings")["n"] > 1000
    bench.mart.close()
