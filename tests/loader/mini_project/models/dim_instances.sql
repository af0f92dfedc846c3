select instance_id, uuid, hostname from {{ source('plain', 'names') }}
