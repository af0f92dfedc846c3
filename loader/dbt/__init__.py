"""What dbt says: its profile, its artifacts, and whether its latest run passed."""
