"""Files for Gainsight's S3 connector: the vendor's rules to the byte, and never a row lost or a file half there.

Real files in a folder, and real HTTP to an S3 server.
"""

from __future__ import annotations

import csv
import gzip
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from harness import Bench
from s3_server import BUCKET, PASSWORD, S3

TO = ("--destination", "gainsight_s3")
INSTANCES = ("--select", "gainsight__instances")
DATA, USAGE, COMPANY = "Instance_Data__gc.csv", "Instance_Usage__gc.csv", "Company.csv"
PATIENCE = 60
REPO = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def s3() -> Iterator[S3]:
    """One server for the module; each test leaves the bucket empty."""
    with S3() as server:
        yield server


@pytest.fixture
def bucket(s3: S3) -> Iterator[S3]:
    """The server, as new."""
    s3.calls.clear()
    yield s3
    s3.hold, s3.refuse = "", set()
    s3.released.set()
    s3.take()


@pytest.fixture
def folder(bench: Bench, tmp_path: Path) -> Path:
    """An export folder, and the bench set to it."""
    path = tmp_path / "exports"
    path.mkdir()
    bench.env["GAINSIGHT_S3_FOLDER"] = str(path)
    return path


def taken(folder: Path) -> dict[str, bytes]:
    """What Gainsight does: read the files, and archive them."""
    files = {path.name: path.read_bytes() for path in sorted(folder.iterdir())}
    for name in files:
        (folder / name).unlink()
    return files


def names(folder: Path) -> list[str]:
    """What stands in a folder, hidden files, too."""
    return sorted(path.name for path in folder.iterdir())


def rows_of(text: bytes) -> list[dict[str, str]]:
    """A file's rows, by header."""
    return list(csv.DictReader(StringIO(text.decode(), newline="")))


def later(bench: Bench, seconds: int = 8000) -> None:
    """Let time pass: files were sent so much earlier."""
    bench.sql(f"update main_publish.publish_uploads set sent_at = sent_at - interval {seconds} seconds")


def test_a_file_is_to_the_byte_what_the_connector_reads(bench: Bench, folder: Path) -> None:
    """UTF-8 without a mark, the API names in their order and case, quotes doubled, null empty, plain decimals, UTC with
    milliseconds, the account in the look-up's place."""
    bench.sql("delete from gainsight__instances")
    bench.sql("delete from gainsight__instance_usage")
    bench.sql("""
insert into gainsight__instances values
    ('i1', 'A1', 'a,b "c" ü', null, 'Production', 7, true, timestamp '2026-01-02 03:04:05.123456'),
    ('i2', 'A2', e'line\\nbreak', ' 17.1 ', '', null, false, null)""")
    bench.sql("insert into gainsight__instance_usage values ('i1', date '2026-01-05', 'A1', 3, 0.00001, null)")
    ended = bench.publish(*TO)
    assert (ended.code, ended.result["rows_accepted"]) == (0, 10 + 2 + 1), ended.err
    files = taken(folder)
    assert sorted(files) == [COMPANY, DATA, USAGE]
    assert files[DATA].decode() == (
        "Instance_Id__gc,Hostname__gc,Version__gc,Suggested_Type__gc,Licensed_Seats__gc,Is_Production__gc,Last_Ping_At__gc,"
        "account_id\n"
        'i1,"a,b ""c"" ü",,Production,7,true,2026-01-02T03:04:05.123Z,A1\n'
        'i2,"line\nbreak", 17.1 ,,,false,,A2\n'
    )
    assert files[USAGE] == (
        b"Instance_Id__gc,Period_Start__gc,Active_Users__gc,Utilization__gc,Activity_Status__gc,account_id\n"
        b"i1,2026-01-05,3,0.00001,,A1\n"
    )
    assert files[COMPANY].splitlines()[:1] == [
        b"SfdcAccountId,Health_Color__gc,Health_Score__gc,Health_Measured_On__gc"
    ]


def test_the_gate_the_plan_and_the_record_are_those_of_any_destination(bench: Bench, folder: Path) -> None:
    """100 rows in three files; nothing the second time; a closed gate writes nothing; status and the log tell of it."""
    plan = bench.run("plan", "--output", "json", *TO).json["plans"][0]
    assert (plan["destination"], plan["connection"]) == ("gainsight_s3", str(folder))
    assert (plan["new"], plan["calls"]) == (100, 0), "a folder takes no call"
    assert f"Files into {folder}: {COMPANY}, {DATA}, {USAGE}." in " ".join(plan["remarks"])
    results = bench.folder / "target" / "run_results.json"
    whole = results.read_text()
    results.write_text(whole.replace('"status": "success"', '"status": "error"', 1))
    ended = bench.publish(*TO)
    assert (ended.code, names(folder)) == (3, [])
    results.write_text(whole)
    ended = bench.publish(*TO)
    assert (ended.code, ended.result["rows_accepted"], ended.result["gate"]) == (0, 100, "passed")
    assert ended.result["api_calls"] == 0
    assert {name: len(rows_of(text)) for name, text in taken(folder).items()} == {COMPANY: 10, DATA: 30, USAGE: 60}
    ended = bench.publish(*TO)
    assert (ended.code, ended.result["plan"]["unchanged"], names(folder)) == (0, 100, [])
    runs = bench.run("status", "--output", "json").json["runs"]
    assert [(run["destination"], run["exit_code"]) for run in runs] == [("gainsight_s3", code) for code in (0, 0, 3)]
    assert not bench.box.calls, "Gainsight itself was called"


def test_two_files_of_a_layout_are_two_hours_apart_and_what_waits_is_told(bench: Bench, folder: Path) -> None:
    """Another object's file goes meanwhile; after two hours exactly the changed row does."""
    assert bench.publish(*TO, *INSTANCES).code == 0
    taken(folder)
    bench.sql("update gainsight__instances set version = '17.2' where instance_id = 'i3'")
    ended = bench.publish(*TO)
    assert ended.code == 4
    told = "1 rows of Instance_Data__gc wait: the next file may be written from"
    assert told in ended.json["error"]
    assert told in " ".join(bench.run("plan", "--output", "json", *TO).json["plans"][0]["remarks"])
    assert sorted(taken(folder)) == [COMPANY, USAGE]
    later(bench, 6900)
    assert (bench.publish(*TO).code, taken(folder)) == (4, {})
    later(bench, 500)
    ended = bench.publish(*TO)
    assert (ended.code, ended.result["rows_accepted"]) == (0, 1), ended.err
    files = taken(folder)
    assert list(files) == [DATA]
    assert [(row["Instance_Id__gc"], row["Version__gc"]) for row in rows_of(files[DATA])] == [("i3", "17.2")]


def test_a_file_that_was_not_taken_yet_is_never_written_over(bench: Bench, folder: Path) -> None:
    """Its rows are recorded as handed over. The others go; `check` warns."""
    assert bench.publish(*TO, *INSTANCES).code == 0
    before = (folder / DATA).read_bytes()
    bench.sql("update gainsight__instances set version = '17.2'")
    later(bench)
    ended = bench.publish(*TO)
    assert ended.code == 4
    assert f"30 rows of Instance_Data__gc wait: {DATA} is still in {folder}" in ended.json["error"]
    assert (folder / DATA).read_bytes() == before
    assert names(folder) == [COMPANY, DATA, USAGE]
    ended = bench.run("check", *TO)
    assert ended.code == 0 and "has not been taken yet" in " ".join(ended.out.split())
    taken(folder)
    ended = bench.publish(*TO)
    assert (ended.code, ended.result["rows_accepted"]) == (0, 30)
    assert {row["Version__gc"] for row in rows_of(taken(folder)[DATA])} == {"17.2"}


def test_no_file_is_larger_than_allowed_and_no_row_is_in_two_or_in_none(bench: Bench, folder: Path) -> None:
    """What does not fit goes two hours later, until all is there."""
    env = {"GAINSIGHT_S3_MAX_BYTES": "900"}
    sent: list[str] = []
    for _ in range(20):
        ended = bench.publish(*TO, *INSTANCES, env=env)
        text = taken(folder)[DATA]
        assert len(text) <= 900
        assert len(text) > 900 - 80 or ended.code == 0
        sent += [row["Instance_Id__gc"] for row in rows_of(text)]
        if ended.code == 0:
            break
        assert ended.code == 4 and f"{30 - len(sent)} rows of Instance_Data__gc wait" in ended.json["error"]
        later(bench)
    assert sorted(sent) == sorted(f"i{n}" for n in range(30))
    assert ended.code == 0 and bench.publish(*TO, *INSTANCES).result["plan"]["unchanged"] == 30


def test_gzip_is_off_unless_it_is_asked_for(bench: Bench, folder: Path) -> None:
    ended = bench.publish(*TO, *INSTANCES, env={"GAINSIGHT_S3_GZIP": "true"})
    assert ended.code == 0
    packed = taken(folder)
    assert list(packed) == [f"{DATA}.gz"]
    assert len(rows_of(gzip.decompress(packed[f"{DATA}.gz"]))) == 30


def test_a_bucket_gets_the_same_files_by_one_put_each_and_no_secret_shows(
    bench: Bench, bucket: S3, tmp_path: Path
) -> None:
    ended = bench.publish(*TO, env=bucket.env)
    assert (ended.code, ended.result["rows_accepted"]) == (0, 100), ended.err
    puts = [path for method, path in bucket.calls if method in ("PUT", "POST")]
    assert puts == [f"/{BUCKET}/tenant/Input/{name}" for name in (COMPANY, DATA, USAGE)]
    assert (ended.result["api_calls"], ended.result["plan"]["calls"]) == (6, 6)
    there = bucket.take()
    again = {"GAINSIGHT_S3_FOLDER": str(tmp_path / "exports")}
    (tmp_path / "exports").mkdir()
    assert bench.publish(*TO, env=again).code == 0
    assert taken(tmp_path / "exports") == there
    everything = ended.out + ended.err + str(bench.sql("from main_publish.publish_runs"))
    assert PASSWORD not in everything and "planted-key-id" not in everything


def test_a_bucket_that_refuses_or_is_away_costs_nothing_and_is_tried_again_at_once(
    make_bench: Callable[..., Bench], bucket: S3
) -> None:
    """No bucket, no right to put, nobody there: exit 2 or 4, nothing is recorded, and no two hours are waited for."""
    bench = make_bench()
    bench.fill()
    ended = bench.publish(*TO, env={**bucket.env, "GAINSIGHT_S3_BUCKET": "no-such-bucket"})
    assert (ended.code, "NoSuchBucket" in ended.json["error"]) == (2, True)
    bucket.refuse = {"PUT"}
    ended = bench.publish(*TO, env=bucket.env)
    assert (ended.code, "AccessDenied" in ended.json["error"]) == (2, True), ended.err
    ended = bench.publish(*TO, env={**bucket.env, "AWS_ENDPOINT_URL_S3": "http://s3.example.com"})
    assert (ended.code, "must start with https://" in ended.json["error"]) == (2, True)
    away = {**bucket.env, "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:9"}
    ended = bench.publish(*TO, env=away)
    assert (ended.code, "cannot be reached" in ended.json["error"]) == (4, True)
    assert bench.sql("select count(*) from main_publish.publish_state") == [(0,)]
    bucket.refuse = set()
    assert bench.publish(*TO, env=bucket.env).code == 0
    assert len(bucket.files()) == 3
    for text in (ended.out, ended.err):
        assert PASSWORD not in text


def killed(bench: Bench, wait: Callable[[], Any], env: dict[str, str]) -> None:
    """Kill a publish of the instances as soon as `wait` returns."""
    process: subprocess.Popen[str] = bench.start("publish", *TO, *INSTANCES, env=env)
    try:
        wait()
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


_DIES = """
import itertools, os, signal, sys
from loader.cli import main
from loader.gainsight_s3 import lines, place

def dies(function, before, after):
    calls = itertools.count(1)
    def called(*arguments):
        n = next(calls)
        n == before and os.kill(os.getpid(), signal.SIGKILL)
        result = function(*arguments)
        n == after and os.kill(os.getpid(), signal.SIGKILL)
        return result
    return called

{what}
main(sys.argv[1:])
"""


@pytest.mark.parametrize(
    ("what", "there"),
    [
        ("lines.line = dies(lines.line, 20, 0)", False),  # 19 rows are written beside
        ("place.Folder.put = dies(place.Folder.put, 1, 0)", False),  # all are, and the file has no name yet
        ("place.Folder.put = dies(place.Folder.put, 0, 1)", True),  # it appeared, and nothing is recorded
    ],
)
def test_a_killed_run_leaves_a_whole_file_or_none_and_the_next_one_does_the_rest(
    bench: Bench, folder: Path, what: str, there: bool
) -> None:
    """Killed from within, by itself, at the 20th row, before and after the renaming."""
    arguments = ["--project-dir", str(bench.folder), "--profiles-dir", str(bench.folder), "publish", *TO, *INSTANCES]
    code = _DIES.format(what=what)
    died = subprocess.run(
        [sys.executable, "-c", code, *arguments], env={**os.environ, **bench.env}, cwd=REPO, check=False
    )
    assert died.returncode == -signal.SIGKILL
    assert (folder / DATA).exists() is there
    assert bench.sql("select count(*) from main_publish.publish_state") == [(0,)]
    if there:
        assert len(rows_of((folder / DATA).read_bytes())) == 30
    ended = bench.publish(*TO, *INSTANCES)
    if what.startswith("place") and not there:  # it had a name already; whether it was there is not known
        assert (ended.code, ended.result["rows_accepted"]) == (4, 0)
        later(bench)
        ended = bench.publish(*TO, *INSTANCES)
    assert (ended.code, ended.result["rows_accepted"]) == (0, 30), ended.err
    files = taken(folder)
    assert list(files) == [DATA], "something is left beside it"
    assert len(rows_of(files[DATA])) == 30


def test_a_file_that_arrived_before_the_kill_is_known_and_its_rows_do_not_go_twice(bench: Bench, bucket: S3) -> None:
    bucket.hold_next("after")
    killed(bench, lambda: bucket.held.wait(PATIENCE), bucket.env)
    bucket.hold = ""
    bucket.released.set()
    assert len(rows_of(bucket.files()[DATA])) == 30
    bench.sql("update gainsight__instances set version = '17.2' where instance_id = 'i3'")
    ended = bench.publish(*TO, *INSTANCES, env=bucket.env)
    assert ended.code == 4, ended.err
    assert "1 rows of Instance_Data__gc wait" in ended.json["error"]
    assert ended.result["rows_accepted"] == 29
    bucket.take()
    later(bench)
    ended = bench.publish(*TO, *INSTANCES, env=bucket.env)
    assert (ended.code, len(rows_of(bucket.files()[DATA]))) == (0, 1)


def test_a_file_that_never_arrived_is_sent_once_two_hours_are_over(bench: Bench, bucket: S3) -> None:
    """Nobody can tell it from one that Gainsight has taken already; rows that go twice are the same rows."""
    bucket.refuse = set()
    bucket.hold_next("before")
    killed(bench, lambda: bucket.held.wait(PATIENCE), bucket.env)
    bucket.refuse = {"PUT"}  # the call that was held back comes to nothing
    bucket.hold = ""
    bucket.client.delete_object(Bucket=BUCKET, Key=f"tenant/Input/{DATA}")
    bucket.refuse = set()
    ended = bench.publish(*TO, *INSTANCES, env=bucket.env)
    assert (ended.code, ended.result["rows_accepted"]) == (4, 0)
    later(bench)
    ended = bench.publish(*TO, *INSTANCES, env=bucket.env)
    assert (ended.code, ended.result["rows_accepted"]) == (0, 30), ended.err


def test_each_configured_destination_gets_the_rows_and_files_are_not_read_back(bench: Bench, folder: Path) -> None:
    ended = bench.publish()
    assert ended.code == 0
    assert [each["destination"] for each in ended.json["results"]] == ["gainsight", "gainsight_s3"]
    assert len(taken(folder)) == 3 and bench.box.rows("Instance_Data__gc")
    assert bench.run("reconcile").code == 0
    ended = bench.run("reconcile", *TO)
    assert (ended.code, "cannot be read back" in ended.err) == (2, True)
    for env in (
        {"GAINSIGHT_S3_BUCKET": "b"},
        {"GAINSIGHT_S3_FOLDER": str(folder / "none")},
        {"GAINSIGHT_S3_GZIP": "1"},
    ):
        assert bench.run("check", *TO, env=env).code == 2, env
    bench.env.pop("GAINSIGHT_S3_FOLDER")
    ended = bench.publish(*TO)
    assert (ended.code, "GAINSIGHT_S3_FOLDER (or GAINSIGHT_S3_BUCKET) is not set" in ended.json["error"]) == (2, True)
    assert [each["destination"] for each in bench.publish().json["results"]] == ["gainsight"]
