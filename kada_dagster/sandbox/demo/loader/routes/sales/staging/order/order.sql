SELECT order_id, customer_id, status::text AS status, currency_code, ordered_at
FROM shop."order"
