"""Instances: every installation of every account, with its seats and whether it is as active as usual."""

from __future__ import annotations

import streamlit as st

from dashboard.app import usage_queries as ask
from dashboard.app.data import Mart, Rows
from dashboard.app.show import Column, page, slicer, table
from dashboard.app.views import parts
from dashboard.words import Words


def found(rows: Rows, text: str, types: list[str]) -> Rows:
    """Rows whose host, uuid, version or account holds the text, of one of the types."""
    text = text.strip().casefold()
    names = ("hostname", "uuid", "version", "account_name", "account_id")
    return [
        row
        for row in rows
        if (not text or text in "\n".join(str(row[name] or "") for name in names).casefold())
        and (not types or row["instance_type"] in types)
    ]


@page("Instances", "Every installation of every account. Click the box at the left of a row to open its account.")
def show(mart: Mart, words: Words) -> None:
    """Lays out the page."""
    search, type_box = st.columns([2, 1])
    with search:
        text = st.text_input("Search host, UUID, version or account", key="instances_text")
    rows = ask.instances(mart, slicer(mart))
    with type_box:
        types = st.multiselect(
            "Type", sorted({row["instance_type"] for row in rows}), key="instances_type", placeholder="all"
        )
    shown = found(rows, text, types)
    if len(shown) < len(rows):
        st.caption(f"The search leaves {len(shown):,} of {len(rows):,}.")
    account = [Column("account_name", "Account", width="medium")]
    columns = [*account, *parts.instance_columns(words), Column("csm_email", "CSM"), Column("account_id", "Id")]
    table(shown, columns, key="instances_table", of="instance", empty="No instance is like that.", opens=True)
