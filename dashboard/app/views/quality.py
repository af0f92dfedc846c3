"""Quality and publishing: what did not fit, and what other systems took."""

from __future__ import annotations

from datetime import UTC, datetime

import streamlit as st

from dashboard import formats
from dashboard.app import quota
from dashboard.app import reference_queries as ask
from dashboard.app.data import Mart
from dashboard.app.show import Column, page, table
from dashboard.app.views import parts
from dashboard.words import Words, word


@page("Quality and publishing", "What did not fit, and why; what dbt did; what the loader sent and what was refused.")
def show(mart: Mart, words: Words) -> None:
    """Lays out the page."""
    tabs = st.tabs(["Checks", "Input", "Pings of nobody", "Instances without a type", "Runs of dbt", "Publishing"])
    for tab, part in zip(tabs, (_checks, _input, _pings, _unlabelled, _dbt, _publishing), strict=True):
        with tab:
            part(mart)


def _checks(mart: Mart) -> None:
    columns = [
        Column("check_name", "Check", width="medium"),
        Column("subject", "Subject", width="medium"),
        Column("affected", "Affected", "number"),
        Column("total", "Of", "number"),
        Column(lambda row: "" if row["share"] is None else formats.percent(row["share"], 2), "Share"),
        Column("meaning", "Meaning", width="large"),
        Column("period_start", "Period", "date"),
        Column("drill_down", "Query that lists them", width="medium"),
    ]
    table(ask.checks(mart), columns, key="quality_checks", of="check", empty="No check has run.")


def _input(mart: Mart) -> None:
    st.caption("Rows and cells of the input that were not used as they stand, and lines that are no pings.")
    columns = [
        Column("source", "Source"),
        Column("finding", "Finding"),
        Column(lambda row: word(row["effect"]), "What became of it"),
        Column("row_key", "Row"),
        Column("column_name", "Column"),
        Column("message", "Message", width="large"),
    ]
    table(ask.findings(mart), columns, key="quality_findings", of="finding", empty="No finding.")
    columns = [
        Column("reason", "Reason", width="medium"),
        Column("source_file", "File", width="large"),
        Column("line_number", "Line", "number", "Empty where it is the whole file"),
    ]
    table(ask.quarantined(mart), columns, key="quality_quarantine", of="line", empty="No line was kept out.")


def _pings(mart: Mart) -> None:
    columns = [
        Column(lambda row: word(row["unmapped_reason"]), "Why it is nobody's", width="medium"),
        Column("hostname", "Host", width="medium"),
        Column("uuid", "UUID"),
        Column("pings", "Pings", "number"),
        Column("first_at", "First", "when"),
        Column("last_at", "Last", "when"),
    ]
    table(ask.unmapped(mart), columns, key="quality_unmapped", of="installation", empty="Every ping is somebody's.")


def _unlabelled(mart: Mart) -> None:
    columns = [
        Column("account_name", "Account", width="medium"),
        Column("hostname", "Host", width="medium"),
        Column("suggested_instance_type", "Suggested type"),
        Column("last_ping_at", "Last ping", "when"),
        Column("csm_email", "CSM"),
        Column("account_id", "Id"),
    ]
    table(
        ask.unlabelled(mart), columns, key="quality_types", of="instance", empty="Every instance has one.", opens=True
    )


def _dbt(mart: Mart) -> None:
    columns = [
        Column("began_at", "Began", "when"),
        Column("completed_at", "Ended", "when", "Empty while it goes on, and for ever when it was stopped"),
        Column("command", "Command"),
        Column("as_of", "As of"),
        Column("grain", "Grain"),
        Column("newest_ping_at", "Newest ping", "when"),
        Column("invocation_id", "Invocation"),
    ]
    table(ask.dbt_runs(mart), columns, key="quality_dbt", of="run", empty="dbt has left no word of its runs.")
    if mart.freshness.failed:
        failed = [{"name": name} for name in mart.freshness.failed]
        table(failed, [Column("name", "Failed or left out")], key="quality_failed", of="node", empty="")


def _publishing(mart: Mart) -> None:
    columns = [
        Column("started_at", "Began", "when"),
        Column("finished_at", "Ended", "when"),
        Column("destination", "System"),
        Column("outcome", "Outcome"),
        *(Column(f"rows_{name}", name.capitalize(), "number") for name in _ROWS),
        Column("api_calls", "Calls", "number"),
        Column("as_of", "As of"),
        Column("message", "Message", width="large"),
    ]
    table(ask.publish_runs(mart), columns, key="quality_runs", of="run", empty="The loader has not run yet.")
    st.subheader("Refused rows")
    table(ask.rejections(mart), parts.rejection_columns(), key="quality_refused", of="refusal", empty="None.")
    st.subheader("Rows that wait for another try")
    columns = [
        Column("since", "Since", "when"),
        Column("last_at", "Last try", "when"),
        Column("runs", "Runs", "number"),
        *(Column(name, label) for name, label in _WAITING.items()),
    ]
    table(ask.waiting(mart), columns, key="quality_waiting", of="row", empty="None.")
    st.subheader("The day's calls")
    _quota(mart)


def _quota(mart: Mart) -> None:
    st.caption(
        "Our own share of a system's calls a day, counted over runs from 00:00 UTC. How many it allows to others"
        " besides us, and what they used, is asked by `python -m loader plan` and kept nowhere."
    )
    columns = [
        Column("destination", "System"),
        Column("connection", "Connection", width="medium"),
        Column("today", "Calls today", "number"),
        Column("allowed", "Allowed a day", "number", "Setting <SYSTEM>_CALLS_PER_DAY of the loader, as it is here"),
        Column("share", "Used", "share"),
        Column("left", "Left", "number"),
        Column("last_call_at", "Last call", "when"),
        Column("note", "What to know", width="large"),
    ]
    rows = quota.used(ask.calls(mart), quota.limits(), datetime.now(UTC).date())
    table(rows, columns, key="quality_calls", of="connection", empty="No call was made.")


_ROWS = ("new", "changed", "accepted", "rejected", "later")
_WAITING = {"destination": "System", "object": "Object", "row_key": "Row", "code": "Code", "message": "Message"}
