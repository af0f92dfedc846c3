"""`streamlit run dashboard/app/main.py`: the pages, and which comes first."""

from __future__ import annotations

import sys
from pathlib import Path

if (root := str(Path(__file__).parents[2])) not in sys.path:
    sys.path.insert(0, root)

import streamlit as st

from dashboard.app.views import account, accounts, dictionary, instances, my_book, portfolio, quality

PAGES = (
    ("book", "My book", my_book.show),
    ("portfolio", "Portfolio", portfolio.show),
    ("accounts", "Accounts", accounts.show),
    ("account", "Account", account.show),
    ("instances", "Instances", instances.show),
    ("dictionary", "Dictionary", dictionary.show),
    ("quality", "Quality and publishing", quality.show),
)


def main() -> None:
    """Shows the page of the address; `?account=` alone is enough to open an account."""
    st.set_page_config(page_title="Customer health", layout="wide")
    pages = {
        path: st.Page(show, title=title, url_path=path, default=place == 0)
        for place, (path, title, show) in enumerate(PAGES)
    }
    st.session_state["account_page"] = pages["account"]
    current = st.navigation(list(pages.values()))
    if current is not pages["account"] and (asked := st.query_params.get("account")):
        st.session_state["go_to_account"] = asked
        st.switch_page(pages["account"])
    current.run()


if __name__ == "__main__":
    main()
