{{ metric_sum([
    'secret_detection_scans_28_days_event', 'dependency_scanning_scans_28_days_event',
    'container_scanning_scans_28_days_event', 'sast_scans_28_days_event', 'dast_scans_28_days_event',
    'coverage_fuzzing_scans_28_days_event', 'api_fuzzing_scans_28_days_event',
]) }}
