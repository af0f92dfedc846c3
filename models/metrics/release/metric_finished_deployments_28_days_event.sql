{{ metric_sum(['successful_deployments_28_days_event', 'failed_deployments_28_days_event'], needs='all') }}
