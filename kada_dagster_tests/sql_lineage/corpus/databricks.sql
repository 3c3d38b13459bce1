-- names are folded to lower case, quoted ones too
-- tables: o=main.raw.orders
--> id = o.id
--> total = o.amount
SELECT ID, `Amount` AS Total FROM Raw.`Orders`
====
-- a name in three parts
-- tables: o=prod.sales.orders
--> id = o.id
select id from prod.sales.orders
====
-- known columns keep their spelling
-- known: main.default.orders(orderId, netAmount)
-- tables: o=main.default.orders
--> orderid = o.orderId
--> x = o.netAmount
select ORDERID, netamount as x from orders
====
-- lateral view explode
-- tables: o=main.default.orders
--> id = o.id
--> item = o.items
select o.id, e.item from orders o lateral view explode(o.items) e as item
====
-- lateral view of a map
-- tables: o=main.default.orders
--> k = o.props
--> v = o.props
select t.k, t.v from orders o lateral view outer explode(o.props) t as k, v
====
-- lateral views on one another
-- tables: o=main.default.orders
--> tag = o.lines
select tag from orders o lateral view explode(o.lines) l as line lateral view explode(line.tags) t as tag
====
-- explode in the list
-- tables: o=main.default.orders
--> item = o.items
select explode(items) as item from orders
====
-- posexplode with names
-- tables: o=main.default.orders
--> p = o.items
--> i = o.items
select posexplode(items) as (p, i) from orders
====
-- stack with names
-- tables: o=main.default.orders
--> k = o.a, o.b
--> v = o.a, o.b
select stack(2, 'a', a, 'b', b) as (k, v) from orders
====
-- inline without names
-- tables: o=main.default.orders
-- problems: star
select inline(rows) from orders
====
-- a field of a struct
-- tables: c=main.default.customers
--> city = c.address
--> zip = c.address
select address.city, c.address.place.zip from customers c
====
-- a path into json text
-- tables: e=main.default.events
--> id = e.payload
select payload:user.id as id from events e
====
-- higher order functions
-- tables: o=main.default.orders
--> x = o.prices, o.rate
--> s = o.prices
select transform(prices, p -> p * rate) as x, aggregate(prices, 0, (acc, p) -> acc + p) as s from orders
====
-- star except of a known table
-- known: main.default.orders(id, email, name)
-- tables: o=main.default.orders
--> id = o.id
--> name = o.name
select * except (email) from orders
====
-- left semi and anti joins filter only
-- known: main.default.a(id, x)
-- tables: a=main.default.a b=main.default.b c=main.default.c
--> id = a.id
--> x = a.x
select * from a left semi join b on a.id = b.id left anti join c on a.id = c.id
====
-- pivot with two aggregates
-- known: main.default.sales(product, amount, units, q)
-- tables: s=main.default.sales
--> product = s.product
--> q1_total = s.amount
--> q1_n = s.units
--> q2_total = s.amount
--> q2_n = s.units
select * from sales pivot(sum(amount) as total, max(units) as n for q in ('q1' as q1, 'q2' as q2))
====
-- unpivot of pairs
-- known: main.default.sales(product, a1, a2, b1, b2)
-- tables: s=main.default.sales
--> product = s.product
--> q =
--> amount = s.a1, s.a2
--> units = s.b1, s.b2
select * from sales unpivot((amount, units) for q in ((a1, b1) as one, (a2, b2) as two))
====
-- a path of files
-- tables:
-- problems: table
--> id ~
select id from delta.`/mnt/raw/orders`
====
-- a reading function
-- tables:
-- problems: function
--> id ~
select id from read_files('s3://bucket/x')
====
-- values in line
-- tables:
--> a =
--> b =
select a, b from values (1, 'x'), (2, 'y') as v(a, b)
====
-- group by all and having
-- tables: o=main.default.orders
--> region = o.region
--> total = o.amount
select region, sum(amount) as total from orders group by all having sum(amount) > 10
====
-- full join using with the columns of both
-- known: main.default.a(id, x) main.default.b(id, y)
-- tables: a=main.default.a b=main.default.b
--> id = a.id, b.id
--> x = a.x
--> y = b.y
select * from a full outer join b using (id)
====
-- qualify with an alias
-- tables: o=main.default.orders
--> id = o.id
--> rn = o.cid, o.ts
select id, row_number() over (partition by cid order by ts) as rn from orders qualify rn = 1
====
-- use catalog and schema
-- tables: o=prod.sales.orders
--> id = o.id
use catalog prod; use schema sales; select id from orders
====
-- a temporary view
-- tables: o=main.default.orders
--> id = o.id
create or replace temporary view v as select id from orders; select id from v
====
-- insert overwrite a partition
-- tables: o=main.default.orders
-- targets: main.mart.facts
-- problems: star
insert overwrite table mart.facts partition (ds = '2024-01-01') select id, amount from orders
====
-- insert by name
-- tables: o=main.default.orders
-- targets: main.mart.facts
--> id = o.id
insert into mart.facts by name select id from orders
====
-- create table using delta
-- tables: o=main.default.orders
-- targets: main.mart.facts
--> id = o.id
create or replace table mart.facts using delta as select id from orders
====
-- union of three
-- tables: a=main.default.a b=main.default.b c=main.default.c
--> x = a.x, b.y, c.z
select x from a union all select y from b union all select z from c
====
-- from first
-- tables: o=main.default.orders
--> id = o.id
from orders select id
====
-- time travel
-- tables: o=main.default.orders
--> id = o.id
select id from orders version as of 12
====
-- units of time
-- tables: o=main.default.orders
--> a = o.ts
--> b = o.x, o.y
--> c = o.ts
select date_add(month, 1, ts) as a, timestampdiff(hour, x, y) as b, date_trunc('week', ts) as c from orders
====
-- correlated subquery over a known table
-- known: main.default.orders(cid, amount) main.default.customers(id)
-- tables: c=main.default.customers o=main.default.orders
--> id = c.id
--> total = o.amount
select id, (select sum(amount) from orders where cid = id) as total from customers
====
-- a widget of a notebook
-- tables: o=main.default.orders
-- problems: template
--> id ~ o.id
select id from orders where day = {{ day }}
====
-- a column under the whole name of its table
-- tables: o=main.sales.orders
--> id = o.id
--> city = o.address
select main.sales.orders.id, sales.orders.address.city from sales.orders
====
-- an alias in the list hides nothing of a known table
-- known: main.default.orders(id, amount)
-- tables: o=main.default.orders
--> amount = o.amount, o.id
--> twice = o.amount
select amount + id as amount, amount * 2 as twice from orders
====
-- a name that is a function where there is no such column
-- tables: o=main.default.orders
-- problems: ambiguous
--> user ~
select user from orders
====
-- the same over known columns
-- known: main.default.a(user) main.default.b(id)
-- tables: a=main.default.a b=main.default.b
--> x = a.user
--> y =
select x, user as y from (select user as x from a) s, b
