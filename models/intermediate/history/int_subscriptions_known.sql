{{ known_states(
    ref('stg_crm__subscriptions'),
    ref('snap_crm__subscriptions'),
    key=['subscription_id'],
    columns=[
        'subscription_id',
        'original_subscription_id',
        'account_id',
        'product_tier',
        'tier',
        'is_trial',
        'seats',
        'start_date',
        'end_date',
        'status',
        'arr',
    ],
) }}
