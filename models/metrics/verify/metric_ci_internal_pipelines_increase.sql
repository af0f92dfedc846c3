{{ counter_increase('ci_internal_pipelines_all_time_event') }}
