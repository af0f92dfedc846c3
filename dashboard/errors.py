"""The one error the command line shows to people."""


class DashboardError(Exception):
    """Something the caller can put right: a wrong path, a mart that is not built."""
