"""How raw files are read: places, changes, kills, formats, hand-saved payloads, memory."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import jinja2
import pytest
import yaml
from dbt_bench import BUILD, REPO, SMALL, Bench, DbtRun, release_database
from raw_folder import RawFolder
from test_bad_input import good_raw

STAGING = ("run", "--select", "path:models/staging/service_ping", "quarantined_pings", "int_input_findings_files")
PINGS = "main_staging.stg_service_ping__pings"
LEAVES = "main_staging.base_service_ping__leaves"


@pytest.fixture(scope="module")
def seeded(home: Callable[[str], Path], models: Path) -> Bench:
    """A project without tests, and a database with the seeds and nothing else."""
    folder = home("files")
    raw = folder / "it's [raw]"
    bench = Bench(folder, good_raw().write(raw), models, as_of="2026-06-30")
    bench.build("seed")
    shutil.copy(bench.database, folder / "seeded.duckdb")
    return bench


@pytest.fixture
def bench(seeded: Bench) -> Bench:
    """The same database and raw folder, as they were at first. The folder's name needs care."""
    seeded.mart.close()
    release_database()
    seeded.raw = seeded.home / "it's [raw]"
    shutil.rmtree(seeded.raw, ignore_errors=True)
    good_raw().write(seeded.raw)
    shutil.copy(seeded.home / "seeded.duckdb", seeded.database)
    seeded.database.with_suffix(".duckdb.wal").unlink(missing_ok=True)
    return seeded


def pings_file(bench: Bench, name: str, *pings: tuple[str, int], received_at: str = "2026-06-10T06:00:00Z") -> Path:
    """Writes a file of pings (id, activated seats)."""
    raw = RawFolder()
    for ping_id, activated in pings:
        raw.ping("uuid-1", "git.example", received_at, ping_id=ping_id, file=name, activated=activated)
    path = bench.raw / "service_pings" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in raw.files[name]), encoding="utf-8")
    return path


def activated(bench: Bench) -> dict[str, str]:
    """Activated seats by ping id, as the marts would read them."""
    rows = bench.mart.rows(
        "select ping_id, raw_value from main_staging.stg_service_ping__values where key_path = 'license_billable_users'"
    )
    bench.mart.close()
    return {row["ping_id"]: row["raw_value"] for row in rows}


def leaves(bench: Bench) -> list[Any]:
    """Everything extracted."""
    rows = bench.mart.rows(f"select * from {LEAVES} order by all")
    bench.mart.close()
    return rows


def staging(bench: Bench, *more: str, **variables: Any) -> DbtRun:
    """One run of the models of this module."""
    before = bench.variables
    bench.variables = {**before, **variables}
    try:
        return bench.build(*STAGING, *more)
    finally:
        bench.variables = before


def refused(bench: Bench, *parts: str, command: tuple[str, ...] = STAGING) -> None:
    """The run stops with a message that has all the parts, and changes nothing."""
    before = leaves(bench)
    run = bench.dbt(*command)
    assert run.exit_code != 0
    for part in parts:
        assert part in run.failures, run.failures
    assert leaves(bench) == before


def test_a_corrected_file_replaces_what_it_said_and_the_last_name_counts(bench: Bench) -> None:
    """The same ids and arrivals: 80 became 60 in the file, of two files b counts, incrementally and in full."""
    pings_file(bench, "a.jsonl", ("x", 80), ("y", 1), ("gone", 5))
    pings_file(bench, "b.jsonl", ("y", 2))
    staging(bench)
    assert activated(bench) == {"ping-0001": "50", "x": "80", "y": "2", "gone": "5"}
    pings_file(bench, "a.jsonl", ("x", 60), ("y", 1))
    staging(bench)
    wanted = {"ping-0001": "50", "x": "60", "y": "2"}
    assert activated(bench) == wanted
    incremental = leaves(bench)
    staging(bench, "--full-refresh")
    assert activated(bench) == wanted
    assert leaves(bench) == incremental


def test_a_file_that_is_touched_or_copied_back_is_not_read_again(bench: Bench) -> None:
    """Its content says whether it changed."""
    path = pings_file(bench, "a.jsonl", ("x", 80))
    staging(bench)
    os.utime(path, (1, 1))
    staging(bench)
    inputs = "main_staging.base_service_ping__inputs"
    assert bench.mart.rows(f"select entry_name from {inputs} where is_new") == []
    bench.mart.close()


def test_archived_files_keep_their_pings_until_somebody_says_so(bench: Bench) -> None:
    """Deleted files: kept by a run, refused by --full-refresh without the word, forgotten by forget_raw."""
    path = pings_file(bench, "2026-05/b.jsonl", ("y", 70))
    staging(bench)
    path.unlink()
    staging(bench)
    assert activated(bench) == {"ping-0001": "50", "y": "70"}
    refresh = (*STAGING, "--full-refresh")
    refused(bench, "from 1 files", 'the first "service_pings/2026-05/b.jsonl"', "forget_missing_files", command=refresh)
    bench.build("run-operation", "forget_raw", "--args", yaml.safe_dump({"path": f"{bench.raw}/service_pings/2026-05"}))
    staging(bench)
    assert activated(bench) == {"ping-0001": "50"}
    path = pings_file(bench, "c.jsonl", ("z", 1))
    staging(bench)
    path.unlink()
    staging(bench, "--full-refresh", forget_missing_files=True)
    assert activated(bench) == {"ping-0001": "50"}


@pytest.mark.parametrize(
    "spelling",
    [
        "/p/raw",
        "/p/raw/",
        "//p///raw//",
        "/p/./raw/.",
        "/p/x/../raw",
        "/../p/raw",
        "raw",
        "./raw",
        "x/../raw/",
        "~/raw",
    ],
)
@pytest.mark.parametrize("project_dir", ["/p", ".", "../p"])
def test_one_folder_however_it_is_spelt(spelling: str, project_dir: str) -> None:
    """Absolute and without detours, from the environment or the var; a relative one counts from the project."""
    source = (REPO / "macros" / "raw" / "raw_path.sql").read_text(encoding="utf-8")
    environment = jinja2.Environment(extensions=["jinja2.ext.do"])  # noqa: S701
    variables = {"RAW_PATH": spelling, "PWD": "/p", "HOME": "/p"}
    ours = SimpleNamespace()
    known = {
        "var": lambda name, default=None: default, "env_var": lambda name, default="": variables.get(name, default),
        "flags": SimpleNamespace(PROJECT_DIR=project_dir), "execute": True, "customer_health": ours, "return": str,
    }  # fmt: skip
    macros: Any = environment.from_string(source, globals=known).module
    ours.plain_path = macros.plain_path
    assert str(macros.raw_path()).strip() == "/p/raw"


def test_other_raw_data_are_refused_with_both_ways_out(bench: Bench, tmp_path: Path) -> None:
    """RAW_PATH changed or forgotten: an error; a moved folder goes on when told so, and reads nothing again."""
    pings_file(bench, "a.jsonl", ("x", 80))
    staging(bench)
    first = bench.raw
    bench.raw = SMALL
    refused(bench, str(first), str(SMALL), "another DUCKDB_PATH", "raw_path_moved: true", "forget_raw")
    refused(bench, "raw_path_moved: true", command=("run", "--select", "dim_accounts"))
    bench.raw = tmp_path / "moved"
    shutil.move(first, bench.raw)
    (bench.raw / "service_pings" / "a.jsonl").unlink()
    staging(bench, raw_path_moved=True)
    new = bench.mart.rows("select entry_type from main_staging.base_service_ping__inputs where is_new")
    assert new == [{"entry_type": "raw_path"}]
    assert activated(bench) == {"ping-0001": "50", "x": "80"}
    staging(bench)
    bench.build("run-operation", "forget_raw", "--args", yaml.safe_dump({"path": str(bench.raw)}))
    bench.raw = SMALL
    staging(bench)
    assert "ping-0001" not in activated(bench)


def test_a_metric_that_was_taken_out_and_put_back_doubles_nothing(bench: Bench) -> None:
    """What is there stays, what came meanwhile is filled in, a file that changed meanwhile says what it says now."""
    pings_file(bench, "a.jsonl", ("x", 80))
    pings_file(bench, "b.jsonl", ("y", 70))
    staging(bench)
    path = "license_billable_users"
    bench.mart.close()
    with duckdb.connect(str(bench.database)) as connection:  # as a run without the metric leaves it
        connection.execute(f"delete from {LEAVES} where ping_id is null and source_file = '{path}'")
        connection.execute(f"delete from {LEAVES} where ping_id = 'y' and key_path = '{path}'")
    pings_file(bench, "a.jsonl", ("x", 60))
    pings_file(bench, "c.jsonl", ("z", 50))
    staging(bench)
    assert activated(bench) == {"ping-0001": "50", "x": "60", "y": "70", "z": "50"}
    incremental = leaves(bench)
    staging(bench, "--full-refresh")
    assert leaves(bench) == incremental


def saved(bench: Bench, name: str, recorded_at: str | None, saved_at: str, **counts: int) -> Path:
    """A hand-saved payload whose file was last changed at a time."""
    payload = RawFolder().payload(f"uuid-{name}", "git.example", recorded_at or "", **counts)
    if recorded_at is None:
        del payload["recorded_at"]
    path = bench.raw / "service_pings" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(payload, indent=1), encoding="utf-8")
    moment = datetime.fromisoformat(saved_at).replace(tzinfo=UTC).timestamp()
    os.utime(path, (moment, moment))
    return path


ARRIVALS = [
    # recorded, file changed at, arrival: the clock from 35 days before until 24 hours after the file's time
    ("2026-05-01T06:00:00Z", "2026-06-05 06:00:00", "2026-05-01 06:00:00"),
    ("2026-05-01T05:59:59Z", "2026-06-05 06:00:00", "2026-06-05 06:00:00"),
    ("2026-06-06T06:00:00Z", "2026-06-05 06:00:00", "2026-06-06 06:00:00"),
    ("2026-06-06T06:00:01Z", "2026-06-05 06:00:00", "2026-06-05 06:00:00"),
    ("1970-01-01T00:00:00Z", "2026-06-05 06:00:00", "2026-06-05 06:00:00"),
    ("2031-01-01T00:00:00Z", "2026-06-05 06:00:00", "2026-06-05 06:00:00"),
    ("no time at all", "2026-06-05 06:00:00", "2026-06-05 06:00:00"),
    (None, "2026-06-05 06:00:00", "2026-06-05 06:00:00"),
]


def test_a_hand_saved_ping_arrives_by_its_clock_or_its_file_and_stays_there(bench: Bench) -> None:
    """Touched, copied and in a full refresh, too. A day in the file's name is its time, unless it lies ahead of it."""
    files = [saved(bench, f"manual/sub/{number}.json", *row[:2]) for number, row in enumerate(ARRIVALS)]
    named = saved(bench, "manual/named_2026-04-07.json", "2026-04-07T06:00:00Z", "2026-06-20 06:00:00")
    ahead = saved(bench, "manual/named_2036-04-07.json", "2026-06-19T06:00:00Z", "2026-06-20 06:00:00")
    wanted = {f"uuid-manual/sub/{number}.json": row[2] for number, row in enumerate(ARRIVALS)}
    wanted |= {f"uuid-{path.relative_to(bench.raw / 'service_pings')}": day for path, day in (
        (named, "2026-04-07 06:00:00"), (ahead, "2026-06-19 06:00:00"))}  # fmt: skip

    def found() -> dict[str, str]:
        rows = bench.mart.rows(f"select uuid, received_at from {PINGS} where uuid != 'uuid-1'")
        bench.mart.close()
        return {row["uuid"]: str(row["received_at"]) for row in rows}

    staging(bench)
    assert found() == wanted
    for path in (*files, named, ahead):
        os.utime(path)
        shutil.copy(path, path.with_name(f"copy of {path.name}"))
    staging(bench)
    assert found() == wanted
    staging(bench, "--full-refresh")
    assert found() == wanted


def test_files_as_people_keep_them_are_read(bench: Bench) -> None:
    """Other names, packed, an array, one record, a byte order mark, hand-saved ones in any folder."""
    source = pings_file(bench, "source.jsonl", ("p", 1)).read_text(encoding="utf-8").strip()
    (bench.raw / "service_pings" / "source.jsonl").unlink()

    def line(ping_id: str) -> str:
        return source.replace('"p"', f'"{ping_id}"')

    array = json.dumps([json.loads(line("array-1")), json.loads(line("array-2"))], indent=2)
    contents = {
        "a.ndjson": line("ndjson"),
        "sub/b.ndjson.gz": line("ndjson.gz"),
        "B.JSONL.GZ": line("upper"),
        "c.json": array,
        "d.json.gz": line("one record"),
        "manual/e.json": line("record in manual"),
        "f.json": f"{line('line 1')}\n\n{line('line 2')}\n",
        "g.jsonl": f"\ufeff{line('byte order mark')}\r\n{line('carriage return')}\r\n",
        "odd [1] it's?.jsonl": line("odd name"),
    }
    for name, text in contents.items():
        path = bench.raw / "service_pings" / name
        path.parent.mkdir(exist_ok=True)
        data = text.encode("utf-8")
        path.write_bytes(gzip.compress(data) if name.lower().endswith(".gz") else data)
    hand = saved(bench, "elsewhere/h.json", "2026-06-05T06:00:00Z", "2026-06-05 06:00:00")
    hand.write_bytes(b"\xef\xbb\xbf" + hand.read_bytes())
    os.utime(hand, (1780639200, 1780639200))
    staging(bench)
    ids = {row["ping_id"] for row in bench.mart.rows(f"select ping_id from {PINGS} where uuid = 'uuid-1'")}
    assert ids == {
        "ping-0001", "ndjson", "ndjson.gz", "upper", "array-1", "array-2", "one record", "record in manual", "line 1",
        "line 2", "byte order mark", "carriage return", "odd name",
    }  # fmt: skip
    assert len(bench.mart.find(PINGS, uuid="uuid-elsewhere/h.json")) == 1
    assert bench.mart.find("quarantined_pings") == []
    bench.mart.close()


ODD_NAMES = [
    "a*.jsonl", "q?.jsonl", "b[1].jsonl", "[!a].jsonl", "{x}.jsonl", "{{ x }}.jsonl", 'quo"te.jsonl', "it's.jsonl", "100%.jsonl",
    ".hidden.jsonl", ".hidden/x.jsonl", " blank .jsonl", "new\nline.jsonl", "ünï.jsonl", "u\u0308.jsonl", "名前🙂.jsonl", "-rf.jsonl",
    "c:x.jsonl", "s3:/x.jsonl", "a#b.jsonl", "semi;colon,.jsonl", "$1.jsonl", "\x01.jsonl", "folder.json/x.jsonl",
]  # fmt: skip
BACKSLASHES = ["back\\slash.jsonl", "dir\\x/y.jsonl"]


def quarantined(bench: Bench) -> dict[str, str]:
    """Reason by file of what is listed as a whole."""
    rows = bench.mart.rows("select source_file, reason from quarantined_pings where line_number is null")
    bench.mart.close()
    assert len({row["source_file"] for row in rows}) == len(rows)
    return {row["source_file"].removeprefix("service_pings/"): row["reason"] for row in rows}


@pytest.mark.parametrize("raw", ["plain {0} 100%", "it's [raw]"])
def test_every_name_is_read_or_listed(bench: Bench, raw: str) -> None:
    """A backslash is read where the path holds no pattern's sign; what is not UTF-8 is listed, and stops nothing else."""
    if bench.raw.name != raw:
        bench.raw = bench.raw.rename(bench.raw.with_name(raw))
    for number, name in enumerate([*ODD_NAMES, *BACKSLASHES]):
        pings_file(bench, name, (f"odd-{number}", number))
    content = pings_file(bench, "x.jsonl", ("lost", 1)).read_bytes()
    (bench.raw / "service_pings" / "x.jsonl").unlink()
    (Path(os.fsdecode(os.fsencode(bench.raw) + b"/service_pings/caf\xe9.jsonl"))).write_bytes(content)
    listed = {"caf\\xe9.jsonl": "its name is not UTF-8: rename it"}
    read = {f"odd-{number}": str(number) for number, _ in enumerate(ODD_NAMES)}
    if "[" in raw:
        listed |= dict.fromkeys(BACKSLASHES, "its path holds a backslash beside [, * or ?: rename it")
    else:
        read |= {f"odd-{number + len(ODD_NAMES)}": str(number + len(ODD_NAMES)) for number in range(len(BACKSLASHES))}
    staging(bench)
    assert activated(bench) == {"ping-0001": "50", **read}
    assert quarantined(bench) == listed
    staging(bench, "--full-refresh")
    assert activated(bench) == {"ping-0001": "50", **read}
    shutil.rmtree(bench.raw)


def test_links_are_followed_and_what_is_no_file_is_listed(bench: Bench, tmp_path: Path) -> None:
    """A linked file, a linked folder, one in it; what leads nowhere or in a circle; a pipe, which nobody waits for."""
    pings = bench.raw / "service_pings"
    pings_file(bench, "here/a.jsonl", ("a", 1))
    pings_file(bench, "archive/b.jsonl", ("b", 2))
    pings_file(bench, "archive/deep/c.jsonl", ("c", 3))
    pings_file(bench, "d.jsonl", ("d", 4))
    shutil.move(pings / "archive", tmp_path)
    shutil.move(pings / "d.jsonl", tmp_path)
    for name, target in {
        "months": tmp_path / "archive", "linked.jsonl": tmp_path / "d.jsonl", "months again": tmp_path / "archive",
        "round.jsonl": pings / "round.jsonl", "gone.jsonl": tmp_path / "gone.jsonl", "here/up": pings,
    }.items():  # fmt: skip
        (pings / name).symlink_to(target)
    os.mkfifo(pings / "pipe.jsonl")
    (pings / "empty folder.json").mkdir()
    staging(bench)
    assert activated(bench) == {"ping-0001": "50", "a": "1", "b": "2", "c": "3", "d": "4"}
    assert quarantined(bench) == {
        "months again": "a link to a folder that is read already",
        "here/up": "a link to a folder that is read already",
        "round.jsonl": "cannot be opened: Too many levels of symbolic links",
        "gone.jsonl": "cannot be opened: No such file or directory",
        "pipe.jsonl": "not an ordinary file",
    }
    staging(bench, "--full-refresh")
    assert len(activated(bench)) == 5


def test_what_may_not_be_opened_is_listed(tmp_path: Path) -> None:
    """A file and a folder without permission, as somebody sees them who is not root."""
    tmp_path.chmod(0o755)
    pings = tmp_path / "raw" / "service_pings"
    (pings / "shut").mkdir(parents=True)
    (pings / "shut" / "a.jsonl").write_text("{}")
    (pings / "secret.jsonl").write_text("{}")
    (pings / "open.jsonl").write_text("{}")
    for path in (pings / "shut", pings / "secret.jsonl"):
        path.chmod(0)
    source = (REPO / "models" / "staging" / "service_ping" / "base_service_ping__files.py").read_text("utf-8")
    show = "for path, problem in sorted(walk(Path('.'))): print(path, problem, sep='|')"
    user: dict[str, Any] = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
    command = ["/usr/bin/env", "python3", "-c", f"{source}\n{show}"]
    for folder in reversed(pings.parents[: len(pings.parents) - 2]):
        folder.chmod(folder.stat().st_mode | 0o011)
    found = subprocess.run(command, cwd=pings, capture_output=True, text=True, check=True, **user)
    assert found.stdout.splitlines() == [
        "open.jsonl|None",
        "secret.jsonl|cannot be opened: Permission denied",
        "shut|cannot be opened: Permission denied",
    ]
    for path in (pings / "shut", pings / "secret.jsonl"):
        path.chmod(0o755)


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


def test_a_killed_run_and_then_a_run_equal_one_run(bench: Bench, tmp_path: Path) -> None:
    """Killed without a word at several moments, the first build and a second one with corrections."""
    shutil.copytree(SMALL / "service_pings", bench.raw / "service_pings", dirs_exist_ok=True)
    program = str(Path(sys.executable).parent / "dbt")
    environment = {**bench.settings, "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    killed = 0
    for after in (0.2, 0.5, 0.8):
        process = subprocess.Popen(
            [program, *bench.arguments(*STAGING)], env=environment, stdout=subprocess.PIPE, text=True, cwd=tmp_path
        )
        assert process.stdout is not None
        for line in process.stdout:
            if "START sql incremental model" in line:
                break
        time.sleep(after)
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            killed += 1
        process.wait()
    assert killed >= 2
    staging(bench)
    again = leaves(bench)
    staging(bench, "--full-refresh")
    assert leaves(bench) == again


def test_4_gb_do_for_the_build_with_8_threads_and_200_bad_files(home: Callable[[str], Path], models: Path) -> None:
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
    bench.build(*BUILD)
    found = bench.mart.rows("select * from quarantined_pings where source_file like '%/bad-%'")
    assert {(row["line_number"], row["reason"]) for row in found} == {(1, "not JSON")}
    assert len(found) == 200
    assert bench.mart.row("select count(*) as n from main_staging.stg_service_ping__pings")["n"] > 1000
    bench.mart.close()
