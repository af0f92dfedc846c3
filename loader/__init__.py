"""Publishes the mart's rows to the systems that customer-facing teams live in."""
