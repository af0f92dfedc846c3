select instance_id, period_start, account_id, active_users, utilization, activity_status
from {{ source('plain', 'usage') }}
