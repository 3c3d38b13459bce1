SELECT order_id, line_no, product_id, quantity, line_total
FROM shop.order_line
