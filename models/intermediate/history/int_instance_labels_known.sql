{{ known_states(
    ref('stg_gainsight__instance_labels'),
    ref('snap_gainsight__instance_labels'),
    key=['instance_id', 'labelled_at'],
    columns=[
        'instance_id',
        'label',
        'instance_type',
        'is_known_label',
        'labelled_at',
        'labelled_on',
    ],
) }}
