{{ metric_ratio('git_operations_28_days_user', 'activated_seats') }}
