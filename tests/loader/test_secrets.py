"""A planted key is in no log, traceback, state table, database file or process list."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable
from itertools import product
from pathlib import Path

import pytest
from harness import KEY, REFUSED_BY_REPLY, Bench
from sampled import sampled

from sandbox import Fault

SECRET = "planted-secret-9b2d41"


def command_lines(found: set[str], stop: threading.Event) -> None:
    """Collect the command lines of all processes until told to stop."""
    while not stop.is_set():
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                found.add(path.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
            except OSError:
                continue
        time.sleep(0.05)


def read_all(bench: Bench) -> bytes:
    """Every byte that the loader can have written: the database, its log, the project's folder."""
    kept = [p for p in bench.folder.rglob("*") if p.is_file() and p.suffix != ".sqlite"]
    return b"".join(path.read_bytes() for path in kept)


WAYS = list(product(("key", "key file", "m2m"), ("none", "down", "refused")))


@pytest.mark.parametrize(("way", "fault"), sampled(WAYS, [("key", "none"), ("key file", "down"), ("m2m", "refused")]))
def test_no_secret_leaves_the_environment(
    make_bench: Callable[..., Bench], tmp_path: Path, way: str, fault: str
) -> None:
    bench = make_bench(objects=REFUSED_BY_REPLY)
    bench.fill()
    path = tmp_path / "key"
    path.write_text(KEY)
    env = {
        "key": {},
        "key file": {"GAINSIGHT_ACCESS_KEY": "", "GAINSIGHT_ACCESS_KEY_FILE": str(path)},
        "m2m": {
            "GAINSIGHT_ACCESS_KEY": "",
            "GAINSIGHT_CLIENT_ID": bench.box.client_id,
            "GAINSIGHT_CLIENT_SECRET": SECRET,
        },
    }[way]
    bench.box.credentials.client_secret = SECRET
    env |= {"GAINSIGHT_GIVE_UP_SECONDS": "1"}
    bench.sql("update gainsight__instances set instance_type = 'Nonsense' where instance_id = 'i3'")
    if fault == "down":
        bench.box.schedule(Fault("status", status=500, operation="insert", times=None))
    if fault == "refused":
        bench.box.schedule(Fault("revoke_key", operation="insert"))
    seen: set[str] = set()
    stop = threading.Event()
    watch = threading.Thread(target=command_lines, args=(seen, stop))
    watch.start()
    process = bench.start("--log-format", "json", "publish", env=env)
    out, err = process.communicate(timeout=60)
    stop.set()
    watch.join()
    assert process.returncode == {"none": 1, "down": 4, "refused": 4}[fault], err
    status = bench.run("status", "--output", "json").out
    everything = (out + err + status + "".join(seen)).encode() + read_all(bench)
    for secret in (KEY, SECRET, "Basic ", "Bearer "):
        assert secret.encode() not in everything, f"{secret} leaked"
    assert any("-m loader" in line for line in seen)


def test_a_crash_of_the_loader_itself_shows_no_traceback_and_no_secret(bench: Bench) -> None:
    code = (
        "import loader.engine.plan, loader.cli\n"
        "def broken(*a): raise RuntimeError(__import__('os').environ['GAINSIGHT_ACCESS_KEY'])\n"
        "loader.engine.plan.Plan.refuse_over = broken\n"
        "loader.cli.main()"
    )
    process = bench.start("publish")
    process.communicate()
    done = subprocess.run(
        [process.args[0], "-c", code, *process.args[3:]],  # type: ignore[index]
        env={**__import__("os").environ, **bench.env},
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert done.returncode == 4
    assert "Traceback" not in done.stderr
    assert KEY not in done.stderr + done.stdout
    assert "RuntimeError" in done.stderr
