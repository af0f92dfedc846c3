select account_id, overall_color, overall_score, measured_on from {{ source('plain', 'companies') }}
