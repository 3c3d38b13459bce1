SELECT customer_id, full_name, country_code, marketing_consent, created_at
FROM crm.customer
