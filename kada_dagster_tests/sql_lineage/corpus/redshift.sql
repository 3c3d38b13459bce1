-- quoted names are folded too
-- tables: o=dev.raw.orders
--> id = o.id
--> total = o.amount
SELECT "ID", "Amount" AS "Total" FROM "Raw"."Orders"
====
-- a name in three parts
-- tables: o=prod.sales.orders
--> id = o.id
select o.id from prod.sales.orders o
====
-- an alias used again, table unknown
-- tables: o=dev.public.orders
-- problems: ambiguous
--> gross = o.amount
--> double ~
select amount * 1.1 as gross, gross * 2 as double from orders
====
-- an alias used again, table known
-- known: dev.public.orders(amount)
-- tables: o=dev.public.orders
--> gross = o.amount
--> double = o.amount
select amount * 1.1 as gross, gross * 2 as double from orders
====
-- listagg within group, windowed
-- tables: o=dev.public.orders
--> names = o.name, o.ts, o.region
select listagg(name, ',') within group (order by ts) over (partition by region) as names from orders
====
-- units of time
-- tables: o=dev.public.orders
--> a = o.ts
--> b = o.ts
--> c = o.x, o.y
select dateadd(mon, 1, ts) as a, date_part(week, ts) as b, datediff(day, x, y) as c from orders
====
-- a unit in a function the parser does not know, or a column
-- tables: o=dev.public.orders
-- problems: ambiguous
--> m ~ o.ts
select datepart(month, ts) as m from orders
====
-- the same, columns known
-- known: dev.public.orders(ts)
-- tables: o=dev.public.orders
--> m = o.ts
select datepart(month, ts) as m from orders
====
-- functions without brackets
-- tables: o=dev.public.orders
--> now =
--> who =
--> id = o.id
select sysdate as now, user as who, id from orders
====
-- top
-- tables: o=dev.public.orders
--> id = o.id
select top 10 id from orders order by ts desc
====
-- arrays of a table before, by comma
-- tables: c=dev.public.customers
--> id = c.id
--> sku = c.orders
select c.id, o.sku from customers c, c.orders o
====
-- arrays of a table before, by join
-- tables: c=dev.public.customers
--> sku = c.orders
select o.sku from customers c left join c.orders as o on true
====
-- an array with positions
-- tables: c=dev.public.customers
--> sku = c.orders
--> pos =
select o.sku, i as pos from customers c, c.orders o at i
====
-- navigation into a super column
-- tables: c=dev.public.customers
--> city = c.doc
--> first = c.doc
select c.doc.address.city, c.doc.phones[0] as first from customers c
====
-- qualify
-- tables: o=dev.public.orders
--> id = o.id
select id from orders qualify row_number() over (partition by cid order by ts desc) = 1
====
-- pivot
-- known: dev.public.sales(product, amount, quarter)
-- tables: s=dev.public.sales
--> product = s.product
--> q1 = s.amount
--> q2 = s.amount
select * from sales pivot(sum(amount) for quarter in ('q1', 'q2'))
====
-- unpivot
-- known: dev.public.sales(product, q1, q2)
-- tables: s=dev.public.sales
--> product = s.product
--> quarter =
--> amount = s.q1, s.q2
select * from sales unpivot(amount for quarter in (q1, q2))
====
-- star exclude
-- known: dev.public.orders(id, email, name)
-- tables: o=dev.public.orders
--> id = o.id
--> name = o.name
select * exclude (email) from orders
====
-- minus
-- tables: a=dev.public.a b=dev.public.b
--> x = a.x
select x from a minus select y from b
====
-- a late binding view
-- tables: o=dev.raw.orders
-- targets: dev.mart.v
--> id = o.id
create view mart.v as select id from raw.orders with no schema binding
====
-- create table as with keys
-- tables: o=dev.raw.orders
-- targets: dev.mart.t
--> id = o.id
create table mart.t distkey(id) sortkey(id) as select id from raw.orders
====
-- a temporary table by its sign
-- tables: o=dev.public.orders
--> id = o.id
create temp table stage as select id from orders; select id from stage
====
-- system tables without schema
-- tables:
-- problems: table
--> query ~
select query from stl_query
====
-- recursive
-- tables: e=dev.public.employees
--> id = e.id
--> lvl =
with recursive t(id, lvl) as (select id, 1 from employees union all select e.id, t.lvl + 1 from employees e, t where e.boss = t.id)
select id, lvl from t
====
-- unload
-- tables:
-- problems: unsupported
unload ('select id from orders') to 's3://bucket/x' iam_role default
====
-- a scalar subquery with qualifiers
-- tables: o=dev.public.orders c=dev.public.customers
--> name = c.name
--> id = o.id
select o.id, (select c.name from customers c where c.id = o.cid) from orders o
====
-- cast gives the name
-- tables: o=dev.public.orders
--> id = o.id
--> max = o.ts
select id::varchar, max(ts) from orders group by 1
====
-- decode, nvl and nested functions
-- tables: o=dev.public.orders
--> x = o.a, o.b, o.c
select nvl(decode(a, 1, b), upper(c)) as x from orders
====
-- delete using
-- tables: b=dev.public.b
-- targets: dev.public.a
delete from a using b where a.id = b.id
====
-- case branches of liquid
-- tables: a=dev.public.a b=dev.public.b c=dev.public.c
-- problems: template
--> id ~ a.id, b.id, c.id
select id from {% case x %}{% when 1 %} a {% when 2 %} b {% else %} c {% endcase %}
