"""Realistic raw input for the customer-health mart: pings, licences, subscriptions, accounts."""
