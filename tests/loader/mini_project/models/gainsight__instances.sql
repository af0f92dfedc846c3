select
    instance_id, account_id, hostname, version, instance_type, licensed_seats, is_production, last_ping_at
from {{ source('plain', 'instances') }}
