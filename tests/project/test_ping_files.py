"""Every file of pings is read or listed, as people name, keep, link and save them."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from dbt_bench import REPO, Bench
from ping_files import PINGS, RAW_NAME, activated, anew, pings_file, quarantined, saved, staging


@pytest.fixture
def bench(seeded: Bench) -> Bench:
    return anew(seeded)


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


@pytest.mark.parametrize("raw", ["plain", RAW_NAME])
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
