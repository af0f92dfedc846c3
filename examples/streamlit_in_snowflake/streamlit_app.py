"""The dashboard as Streamlit in Snowflake: the same app, over Snowflake's own session."""

from dashboard.app.main import main

main()
