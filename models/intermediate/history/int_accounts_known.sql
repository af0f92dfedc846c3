{{ known_states(
    ref('stg_crm__accounts'),
    ref('snap_crm__accounts'),
    key=['account_id'],
    columns=[
        'account_id',
        'account_name',
        'parent_account_id',
        'segment',
        'region',
        'csm_email',
    ],
) }}
