-- names are folded to upper case
-- tables: o=ANALYTICS.RAW.ORDERS
--> ID = o.ID
--> TOTAL = o.AMOUNT, o.TAX
select id, amount + tax as total from raw.orders
====
-- quoted names keep their case
-- tables: o=ANALYTICS.raw.Order_Lines
--> Id = o.Id
--> UPPER = o.MIXEDUP
select "Id", mixedUp as upper from "raw"."Order_Lines"
====
-- a name in three parts
-- tables: o=PROD.SALES.ORDERS
--> ID = o.ID
select o.id from prod.sales.orders o
====
-- two dots leave out the schema PUBLIC
-- tables: o=PROD.PUBLIC.ORDERS
--> ID = o.ID
select id from prod..orders
====
-- join with aliases
-- tables: o=ANALYTICS.PUBLIC.ORDERS c=CRM.PUBLIC.CUSTOMERS
--> ORDER_ID = o.ID
--> CUSTOMER = c.NAME
select o.id as order_id, c.name as customer from orders o left join crm.public.customers as c on o.customer_id = c.id
====
-- a column without qualifier over two unknown tables
-- tables: o=ANALYTICS.PUBLIC.ORDERS c=ANALYTICS.PUBLIC.CUSTOMERS
-- problems: ambiguous
--> ID = o.ID
--> NAME ~
select o.id, name from orders o join customers c on o.customer_id = c.id
====
-- the same with one table known
-- known: ANALYTICS.PUBLIC.ORDERS(ID, CUSTOMER_ID) ANALYTICS.PUBLIC.CUSTOMERS(ID, NAME)
-- tables: o=ANALYTICS.PUBLIC.ORDERS c=ANALYTICS.PUBLIC.CUSTOMERS
--> ID = o.ID
--> NAME = c.NAME
select o.id, name from orders o join customers c on o.customer_id = c.id
====
-- star of an unknown table
-- tables: o=ANALYTICS.PUBLIC.ORDERS
-- problems: star
-- passed: o
select * from orders
====
-- star of a known table
-- known: ANALYTICS.PUBLIC.ORDERS(ID, "net amount")
-- tables: o=ANALYTICS.PUBLIC.ORDERS
--> ID = o.ID
--> net amount = o.net amount
select * from orders
====
-- star exclude and rename of a known table
-- known: ANALYTICS.PUBLIC.ORDERS(ID, A, B, C)
-- tables: o=ANALYTICS.PUBLIC.ORDERS
--> ID = o.ID
--> X = o.B
--> C = o.C
select * exclude (a) rename (b as x) from orders
====
-- star replace of an unknown table
-- tables: o=ANALYTICS.PUBLIC.ORDERS
-- problems: star
-- passed: o
--> EMAIL = o.EMAIL
select * replace (lower(email) as email) from orders
====
-- star ilike cannot be told
-- known: ANALYTICS.PUBLIC.ORDERS(ID, A)
-- tables: o=ANALYTICS.PUBLIC.ORDERS
-- problems: star
select * ilike '%id%' from orders
====
-- a name through a star of one unknown table
-- tables: o=ANALYTICS.PUBLIC.ORDERS
--> ID = o.ID
--> DOUBLE = o.AMOUNT
select id, amount * 2 as double from (select * from orders) as s
====
-- a name through a star of two unknown tables
-- tables: o=ANALYTICS.PUBLIC.ORDERS c=ANALYTICS.PUBLIC.CUSTOMERS
-- problems: ambiguous
--> ID ~
select id from (select * from orders o join customers c on o.x = c.y) as s
====
-- a chain of WITH
-- tables: o=ANALYTICS.RAW.ORDERS
--> ID = o.ID
--> SPENT = o.AMOUNT, o.TAX
with a as (select id, amount, tax from raw.orders), b as (select id, amount + tax as gross from a)
select id, sum(gross) as spent from b group by id
====
-- a query of WITH hides a table of the same name
-- tables: o=ANALYTICS.RAW.ORDERS
--> ID = o.ID
with orders as (select id from raw.orders) select id from orders
====
-- the dbt idiom reads the real table of the same name
-- tables: o=ANALYTICS.PUBLIC.ORDERS
--> ID = o.ID
with orders as (select * from orders) select id from orders
====
-- a qualified name is not the query of WITH
-- tables: o=ANALYTICS.RAW.ORDERS p=ANALYTICS.PUBLIC.ORDERS
--> A = o.A
--> B = p.B
with orders as (select a from raw.orders) select orders.a, p.b from orders join public.orders p on true
====
-- recursive without the word
-- tables: e=ANALYTICS.PUBLIC.EMPLOYEES
--> ID = e.ID
--> ROOT = e.NAME
--> PATH = e.NAME, e.TITLE
with tree as (
  select id, name as root, name as path from employees where manager_id is null
  union all
  select e.id, t.root, t.path || e.title from employees e join tree t on e.manager_id = t.id
)
select id, root, path from tree
====
-- recursion that swaps columns round by round
-- tables: t=ANALYTICS.PUBLIC.T
--> X = t.A, t.B
--> Y = t.A, t.B
with recursive r(x, y) as (select a, b from t union all select y, x from r) select x, y from r
====
-- an alias used again in the list, table unknown
-- tables: o=ANALYTICS.PUBLIC.ORDERS
-- problems: ambiguous
--> GROSS = o.AMOUNT, o.TAX
--> DOUBLE ~
select amount + tax as gross, gross * 2 as double from orders
====
-- an alias used again in the list, table known
-- known: ANALYTICS.PUBLIC.ORDERS(AMOUNT, TAX)
-- tables: o=ANALYTICS.PUBLIC.ORDERS
--> GROSS = o.AMOUNT, o.TAX
--> DOUBLE = o.AMOUNT, o.TAX
select amount + tax as gross, gross * 2 as double from orders
====
-- a column goes before the alias of its name
-- tables: o=ANALYTICS.PUBLIC.ORDERS
--> NAME = o.NAME, o.SURNAME
--> TAG = o.NAME
select name || surname as name, '#' || name as tag from orders
====
-- lateral flatten
-- tables: o=ANALYTICS.PUBLIC.ORDERS
--> ID = o.ID
--> SKU = o.ITEMS
--> POS = o.ITEMS
select o.id, f.value:sku::string as sku, f.index as pos from orders o, lateral flatten(input => o.items) f
====
-- flatten of a flatten
-- tables: o=ANALYTICS.PUBLIC.ORDERS
--> TAG = o.DOC
select g.value::string as tag
from orders o, lateral flatten(input => o.doc:lines) f, lateral flatten(input => f.value:tags) g
====
-- flatten in table()
-- tables: o=ANALYTICS.PUBLIC.ORDERS
--> V = o.DOC
select f.value as v from orders o, table(flatten(o.doc)) f
====
-- a path into a variant
-- tables: e=ANALYTICS.RAW.EVENTS
--> USER_ID = e.PAYLOAD
--> TAGS = e.PAYLOAD
select payload:user.id::int as user_id, e.payload['tags'][0] as tags from raw.events e
====
-- window functions and qualify
-- tables: o=ANALYTICS.PUBLIC.ORDERS
--> ID = o.ID
--> RN = o.CUSTOMER_ID, o.CREATED_AT
--> RUNNING = o.AMOUNT, o.CUSTOMER_ID, o.CREATED_AT
select id, row_number() over (partition by customer_id order by created_at desc) as rn,
  sum(amount) over (partition by customer_id order by created_at) as running
from orders qualify row_number() over (partition by customer_id order by created_at) = 1
====
-- subqueries in WHERE are read but give nothing
-- tables: o=ANALYTICS.PUBLIC.ORDERS b=ANALYTICS.PUBLIC.BLOCKED v=ANALYTICS.PUBLIC.VIP
--> ID = o.ID
select id from orders where customer_id not in (select customer_id from blocked)
  and exists (select 1 from vip where vip.id = orders.customer_id)
====
-- correlated scalar subquery with qualifiers
-- tables: c=ANALYTICS.PUBLIC.CUSTOMERS o=ANALYTICS.PUBLIC.ORDERS
--> ID = c.ID
--> LAST = o.CREATED_AT
select c.id, (select max(o.created_at) from orders o where o.customer_id = c.id) as last from customers c
====
-- scalar subquery without qualifier, tables unknown
-- tables: c=ANALYTICS.PUBLIC.CUSTOMERS o=ANALYTICS.PUBLIC.ORDERS
-- problems: ambiguous
--> LAST ~
select (select max(created_at) from orders) as last from customers
====
-- union all by position
-- tables: a=ANALYTICS.PUBLIC.A b=ANALYTICS.PUBLIC.B
--> ID = a.ID, b.KEY
--> NAME = a.NAME
select id, name from a union all select key, 'none' from b
====
-- union by name
-- tables: a=ANALYTICS.PUBLIC.A b=ANALYTICS.PUBLIC.B
--> ID = a.ID, b.ID
--> NAME = a.NAME
--> AGE = b.AGE
select id, name from a union all by name select age, id from b
====
-- union of stars of unknown tables
-- tables: a=ANALYTICS.PUBLIC.A b=ANALYTICS.PUBLIC.B
-- problems: star
select * from a union all select * from b
====
-- minus filters only
-- tables: a=ANALYTICS.PUBLIC.A b=ANALYTICS.PUBLIC.B
--> ID = a.ID
select id from a minus select id from b
====
-- pivot of a known table
-- known: ANALYTICS.PUBLIC.SALES(EMPLOYEE, AMOUNT, MONTH)
-- tables: s=ANALYTICS.PUBLIC.SALES
--> EMPLOYEE = s.EMPLOYEE
--> JAN = s.AMOUNT
--> FEB = s.AMOUNT
select employee, "'JAN'" as jan, f as feb from sales pivot(sum(amount) for month in ('JAN', 'FEB' as f)) as p
====
-- pivot renamed by its alias
-- known: ANALYTICS.PUBLIC.SALES(EMPLOYEE, AMOUNT, MONTH)
-- tables: s=ANALYTICS.PUBLIC.SALES
--> WHO = s.EMPLOYEE
--> J = s.AMOUNT
--> F = s.AMOUNT
select * from sales pivot(sum(amount) for month in ('JAN', 'FEB')) as p (who, j, f)
====
-- pivot over any value
-- known: ANALYTICS.PUBLIC.SALES(EMPLOYEE, AMOUNT, MONTH)
-- tables: s=ANALYTICS.PUBLIC.SALES
-- problems: star
--> EMPLOYEE ~ s.EMPLOYEE
select employee from sales pivot(sum(amount) for month in (any)) as p
====
-- unpivot
-- known: ANALYTICS.PUBLIC.SALES(EMPLOYEE, JAN, FEB)
-- tables: s=ANALYTICS.PUBLIC.SALES
--> EMPLOYEE = s.EMPLOYEE
--> MONTH =
--> AMOUNT = s.JAN, s.FEB
select * from sales unpivot(amount for month in (jan, feb))
====
-- join using
-- known: ANALYTICS.PUBLIC.A(ID, X) ANALYTICS.PUBLIC.B(ID, Y)
-- tables: a=ANALYTICS.PUBLIC.A b=ANALYTICS.PUBLIC.B
--> ID = a.ID
--> X = a.X
--> Y = b.Y
select * from a join b using (id)
====
-- right join using takes the right side
-- tables: a=ANALYTICS.PUBLIC.A b=ANALYTICS.PUBLIC.B
--> ID = b.ID
select id from a right join b using (id)
====
-- natural join of known tables
-- known: ANALYTICS.PUBLIC.A(ID, X) ANALYTICS.PUBLIC.B(ID, Y)
-- tables: a=ANALYTICS.PUBLIC.A b=ANALYTICS.PUBLIC.B
--> ID = a.ID
--> Y = b.Y
select id, y from a natural join b
====
-- values have no source
-- tables:
--> A =
--> B =
select v.a, v.b from (values (1, 'x'), (2, 'y')) as v(a, b)
====
-- values without names
-- tables: o=ANALYTICS.PUBLIC.ORDERS
--> N =
--> ID = o.ID
select column1 as n, o.id from (values (1)) as v, orders o
====
-- a stage has columns by position
-- tables:
-- problems: position table
--> ID ~
select $1 as id from @landing/orders
====
-- a table named by a variable
-- tables:
-- problems: table
--> ID ~
select id from identifier($t)
====
-- time travel and sample
-- tables: o=ANALYTICS.PUBLIC.ORDERS
--> ID = o.ID
select id from orders at(timestamp => '2024-01-01'::timestamp) sample (10)
====
-- hierarchical query
-- tables: e=ANALYTICS.PUBLIC.EMPLOYEES
--> ID = e.ID
--> DEPTH =
select id, level as depth from employees start with manager_id is null connect by prior id = manager_id
====
-- object_construct of everything
-- known: ANALYTICS.PUBLIC.A(ID, X)
-- tables: a=ANALYTICS.PUBLIC.A
--> DOC = a.ID, a.X
--> N =
select object_construct(*) as doc, count(*) as n from a
====
-- units of time are no columns
-- tables: o=ANALYTICS.PUBLIC.ORDERS
--> M = o.CREATED_AT
--> D = o.CREATED_AT, o.PAID_AT
--> P = o.CREATED_AT
select date_trunc(month, created_at) as m, datediff(day, created_at, paid_at) as d, date_part(week, created_at) as p from orders
====
-- lambda parameters are no columns
-- tables: o=ANALYTICS.PUBLIC.ORDERS
--> BIG = o.PRICES, o.LIMIT_
select filter(prices, p -> p > limit_) as big from orders
====
-- an unnamed column
-- tables: o=ANALYTICS.PUBLIC.ORDERS
-- problems: unnamed
--> ID = o.ID
select id, count(*) from orders group by id
====
-- a name twice
-- tables: a=ANALYTICS.PUBLIC.A b=ANALYTICS.PUBLIC.B
-- problems: duplicate
--> X = b.X
select a.id, b.id, b.x from a join b on a.id = b.id
====
-- insert with columns
-- tables: o=ANALYTICS.RAW.ORDERS
-- targets: ANALYTICS.MART.FACTS
--> KEY = o.ID
--> VALUE = o.AMOUNT
insert into mart.facts (key, value) select id, amount from raw.orders
====
-- insert without columns into a known table
-- known: ANALYTICS.MART.FACTS(KEY, VALUE)
-- tables: o=ANALYTICS.RAW.ORDERS
-- targets: ANALYTICS.MART.FACTS
--> KEY = o.ID
--> VALUE = o.AMOUNT
insert overwrite into mart.facts select id, amount from raw.orders
====
-- insert without columns into an unknown table
-- tables: o=ANALYTICS.RAW.ORDERS
-- targets: ANALYTICS.MART.FACTS
-- problems: star
insert into mart.facts select id, amount from raw.orders
====
-- create table as
-- tables: o=ANALYTICS.RAW.ORDERS
-- targets: ANALYTICS.MART.FACTS
--> ID = o.ID
create or replace transient table mart.facts as select id from raw.orders
====
-- a temporary table is seen through
-- tables: o=ANALYTICS.RAW.ORDERS
--> ID = o.ID
create temporary table t as select id from raw.orders; select id from t;
====
-- use schema moves the default
-- tables: o=PROD.SALES.ORDERS
--> ID = o.ID
use schema prod.sales; select id from orders
====
-- merge
-- tables: s=ANALYTICS.STAGE.ORDERS
-- targets: ANALYTICS.MART.FACTS
-- problems: unsupported
merge into mart.facts f using stage.orders s on f.id = s.id
when matched then update set f.x = s.x when not matched then insert (id, x) values (s.id, s.x)
====
-- a value from a template
-- tables: o=ANALYTICS.PUBLIC.ORDERS
-- problems: template
--> ID ~ o.ID
select id from orders where region = '{{ region }}' and amount > {{ least }}
====
-- a schema from a template
-- tables: c=ANALYTICS.PUBLIC.CUSTOMERS
-- problems: template
--> NAME ~ c.NAME
--> ID ~
select c.name, o.id from {{ schema }}.orders o join customers c on o.cid = c.id
====
-- branches of a template
-- tables: n=ANALYTICS.PUBLIC.NEW_ORDERS o=ANALYTICS.PUBLIC.OLD_ORDERS
-- problems: template
--> ID ~ n.ID, o.ID
{# which #} select id from {% if fresh %} new_orders {% else %} old_orders {% endif %}
====
-- comments and semicolons
-- tables: o=ANALYTICS.PUBLIC.ORDERS
--> ID = o.ID
/* from nowhere; */ select id -- from elsewhere
from orders; ;
====
-- a text that is no SQL
-- tables:
-- problems: parse
selekt id fromm orders where (
====
-- match_recognize
-- tables: p=ANALYTICS.PUBLIC.PRICES
-- problems: unsupported
--> DAY ~
select day from prices match_recognize (partition by sym order by ts measures last(ts) as day pattern (a) define a as px > 1)
====
-- join of brackets
-- tables: a=ANALYTICS.PUBLIC.A b=ANALYTICS.PUBLIC.B c=ANALYTICS.PUBLIC.C
--> X = a.X
--> Z = c.Z
select a.x, c.z from a left join (b join c on b.id = c.id) on a.id = b.id
====
-- WITH that reads its own name in the first part of a union
-- tables: r=ANALYTICS.PUBLIC.RETURNS
-- problems: unsupported
--> ID ~ r.ID
with orders as (select id from orders union all select id from returns) select id from orders
====
-- a column under the whole name of its table
-- tables: o=ANALYTICS.PUBLIC.ORDERS
--> ID = o.ID
select public.orders.id from orders
