"""The command line: exit codes, one paragraph per failure, one JSON document, help for everything."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from harness import HERE, Bench, Ended

from loader.cli import cli
from sandbox import Fault, Switches

DOCS = (HERE.parent.parent / "docs" / "loader.md").read_text(encoding="utf-8")


def paragraph(ended: Ended, code: int) -> str:
    """The failure's text: one line, no traceback, and the same in JSON."""
    assert ended.code == code, ended.err
    assert "Traceback" not in ended.err + ended.out
    last = ended.err.strip().splitlines()[-1]
    if ended.out:
        assert json.loads(ended.out)["error"] == last
        assert json.loads(ended.out)["exit_code"] == code
    return last


def test_every_command_and_option_has_help_and_is_in_the_docs() -> None:
    commands: dict[str, click.Command] = {"": cli, **cli.commands}
    for name, command in commands.items():
        assert command.help
        assert f"`{name}`" in DOCS or not name, f"docs/loader.md lacks the command {name}"
        for option in command.params:
            if isinstance(option, click.Argument):
                continue
            assert isinstance(option, click.Option)
            assert option.help, f"{name} {option.opts} has no help"
            assert f"`{option.opts[-1]}" in DOCS, f"docs/loader.md lacks {name} {option.opts[-1]}"


def test_every_setting_and_state_column_is_in_the_docs() -> None:
    from loader.warehouse import TABLES

    source = "".join(path.read_text() for path in (HERE.parent.parent / "loader").rglob("*.py"))
    names = set(re.findall(r"(?:GAINSIGHT|SALESFORCE|MARKETO)_[A-Z_]+[A-Z]", source))
    for suffix in re.findall(r"\{prefix\}(_[A-Z_]+)", source):
        names.add("GAINSIGHT" + suffix)
    for name in sorted(names):
        assert name in DOCS, f"docs/loader.md lacks {name}"
    for table, columns in TABLES.items():
        assert f"`{table}`" in DOCS
        for column in columns.split(", "):
            assert f"`{column.split()[0]}`" in DOCS, f"docs/loader.md lacks {table}.{column.split()[0]}"


def test_no_documented_option_is_missing_from_the_command_line() -> None:
    known = {each for c in (cli, *cli.commands.values()) for p in c.params for each in p.opts}
    assert set(re.findall(r"`(--[a-z-]+)", DOCS)) - {"--help"} <= known


def test_it_runs_as_a_module_and_prints_help() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "loader", "--help"], capture_output=True, text=True, cwd=HERE.parent.parent
    )
    assert done.returncode == 0
    for command in ("plan", "publish", "reconcile", "status", "check", "pull-labels", "metadata"):
        assert re.search(rf"^  {command} ", done.stdout, re.M)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["publish", "--nonsense"], "No such option"),
        (["publish", "--max-calls", "many"], "'many' is not a valid integer"),
        (["publish", "--max-rejected-share", "2"], "not in the range"),
        (["nonsense"], "No such command"),
        (["publish", "--select", "no_such_model"], "Not a publish model: no_such_model"),
        (["publish", "--destination", "nowhere"], "no publish model of destination nowhere"),
    ],
)
def test_wrong_usage_exits_2(bench: Bench, arguments: list[str], said: str) -> None:
    assert said in paragraph(bench.run(*arguments), 2)


@pytest.mark.parametrize(
    ("env", "said"),
    [
        ({"GAINSIGHT_ACCESS_KEY": ""}, "set GAINSIGHT_ACCESS_KEY"),
        ({"GAINSIGHT_BASE_URL": ""}, "GAINSIGHT_BASE_URL is not set"),
        ({"GAINSIGHT_BASE_URL": "gainsight.example"}, "GAINSIGHT_BASE_URL is not a web address"),
        ({"GAINSIGHT_BASE_URL": "http://gainsight.example"}, "GAINSIGHT_BASE_URL must start with https://"),
        ({"GAINSIGHT_BASE_URL": "https://me:pw@gainsight.example"}, "credentials have their own settings"),
        ({"GAINSIGHT_CALLS_PER_MINUTE": "0"}, "GAINSIGHT_CALLS_PER_MINUTE must be a number above 0"),
        ({"GAINSIGHT_CALLS_PER_DAY": "lots"}, "GAINSIGHT_CALLS_PER_DAY must be a number above 0, not 'lots'"),
        ({"GAINSIGHT_ACCESS_KEY": "", "GAINSIGHT_ACCESS_KEY_FILE": "/no/such/file"}, "GAINSIGHT_ACCESS_KEY_FILE"),
        ({"GAINSIGHT_ACCESS_KEY": "line\nbreak"}, "GAINSIGHT_ACCESS_KEY holds line breaks"),
        ({"DUCKDB_PATH": "/no/such.duckdb"}, "There is no DuckDB file /no/such.duckdb"),
    ],
)
def test_a_wrong_setting_exits_2_names_it_and_sends_nothing(bench: Bench, env: dict[str, str], said: str) -> None:
    assert said in paragraph(bench.publish(env=env), 2)
    assert bench.box.calls == []


def test_an_access_key_may_come_from_a_file(bench: Bench, tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text(bench.box.access_key + "\n")
    assert bench.publish(env={"GAINSIGHT_ACCESS_KEY": "", "GAINSIGHT_ACCESS_KEY_FILE": str(path)}).code == 0


@pytest.mark.parametrize("status", [401, 403, 200])
def test_a_refused_key_exits_2_and_sends_nothing(make_bench: Callable[..., Bench], status: int) -> None:
    bench = make_bench(switches=Switches(unauthorized_status=status))
    bench.fill()
    message = paragraph(bench.publish(env={"GAINSIGHT_ACCESS_KEY": "wrong-key"}), 2)
    assert "Gainsight refused the credentials: check GAINSIGHT_ACCESS_KEY" in message
    assert "Nothing was sent" in message
    assert not [call for call in bench.box.calls if call.committed]
    assert "check GAINSIGHT_ACCESS_KEY" in paragraph(bench.run("check", env={"GAINSIGHT_ACCESS_KEY": "wrong-key"}), 2)


def test_a_refused_m2m_client_exits_2(bench: Bench) -> None:
    env = {"GAINSIGHT_ACCESS_KEY": "", "GAINSIGHT_CLIENT_ID": "me", "GAINSIGHT_CLIENT_SECRET": "wrong-secret"}
    message = paragraph(bench.publish(env=env), 2)
    assert "GAINSIGHT_CLIENT_ID and GAINSIGHT_CLIENT_SECRET" in message


def test_an_address_that_is_not_allowed_says_so(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench(switches=Switches(allowed_ips=("10.0.0.1",)))
    bench.fill()
    assert "allowlist" in paragraph(bench.publish(), 2)


def test_a_key_that_is_refused_part_way_exits_4(bench: Bench) -> None:
    bench.box.schedule(Fault("revoke_key", operation="insert", nth=2))
    message = paragraph(bench.publish(), 4)
    assert "refused the credentials" in message
    bench.box.clear_faults()
    assert bench.publish().code == 0
    bench.assert_settled()


def test_a_token_that_expires_is_renewed_within_the_run(bench: Bench) -> None:
    env = {
        "GAINSIGHT_ACCESS_KEY": "",
        "GAINSIGHT_CLIENT_ID": bench.box.client_id,
        "GAINSIGHT_CLIENT_SECRET": bench.box.client_secret,
    }
    bench.box.schedule(Fault("status", status=401, operation="insert", nth=2, code="GS_APIG_2401"))
    ended = bench.publish(env=env)
    assert ended.code == 0, ended.err
    assert sum(call.operation == "token" for call in bench.box.calls) == 2
    bench.assert_settled()


def test_a_redirect_is_not_followed_with_credentials(bench: Bench) -> None:
    bench.box.schedule(Fault("redirect", operation="describe", location="https://evil.example/x"))
    message = paragraph(bench.publish(), 2)
    assert "redirects to evil.example, which is not followed" in message


def test_a_profile_that_is_missing_names_the_file_and_the_way_out(bench: Bench, tmp_path: Path) -> None:
    (bench.folder / "profiles.yml").unlink()
    message = paragraph(bench.publish(), 2)
    assert f"There is no profiles.yml in {bench.folder}" in message
    assert "profiles.example.yml" in message


def test_another_target_or_a_variable_that_is_not_set_is_named(bench: Bench) -> None:
    ended = bench.run("--target", "nowhere", "plan")
    assert "has no target 'nowhere' (duckdb)" in paragraph(ended, 2)
    text = (bench.folder / "profiles.yml").read_text().replace("DUCKDB_PATH", "NO_SUCH_VARIABLE")
    (bench.folder / "profiles.yml").write_text(text)
    assert "NO_SUCH_VARIABLE, which is not set" in paragraph(bench.run("plan"), 2)


def test_a_project_without_artifacts_says_to_build_first(bench: Bench) -> None:
    (bench.folder / "target" / "manifest.json").unlink()
    assert "run `dbt build` first" in paragraph(bench.publish(), 2)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('"mode": "upsert"', '"mode": "sideways"', "mode is 'sideways'"),
        ('"key": ["Instance_Id__gc"]', '"key": ["Nope__gc"]', "key must be one to three"),
        ('"version": "Version__gc"', '"version": "Hostname__gc"', "fills the field Hostname__gc twice"),
        ('"version": "Version__gc"', '"vers": "Version__gc"', "names the column vers"),
        ('"labels": {"field": "Instance_Type__gc"}', '"labels": {"field": "Version__gc"}', "must not be published"),
        ('"labels": {"field"', '"lables": {"field"', "unknown key lables"),
        ('"object": "Instance_Data__gc", "key"', '"object": "", "key"', "lacks object"),
        ('"match": "SfdcAccountId"', '"matches": "SfdcAccountId"', "needs field, object and match"),
    ],
)
def test_a_wrong_mapping_names_the_model_and_what_is_wrong(bench: Bench, before: str, after: str, said: str) -> None:
    path = bench.folder / "target" / "manifest.json"
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))
    message = paragraph(bench.publish("--select", "gainsight__instances"), 2)
    assert message.startswith("Model gainsight__instances: config.meta.publish")
    assert said in message


def test_a_second_publish_at_the_same_time_refuses(bench: Bench) -> None:
    first = bench.held("publish")
    message = paragraph(bench.publish(), 3)
    assert f"is in use by process {first.pid}" in message
    bench.box.clear_faults()
    first.communicate(timeout=60)
    assert first.returncode == 0
    bench.assert_settled()


def test_logs_are_json_lines_when_asked(bench: Bench) -> None:
    ended = bench.run("--log-format", "json", "publish", "--no-gate", "--output", "json")
    lines = [json.loads(line) for line in ended.err.strip().splitlines()]
    assert {"at", "level", "message"} <= set(lines[0])
    assert any("GATE IS SKIPPED" in line["message"] for line in lines)


def test_status_shows_runs_and_rejections(bench: Bench) -> None:
    bench.sql("update gainsight__instances set instance_type = 'Nonsense' where instance_id = 'i3'")
    bench.publish()
    bench.publish()
    ended = bench.run("status", "--output", "json")
    assert ended.code == 0
    assert [run["exit_code"] for run in ended.json["runs"]] == [1, 1]
    assert [run["rows_accepted"] for run in ended.json["runs"]] == [0, 99]
    assert [each["row_key"] for each in ended.json["rejections"]] == ['["i3"]']
    text = bench.run("status").out
    assert "Rejected rows that still stand: 1" in text
    assert "1 x GSOBJ_1012" in text


def test_status_shows_rows_that_were_not_taken_in_more_than_three_runs(bench: Bench) -> None:
    assert bench.publish().code == 0
    bench.sql(
        "insert into main_publish.publish_later select 'gainsight', 'Instance_Data__gc', '[\"i' || r.n || '\"]', 'BUSY',"
        " 'the record is locked', now()::timestamp, now()::timestamp, r.n, 'run', connection"
        " from main_publish.publish_connections, range(2, 6) as r(n)"
    )
    ended = bench.run("status")
    assert "2 of them were not taken in more than 3 runs; look at what keeps them." in ended.out


def test_status_before_any_run_is_empty_and_changes_nothing(bench: Bench) -> None:
    before = bench.database.read_bytes()
    ended = bench.run("status", "--output", "json")
    assert (ended.code, ended.json) == (0, {"runs": [], "rejections": []})
    assert bench.database.read_bytes() == before
