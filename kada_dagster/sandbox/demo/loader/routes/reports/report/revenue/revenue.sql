WITH paid AS (
    SELECT date_trunc('month', o.ordered_at AT TIME ZONE 'UTC')::date AS month,
        sum(l.line_total / r.per_euro) AS revenue
    FROM staging."order" AS o
    JOIN staging.order_line AS l USING (order_id)
    JOIN plan.exchange_rate AS r ON r.currency_code = o.currency_code
        AND r.valid_on = date_trunc('month', o.ordered_at AT TIME ZONE 'UTC')::date
    WHERE o.status NOT IN ('cancelled', 'returned')
    GROUP BY 1
)
SELECT p.month, round(p.revenue, 2) AS revenue, t.target,
    round(100 * p.revenue / t.target) AS percent_of_target
FROM paid AS p
LEFT JOIN plan.sales_target AS t USING (month)
