"""The lineage of the sample database's views, written by hand beside `sample_database.sql`.

A line is `relation: output < inputs`. What counts is what an output's value is computed from: its
expression, the condition of FILTER, the keys of a window, the SELECT list of a subquery in it; not
WHERE, ON, GROUP BY, EXISTS. An output that nothing flows into (a count, a constant) has no line.
"""

from __future__ import annotations

COLUMNS = """
analytics.order_totals
  order_id < shop.order.order_id
  customer_id < shop.order.customer_id
  currency_code < shop.order.currency_code
  ordered_at < shop.order.ordered_at
  status < shop.order.status
  total < shop.order_line.line_total
  discounted_pieces < shop.order_line.quantity, shop.order_line.discount_percent
analytics.order_totals_euro
  order_id < analytics.order_totals.order_id
  customer_id < analytics.order_totals.customer_id
  ordered_at < analytics.order_totals.ordered_at
  status < analytics.order_totals.status
  total < analytics.order_totals.total
  total_euro < analytics.order_totals.total, analytics.order_totals.currency_code
  total_euro < analytics.order_totals.ordered_at
analytics.customer_value
  customer_id < crm.customer.customer_id
  customer_number < crm.customer.customer_number
  country_code < crm.customer.country_code
  revenue < analytics.order_totals_euro.total_euro
  last_order_at < analytics.order_totals_euro.ordered_at
analytics.customer_rank
  customer_id < analytics.customer_value.customer_id
  country_code < analytics.customer_value.country_code
  revenue < analytics.customer_value.revenue
  country_rank < analytics.customer_value.country_code, analytics.customer_value.revenue
  behind_next < analytics.customer_value.country_code, analytics.customer_value.revenue
  country_revenue < analytics.customer_value.country_code, analytics.customer_value.revenue
analytics.contact_log
  customer_id < crm.phone_call.customer_id, crm.email_message.customer_id, crm.ticket.customer_id
  happened_at < crm.phone_call.happened_at, crm.email_message.happened_at, crm.ticket.opened_at
  detail < crm.phone_call.summary, crm.email_message.subject, crm.ticket.subject
analytics.last_contact
  customer_id < crm.customer.customer_id
  full_name < crm.customer.full_name
  happened_at < analytics.contact_log.happened_at
  kind < analytics.contact_log.kind
analytics.shipment_detail
  order_id < shop.shipment.order_id
  warehouse_code < shop.shipment.warehouse_code
  region < shop.shipment.region
  shipped_at < shop.shipment.shipped_at
  status < shop.order.status
  from_country < shop.warehouse.country_code
analytics.stock_and_sales
  product_id < shop.stock.product_id, shop.order_line.product_id
  in_stock < shop.stock.quantity
  sold < shop.order_line.quantity
analytics.product_card
  product_id < shop.product.product_id
  sku < shop.product.sku
  name < shop.product.name
  category < shop.category.name
  price < shop.product_price.price
  stars < shop.review.stars
analytics.category_path
  category_id < shop.category.category_id
  path < shop.category.name
crm.customer_public
  customer_id < crm.customer.customer_id
  customer_number < crm.customer.customer_number
  initials < crm.customer.full_name
  country_code < crm.customer.country_code
  marketing_consent < crm.customer.marketing_consent
crm.mailing_label
  customer_id < crm.customer.customer_id
  addressee < crm.customer.full_name
  street < crm.customer.home
  place < crm.customer.home
  newsletter < crm.customer.attributes
analytics.revenue_cube
  country_code < analytics.customer_value.country_code
  month < analytics.order_totals_euro.ordered_at
  revenue < analytics.order_totals_euro.total_euro
  typical_order < analytics.order_totals_euro.total_euro
analytics.tag_use
  tag < shop.product.tags
Marketing 2025.Cost per click
  Campaign < Marketing 2025.Campaign.Name
  channel < Marketing 2025.Spend-daily.channel
  Cost/Click < Marketing 2025.Spend-daily.cost, Marketing 2025.Spend-daily.clicks
staging.purchase_margin
  product_id < shop.product.product_id
  sku < shop.product.sku
  purchase_price < staging.erp_article.purchase_price
  description < staging.erp_article.description
shop.open_order
  order_id < shop.order.order_id
  customer_id < shop.order.customer_id
  ordered_at < shop.order.ordered_at
analytics.daily_revenue
  day < ref.calendar.day
  month_start < ref.calendar.month_start
  orders < analytics.order_totals_euro.order_id
  revenue < analytics.order_totals_euro.total_euro
analytics.monthly_revenue
  month_start < analytics.daily_revenue.month_start
  revenue < analytics.daily_revenue.revenue
  per_day < analytics.daily_revenue.revenue
"""

TABLES = """
analytics.order_totals < shop.order, shop.order_line
analytics.order_totals_euro < analytics.order_totals
analytics.customer_value < crm.customer, crm.ticket, analytics.order_totals_euro
analytics.customer_rank < analytics.customer_value
analytics.contact_log < crm.phone_call, crm.email_message, crm.ticket
analytics.last_contact < crm.customer, analytics.contact_log
analytics.shipment_detail < shop.shipment, shop.order, shop.warehouse
analytics.stock_and_sales < shop.stock, shop.order_line
analytics.product_card < shop.product, shop.category, shop.product_price, shop.review, shop.stock
analytics.category_path < shop.category
crm.customer_public < crm.customer
crm.mailing_label < crm.customer
analytics.revenue_cube < analytics.order_totals_euro, analytics.customer_value
analytics.tag_use < shop.product
Marketing 2025.Cost per click < Marketing 2025.Campaign, Marketing 2025.Spend-daily
staging.purchase_margin < shop.product, staging.erp_article
shop.open_order < shop.order
analytics.daily_revenue < ref.calendar, analytics.order_totals_euro
analytics.monthly_revenue < analytics.daily_revenue
"""

GENERATED = {
    12: """
crm.customer.email_domain < crm.customer.email
shop.order_line.line_total < shop.order_line.quantity, shop.order_line.unit_price
shop.order_line.line_total < shop.order_line.discount_percent
""",
    18: "shop.product.face_mm2 < shop.product.width_mm, shop.product.height_mm",
}
"""Generated columns, by the version from which the sample has them."""

INHERITS = """
crm.phone_call < crm.interaction
crm.email_message < crm.interaction
shop.order_event_2025_q1 < shop.order_event
shop.order_event_2025_q2 < shop.order_event
shop.order_event_rest < shop.order_event
shop.shipment_europe < shop.shipment
shop.shipment_americas < shop.shipment
shop.shipment_europe_0 < shop.shipment_europe
shop.shipment_europe_1 < shop.shipment_europe
finance.ledger_entry_2025_h1 < finance.ledger_entry
finance.ledger_entry_2025_h2 < finance.ledger_entry
"""

Edge = tuple[tuple[str, ...], tuple[str, ...]]


def edges(text: str) -> set[Edge]:
    """Each `target < source, ...` line as pairs of names, source first; `-` stands for a dot."""
    found: set[Edge] = set()
    view = ""
    for line in text.strip().splitlines():
        if " < " not in line:
            view = line + "."
            continue
        target, sources = line.split(" < ")
        target = view + target.strip() if line.startswith(" ") else target
        found |= {(_names(source), _names(target)) for source in sources.split(", ")}
    return found


def _names(text: str) -> tuple[str, ...]:
    return tuple(part.replace("Spend-daily", "Spend.daily") for part in text.split("."))
