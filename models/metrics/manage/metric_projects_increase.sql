{{ counter_increase('projects_all_time_event') }}
