"""The dashboard as an app: Streamlit over the mart, on a laptop or inside Snowflake.

`data` is the only module that knows a warehouse, `queries` the only ones with SQL; `views` lay out what they return.
"""
