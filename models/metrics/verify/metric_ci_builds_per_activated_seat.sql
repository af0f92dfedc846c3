{{ metric_ratio('ci_builds_28_days_event', 'activated_seats') }}
