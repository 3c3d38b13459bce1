SELECT c.customer_id, c.full_name, count(*) AS orders
FROM staging.customer AS c
JOIN staging."order" AS o USING (customer_id)
GROUP BY c.customer_id, c.full_name
ORDER BY orders DESC, c.customer_id
LIMIT 10
