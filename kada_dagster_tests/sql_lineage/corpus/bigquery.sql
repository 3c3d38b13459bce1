-- a name in one pair of backticks
-- tables: o=my-proj.sales.orders
--> id = o.id
select id from `my-proj.sales.orders`
====
-- a project with dashes and no quotes
-- tables: o=my-proj.sales.Orders
--> id = o.id
select o.id from my-proj.sales.Orders o
====
-- a dataset and the default project
-- tables: o=proj.raw.Orders
--> Id = o.Id
select Id from raw.Orders
====
-- table names differ in case
-- tables: a=proj.sales.Orders b=proj.sales.orders
--> x = a.x
--> y = b.y
select a.x, b.y from Orders a join orders b on true
====
-- columns do not differ in case, known table
-- known: proj.sales.orders(Id, Amount)
-- tables: o=proj.sales.orders
--> ID = o.Id
--> amount = o.Amount
select ID, amount from orders
====
-- queries of WITH do not differ in case
-- tables: o=proj.sales.orders
--> id = o.id
with Big as (select id from orders) select id from big
====
-- a field of a column, qualified
-- tables: o=proj.sales.orders
--> city = o.address
select o.address.city from orders o
====
-- a field of a column without qualifier
-- tables: o=proj.sales.orders
--> zip = o.address
select address.place.zip from orders
====
-- unnest of a column by its alias
-- tables: o=proj.sales.orders
--> id = o.id
--> sku = o.items
select o.id, i.sku from orders o, unnest(o.items) as i
====
-- unnest hides whose column it is
-- tables: o=proj.sales.orders
-- problems: ambiguous
--> id ~
--> tag = o.tags
select id, tag from orders o, unnest(o.tags) as tag
====
-- unnest beside a known table
-- known: proj.sales.orders(id, tags)
-- tables: o=proj.sales.orders
--> id = o.id
--> tag = o.tags
--> pos =
select id, tag, pos from orders o, unnest(tags) as tag with offset as pos
====
-- an array joined without UNNEST
-- tables: o=proj.sales.orders
--> sku = o.items
select i.sku from orders as o, o.items as i
====
-- left join of an array
-- tables: o=proj.sales.orders
--> sku = o.items
select i.sku from orders as o left join o.items as i
====
-- unnest of literals
-- tables:
--> x =
select x from unnest([1, 2, 3]) as x
====
-- struct and array of structs
-- tables: o=proj.sales.orders
--> s = o.a, o.b
--> l = o.c
select struct(o.a as x, o.b) as s, [o.c] as l from orders o
====
-- array of a correlated subquery
-- tables: o=proj.sales.orders
--> skus = o.items
select array(select i.sku from unnest(o.items) as i) as skus from orders o
====
-- select as struct in a subquery
-- tables: o=proj.sales.orders c=proj.sales.customers
--> c = c.name, c.city
select (select as struct c.name, c.city from customers c where c.id = o.cid) as c from orders o
====
-- except and replace of a known table
-- known: proj.sales.orders(id, email, name)
-- tables: o=proj.sales.orders
--> id = o.id
--> name = o.name, o.email
select * except (email) replace (concat(name, email) as name) from orders
====
-- except of an unknown table
-- tables: o=proj.sales.orders
-- problems: star
-- passed: o
select * except (email) from orders
====
-- tables by wildcard
-- tables:
-- problems: table
--> id ~
select id from `proj.sales.events_*` where _table_suffix = '20240101'
====
-- pseudo columns come from no column
-- tables: e=proj.sales.events
--> day =
--> id = e.id
select _partitiondate as day, id from events
====
-- units of time
-- tables: o=proj.sales.orders
--> m = o.d
--> n = o.a, o.b
--> w = o.d
select date_trunc(d, month) as m, timestamp_diff(a, b, second) as n, extract(isoweek from d) as w from orders
====
-- safe functions and casts
-- tables: o=proj.sales.orders
--> x = o.a
--> y = o.b
select safe_cast(a as int64) as x, safe.substr(b, 1, 2) as y from orders
====
-- window and qualify
-- tables: o=proj.sales.orders
--> id = o.id
--> rn = o.cid, o.ts
select id, row_number() over (partition by cid order by ts) as rn from orders where true qualify rn = 1
====
-- pivot with names
-- known: proj.sales.sales(product, amount, quarter)
-- tables: s=proj.sales.sales
--> product = s.product
--> total_Q1 = s.amount
--> total_second = s.amount
select * from sales pivot(sum(amount) as total for quarter in ('Q1', 'Q2' as second))
====
-- pivot by numbers
-- known: proj.sales.sales(product, amount, year)
-- tables: s=proj.sales.sales
-- problems: star
--> product ~ s.product
select product from sales pivot(sum(amount) for year in (2023, 2024))
====
-- unpivot
-- known: proj.sales.sales(product, q1, q2)
-- tables: s=proj.sales.sales
--> product = s.product
--> amount = s.q1, s.q2
--> quarter =
select * from sales unpivot(amount for quarter in (q1, q2))
====
-- union distinct
-- tables: a=proj.sales.a b=proj.sales.b
--> x = a.x, b.y
select x from a union distinct select y from b
====
-- except distinct
-- tables: a=proj.sales.a b=proj.sales.b
--> x = a.x
select x from a except distinct select y from b
====
-- time travel
-- tables: o=proj.sales.orders
--> id = o.id
select id from orders for system_time as of timestamp_sub(current_timestamp(), interval 1 hour)
====
-- strings in double quotes
-- tables: o=proj.sales.orders
--> label =
--> id = o.id
select "from hidden" as label, id from orders where name = "x"
====
-- whole row of a known table
-- known: proj.sales.orders(id, amount)
-- tables: o=proj.sales.orders
--> doc = o.id, o.amount
select to_json(o) as doc from orders o
====
-- recursive
-- tables: e=proj.sales.edges
--> src = e.src
--> dst = e.dst
with recursive r as (select src, dst from edges union all select r.src, e.dst from r join edges e on r.dst = e.src)
select src, dst from r
====
-- pipe syntax
-- tables: o=proj.sales.orders
--> id = o.id
--> big = o.amount
from orders |> where amount > 10 |> select id, amount * 2 as big
====
-- star of a struct
-- tables: o=proj.sales.orders
-- problems: star
--> id = o.id
select o.id, o.address.* from orders o
====
-- information schema
-- tables:
-- problems: table
--> table_name ~
select table_name from sales.INFORMATION_SCHEMA.TABLES
====
-- declare and temporary tables
-- tables: o=proj.sales.orders
--> id = o.id
declare least int64 default 1; create temp table t as select id from orders; select id from t
====
-- create table as with partitions
-- tables: o=proj.sales.orders
-- targets: proj.mart.facts
--> id = o.id
create or replace table mart.facts partition by date(ts) as select id from orders
====
-- jinja of dbt
-- tables: o=proj.sales.orders
-- problems: template
--> id ~ o.id
--> name ~
{{ config(materialized='table') }} select o.id, c.name from orders o join {{ ref('customers') }} c on true
