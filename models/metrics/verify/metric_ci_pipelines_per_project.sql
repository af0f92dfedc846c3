{{ metric_ratio('ci_internal_pipelines_28_days_event', 'projects_all_time_event') }}
