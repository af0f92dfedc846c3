{{ counter_increase('merge_requests_all_time_event') }}
