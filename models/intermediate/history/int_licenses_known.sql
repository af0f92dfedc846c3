{{ known_states(
    ref('stg_crm__licenses'),
    ref('snap_crm__licenses'),
    key=['license_id'],
    columns=[
        'license_id',
        'license_md5',
        'license_sha256',
        'subscription_id',
        'seats',
        'starts_at',
        'expires_at',
    ],
) }}
