-- names are folded to lower case
-- tables: o=app.raw.orders
--> id = o.id
--> total = o.amount, o.tax
SELECT ID, Amount + TAX AS Total FROM Raw.Orders
====
-- quoted names keep their case
-- tables: o=app.Raw.Orders
--> Id = o.Id
--> name = o.name
SELECT "Id", Name FROM "Raw"."Orders"
====
-- a name in three parts
-- tables: o=app.sales.orders
--> id = o.id
select app.sales.orders.id from app.sales.orders
====
-- qualified by schema and table
-- tables: o=app.sales.orders c=app.crm.customers
--> id = o.id
--> name = c.name
select sales.orders.id, customers.name from sales.orders join crm.customers on true
====
-- a cast gives its column's name
-- tables: o=app.public.orders
--> id = o.id
--> amount = o.amount
--> count =
select id::text, cast(amount as numeric(10, 2)), count(*) from orders group by 1, 2
====
-- what has no name of its own
-- tables: o=app.public.orders
-- problems: unnamed
--> a = o.a
select a, a + 1 from orders
====
-- an alias is not seen in its own list
-- tables: o=app.public.orders
--> gross = o.amount, o.tax
--> double = o.gross
select amount + tax as gross, gross * 2 as double from orders
====
-- self join
-- tables: e=app.public.employees
--> name = e.name
--> boss = e.name
select e.name, m.name as boss from employees e left join employees m on e.manager_id = m.id
====
-- self join without qualifier
-- tables: e=app.public.employees
-- problems: ambiguous
--> name ~
select name from employees e left join employees m on e.manager_id = m.id
====
-- whole row as json, columns unknown
-- tables: o=app.public.orders
-- problems: ambiguous
--> doc ~
select row_to_json(o) as doc from orders o
====
-- whole row as json, columns known
-- known: app.public.orders(id, amount)
-- tables: o=app.public.orders
--> doc = o.id, o.amount
select row_to_json(o) as doc from orders o
====
-- a field of a row in brackets
-- known: app.public.orders(id, amount)
-- tables: o=app.public.orders
--> id = o.id
select (o).id from orders o
====
-- a field of a composite column
-- tables: c=app.public.customers
--> city = c.address
select (c.address).city from customers c
====
-- distinct on and order by
-- tables: o=app.public.orders
--> customer_id = o.customer_id
--> amount = o.amount
select distinct on (customer_id) customer_id, amount from orders order by customer_id, created_at desc
====
-- filter, order inside aggregates and within group
-- tables: o=app.public.orders
--> paid = o.amount, o.status
--> names = o.name, o.created_at
--> median = o.amount
select sum(amount) filter (where status = 'paid') as paid, array_agg(name order by created_at) as names,
  percentile_cont(0.5) within group (order by amount) as median from orders
====
-- a named window
-- tables: o=app.public.orders
--> r = o.region, o.amount
select rank() over w as r from orders window w as (partition by region order by amount)
====
-- a case with its conditions
-- tables: o=app.public.orders
--> size = o.amount, o.label
select case when amount > 100 then 'big' else label end as size from orders
====
-- exists gives nothing, in gives its list
-- tables: o=app.public.orders b=app.public.blocked
--> known =
--> listed = o.customer_id, b.id
select exists (select 1 from blocked b where b.id = o.customer_id) as known,
  o.customer_id in (select b.id from blocked b) as listed from orders o
====
-- array of a subquery
-- tables: o=app.public.orders l=app.public.lines
--> skus = l.sku
select array(select l.sku from lines l where l.order_id = o.id) as skus from orders o
====
-- cross join lateral
-- tables: c=app.public.customers o=app.public.orders
--> id = c.id
--> amount = o.amount
select c.id, x.amount from customers c cross join lateral (select o.amount from orders o where o.cid = c.id limit 1) x
====
-- lateral that hands a column of the left side on
-- tables: c=app.public.customers
--> label = c.name, c.city
select x.label from customers c, lateral (select c.name || c.city as label) x
====
-- generate_series
-- tables: o=app.public.orders
--> id = o.id
--> day = o.first_day, o.last_day
select o.id, d.day from orders o, generate_series(o.first_day, o.last_day, '1 day') as d(day)
====
-- generate_series by its alias
-- tables:
--> n =
select n from generate_series(1, 10) n
====
-- json_array_elements
-- tables: o=app.public.orders
--> sku = o.doc
select e->>'sku' as sku from orders o, json_array_elements(o.doc) e
====
-- json_to_recordset with a list of columns
-- tables: o=app.public.orders
--> sku = o.doc
--> id = o.id
select o.id, r.sku from orders o, json_to_recordset(o.doc) as r(sku text, qty int)
====
-- unnest of two arrays
-- tables: o=app.public.orders
--> k = o.keys
--> v = o.vals
select u.k, u.v from orders o, unnest(o.keys, o.vals) as u(k, v)
====
-- unnest and a name that may be of either
-- tables: o=app.public.orders
-- problems: ambiguous
--> id ~
--> tag = o.tags
select id, t.tag from orders o, unnest(o.tags) as t(tag)
====
-- a function nobody knows
-- tables: o=app.public.orders
-- problems: function
--> x ~ o.id
select f.x from orders o, report_lines(o.id) as f(x)
====
-- recursive
-- tables: p=app.public.parts
--> root = p.id
--> part = p.id, p.child
with recursive tree(root, part) as (
  select id, id from parts union select t.root, p.child from tree t join parts p on p.id = t.part
) select root, part from tree
====
-- without the word a query of WITH reads the table of its name
-- tables: o=app.public.orders
--> id = o.id
with orders as (select id from orders union all select id from orders) select id from orders
====
-- with inside with
-- tables: a=app.public.a
--> y = a.x
with o as (with i as (select x from a) select x as y from i) select y from o
====
-- union with a narrower cast
-- tables: a=app.public.a b=app.public.b
--> x = a.x, b.y
(select x from a order by x limit 1) union (select y from b)
====
-- except inside union
-- tables: a=app.public.a b=app.public.b c=app.public.c
--> x = a.x, c.z
(select x from a except select y from b) union all select z from c
====
-- intersect
-- tables: a=app.public.a b=app.public.b
--> x = a.x, b.y
select x from a intersect select y from b
====
-- full join using
-- tables: a=app.public.a b=app.public.b
--> id = a.id, b.id
--> left_id = a.id
select id, a.id as left_id from a full join b using (id)
====
-- using over three tables
-- known: app.public.a(id, x) app.public.b(id, y) app.public.c(id, z)
-- tables: a=app.public.a b=app.public.b c=app.public.c
--> id = a.id
--> x = a.x
--> y = b.y
--> z = c.z
select * from a join b using (id) left join c using (id)
====
-- natural join of unknown tables
-- tables: a=app.public.a b=app.public.b
-- problems: ambiguous
--> id ~
--> x = a.x
select id, a.x from a natural join b
====
-- functions without brackets are no columns
-- tables: o=app.public.orders
--> who =
--> today =
--> place =
select current_user as who, current_date as today, ctid as place from orders
====
-- unknown column of a known table comes from the query around it
-- known: app.public.a(x) app.public.b(y)
-- tables: a=app.public.a b=app.public.b
--> z = a.x
select (select x from b limit 1) as z from a
====
-- columns renamed by the alias of a subquery
-- tables: o=app.public.orders
--> a = o.id
--> b = o.amount
select s.a, s.b from (select id, amount from orders) as s(a, b)
====
-- columns renamed by the alias of an unknown table
-- tables: o=app.public.orders
-- problems: star
--> a ~
select s.a from orders as s(a, b)
====
-- star of a join, one known
-- known: app.public.a(id, x)
-- tables: a=app.public.a b=app.public.b
-- problems: star
-- passed: b
--> id = a.id
--> x = a.x
select a.*, b.* from a join b on true
====
-- only, tablesample and locking
-- tables: o=app.public.orders
--> id = o.id
select id from only orders tablesample system (10) for update
====
-- deletes inside WITH
-- tables:
-- targets: app.public.orders
-- problems: unsupported
--> id ~
with gone as (delete from orders where id < 10 returning id) select id from gone
====
-- insert from WITH, with conflict
-- tables: a=app.public.a
-- targets: app.mart.facts
--> k = a.id
--> v = a.x
with s as (select id, x from a) insert into mart.facts (k, v) select id, x from s on conflict (k) do update set v = excluded.v
====
-- update from
-- tables: b=app.public.b
-- targets: app.public.a
-- problems: unsupported
update a set x = b.y from b where a.id = b.id
====
-- select into
-- tables: a=app.public.a
-- targets: app.public.copy_of_a
--> id = a.id
select id into copy_of_a from a
====
-- create view with names
-- tables: a=app.public.a
-- targets: app.mart.v
--> k = a.id
--> v = a.x
create view mart.v (k, v) as select id, x from a
====
-- search_path makes schemas unknown
-- tables: c=app.crm.customers
-- problems: unsupported
--> name = c.name
set search_path to sales, public; select name from crm.customers
====
-- a catalogue without its schema
-- tables:
-- problems: table
--> tablename ~
select tablename from pg_tables
====
-- copy of a query
-- tables: a=app.public.a
--> id = a.id
copy (select id from a) to stdout
====
-- dollar quotes and comments hold no tables
-- tables: a=app.public.a
--> t =
--> id = a.id
select $$select x from hidden$$ as t, id /* from hidden2 /* nested */ */ from a -- from hidden3
====
-- liquid loop around columns
-- tables: a=app.public.a
-- problems: template
--> id ~ a.id
select id {% for c in columns %}, {{ c }} {% endfor %} from a
====
-- two statements with columns
-- tables: a=app.public.a b=app.public.b
-- problems: several
--> y = b.y
select x from a; select y from b
====
-- row comparison and casts of columns
-- tables: a=app.public.a
--> same = a.x, a.y, a.z
--> at = a.ts
select (x, y) = (z, 1) as same, ts at time zone 'UTC' as at from a
====
-- extract and position
-- tables: a=app.public.a
--> m = a.ts
--> p = a.needle, a.hay
select extract(month from ts) as m, position(needle in hay) as p from a
====
-- select into a temporary table
-- tables: a=app.public.a
--> id = a.id
select id into temp s from a; select id from s
