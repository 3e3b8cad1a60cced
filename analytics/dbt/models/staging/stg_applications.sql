SELECT
    id,
    company,
    role,
    source,
    status,
    user_id,
    created_at,
    DATE(created_at, 'UTC') AS created_date,
    updated_at,
    _fivetran_synced
FROM {{ source('applylens', 'public_applications') }}
WHERE NOT _fivetran_deleted
