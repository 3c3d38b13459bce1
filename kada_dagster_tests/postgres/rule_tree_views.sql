-- View definitions with the base columns that each output column is computed from, by hand.
--
-- A block is `-- name [mark] ...: column | column ...` and the query of the view v_<name>. An
-- output column is the list of what it comes from: `t.a` a column, `t.#2` one by its number, `t.*`
-- the whole row, `-` nothing. Marks: [since 14] the first version that has the syntax, [xml] needs
-- libxml, [materialized], [WITH (...)] options of the view.
-- HOSTILE_TABLE and HOSTILE_COLUMN are written out in view_corpus.py.

-- == Expressions and aggregates

-- plain: t.id | t.a | t.b
SELECT id, a, b AS renamed_b FROM t;

-- star: u.id | u.a | u.c
SELECT * FROM u;

-- star_past_a_dropped_column: t.id | t.a | t.b | t.d | t.p | t.arr | t.j | t.doc
SELECT * FROM t;

-- constants: - | - | - | -
SELECT 1 AS one, 'x'::text AS x, now() AS n, NULL::int AS nil;

-- expression: t.a t.id | t.b t.d
SELECT a + id * 2 AS s, upper(b) || d AS c FROM t;

-- case_condition: t.a t.b t.id t.d
SELECT CASE WHEN a > 1 THEN b WHEN id = 2 THEN 'x' ELSE d::text END AS c FROM t;

-- simple_case: t.a t.id t.b
SELECT CASE a WHEN id THEN b END AS c FROM t;

-- coalesce_nullif: t.a t.id | t.b u.c | t.a u.a
SELECT coalesce(a, id) AS c, nullif(b, c) AS n, greatest(t.a, u.a) AS g FROM t JOIN u USING
(id, a);

-- filters_leave_no_trace: t.b
SELECT b FROM t WHERE a > 1 AND EXISTS (SELECT 1 FROM u WHERE u.id = t.id) ORDER BY d LIMIT
3;

-- aggregates: t.b | t.a | - | t.id
SELECT b, sum(a) AS s, count(*) AS n, count(DISTINCT id) AS k FROM t GROUP BY b HAVING
max(d) > 1;

-- aggregate_filter_and_order: t.b t.d t.a
SELECT string_agg(b, ',' ORDER BY d) FILTER (WHERE a > 0) AS s FROM t;

-- ordered_set_aggregate: t.a | t.b
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY a) AS m, mode() WITHIN GROUP (ORDER BY b)
AS o FROM t;

-- hypothetical_aggregate: u.a | u.a t.d
SELECT u.a, (SELECT rank(u.a) WITHIN GROUP (ORDER BY t.d) FROM t) AS r FROM u;

-- grouping_sets: t.a | t.b | - | t.d
SELECT a, b, grouping(a, b) AS g, sum(d) AS s FROM t GROUP BY GROUPING SETS ((a), (b), ());

-- rollup_of_an_expression: t.a t.id | t.b | -
SELECT a + id AS k, upper(b) AS u, count(*) AS n FROM t GROUP BY ROLLUP (a + id, upper(b));

-- group_by_in_a_join: u.c | t.a | t.b
SELECT u.c, t.a + 1 AS a1, max(t.b) AS m FROM t JOIN u ON u.id = t.id GROUP BY u.c, t.a;

-- == Windows

-- window_over: t.d t.b t.id | - | t.a t.id
SELECT sum(d) OVER (PARTITION BY b ORDER BY id) AS s, row_number() OVER () AS r, lag(a) OVER
(ORDER BY id) AS l FROM t;

-- named_windows: t.a t.b t.id | t.d t.a
SELECT rank() OVER w2 AS r, first_value(d) OVER w1 AS f FROM t WINDOW w1 AS (PARTITION BY
a), w2 AS (w1 ORDER BY b, upper(id::text));

-- window_over_groups: t.b | t.a t.b | t.d
SELECT b, sum(sum(a)) OVER (ORDER BY b) AS s, rank() OVER (ORDER BY max(d)) AS r FROM t
GROUP BY b;

-- window_filter_and_frame: t.a t.id t.d
SELECT sum(a) FILTER (WHERE id > 1) OVER (ORDER BY d ROWS BETWEEN 2 PRECEDING AND CURRENT
ROW) AS s FROM t;

-- window_in_a_correlated_frame: w.id w.e u.a
SELECT (SELECT max(s) FROM (SELECT sum(w.id) OVER (ORDER BY w.e ROWS u.a PRECEDING) AS s
FROM w) q) AS m FROM u;

-- window_frame_of_a_query_with_a_window: t.d t.b t.id u.c
SELECT sum(d) OVER (PARTITION BY b ORDER BY id ROWS (SELECT max(r) FROM (SELECT rank() OVER
(ORDER BY u.c) AS r FROM u ORDER BY u.a) q) PRECEDING) AS s FROM t;

-- == FROM: subqueries and joins

-- distinct_on: t.a | t.b
SELECT DISTINCT ON (a) a, b FROM t ORDER BY a, d DESC;

-- subquery: t.a t.id | t.b
SELECT q.x, q.y FROM (SELECT a + id AS x, b AS y FROM t WHERE d > 0) q;

-- subqueries_nested: t.b u.c
SELECT z FROM (SELECT y AS z FROM (SELECT x || c AS y FROM (SELECT b AS x, id FROM t) q1
JOIN u ON u.id = q1.id) q2) q3;

-- subquery_with_junk: t.a | t.b
SELECT y, x FROM (SELECT b AS x, a AS y FROM t ORDER BY d LIMIT 5) q;

-- lateral: t.id | u.a t.a | t.b
SELECT t.id, l.m, l.k FROM t, LATERAL (SELECT max(u.a + t.a) AS m, t.b AS k FROM u WHERE
u.id = t.id) l;

-- lateral_twice_up: w.e u.c t.b
SELECT l.s FROM t, LATERAL (SELECT (SELECT max(w.e || u.c || t.b) FROM w) AS s FROM u) l;

-- left_join_on: t.id | t.a | t.b | t.d | t.p | t.arr | t.j | t.doc | u.c
SELECT t.*, u.c FROM u LEFT JOIN t ON t.id = u.id;

-- join_using: t.id | t.a | u.c
SELECT id, a, c FROM t JOIN u USING (id, a);

-- right_join_using: u.id | u.c | t.b
SELECT id, c, b FROM t RIGHT JOIN u USING (id);

-- full_join_using: t.id u.id | t.b | u.c
SELECT id, b, c FROM t FULL JOIN u USING (id);

-- natural_full_join: u.id w.id | u.a | u.c | w.e
SELECT * FROM u NATURAL FULL JOIN w;

-- full_joins_in_a_row: t.id u.id w.id | w.e
SELECT id, e FROM t FULL JOIN u USING (id) FULL JOIN w USING (id);

-- join_alias: u.id w.id | u.c | w.e
SELECT j.id, j.c, j.e FROM (u FULL JOIN w USING (id)) j;

-- join_alias_whole_row: u.id u.a u.c w.e
SELECT to_jsonb(j) AS r FROM (u JOIN w USING (id)) j;

-- join_using_alias [since 14]: t.id u.id | t.b
SELECT j.id, b FROM t FULL JOIN u USING (id) AS j;

-- join_of_a_subquery: u.id t.id | t.b
SELECT id, k FROM u FULL JOIN (SELECT id, max(b) AS k FROM t GROUP BY id) q USING (id);

-- self_join: t.a | t.b
SELECT x.a, y.b FROM t x JOIN t y ON x.id = y.a;

-- == Set operations

-- union_of_two: t.a u.id | t.b u.c
SELECT a, b FROM t UNION SELECT id, c FROM u;

-- union_nested: t.a u.id w.id
SELECT a FROM t UNION ALL (SELECT id FROM u UNION SELECT id FROM w ORDER BY 1 LIMIT 3);

-- intersect: t.b u.c
SELECT b FROM t INTERSECT SELECT c FROM u;

-- except_filters_only: t.b | t.a
SELECT b, a FROM t EXCEPT SELECT c, a FROM u;

-- except_in_a_union: t.b w.e
(SELECT b FROM t EXCEPT SELECT c FROM u) UNION SELECT e FROM w;

-- union_in_except: t.b
SELECT b FROM t EXCEPT (SELECT c FROM u UNION SELECT e FROM w);

-- union_of_types: t.a t.d
SELECT a::bigint AS n FROM t UNION ALL SELECT d FROM t UNION ALL SELECT 7;

-- union_of_stars_sorted: w.id u.id | w.e u.c
SELECT * FROM w UNION ALL SELECT id, c FROM u ORDER BY 2;

-- == WITH

-- cte: t.b | t.a
WITH q AS (SELECT a, max(b) AS m FROM t GROUP BY a) SELECT m, a FROM q;

-- cte_of_cte: t.a u.a
WITH q AS (SELECT a AS x FROM t), r AS (SELECT x + u.a AS y FROM q, u) SELECT y FROM r;

-- cte_hidden_by_an_inner_one: t.a | u.c
WITH q AS (SELECT a AS x FROM t) SELECT x, (WITH q AS (SELECT c AS x FROM u) SELECT max(x)
FROM q) AS y FROM q;

-- cte_from_a_sublink: w.e
WITH q AS (SELECT e FROM w) SELECT (SELECT (SELECT max(e) FROM q)) AS m FROM u;

-- cte_from_a_union_branch: w.e u.c
WITH q AS (SELECT e, id FROM w) SELECT e FROM q UNION ALL SELECT c FROM u;

-- cte_renamed_columns: t.b | t.a
WITH q(x, y) AS (SELECT a, b FROM t) SELECT y, x FROM q;

-- cte_materialized [since 12]: t.b | t.b
WITH q AS MATERIALIZED (SELECT b FROM t) SELECT q.b, q2.b AS c FROM q, q q2;

-- recursive: u.id w.id | u.c w.e
WITH RECURSIVE r(id, path) AS (SELECT id, c FROM u UNION ALL SELECT w.id, r.path || w.e FROM
r JOIN w ON w.id = r.id + 1) SELECT id, path FROM r;

-- recursive_with_swapped_columns: u.id u.a | u.id u.a | -
WITH RECURSIVE r(x, y, n) AS (SELECT id, a, 1 FROM u UNION ALL SELECT y, x, n + 1 FROM r
WHERE n < 9) SELECT x, y, n FROM r;

-- recursive_pair: t.a w.id | t.a w.id
WITH RECURSIVE r(x) AS (SELECT a FROM t UNION SELECT q.y FROM (SELECT x + w.id AS y FROM r,
w) q) SELECT x, (SELECT max(x) FROM r) AS m FROM r;

-- recursive_search [since 14]: w.e u.c | w.id u.a
WITH RECURSIVE r(id, e) AS (SELECT id, e FROM w UNION ALL SELECT u.a, u.c FROM u, r WHERE
u.id = r.id) SEARCH DEPTH FIRST BY id SET ord SELECT e, ord::text AS o FROM r;

-- recursive_search_and_cycle [since 14]: w.id u.a w.e u.c | w.id u.a | w.id u.a | w.id u.a w.e u.c
WITH RECURSIVE r(id, e) AS (SELECT id, e FROM w UNION ALL SELECT u.a, u.c FROM u, r WHERE
u.id = r.id) SEARCH BREADTH FIRST BY e, id SET "o :x" CYCLE id SET hit USING trail SELECT "o :x"::text
AS o, hit, trail::text AS t, r::text AS r FROM r;

-- == Subqueries in expressions

-- scalar_sublink: t.a | u.c
SELECT a, (SELECT max(c) FROM u) AS m FROM t;

-- correlated_sublink: u.c t.b
SELECT (SELECT u.c || t.b FROM u WHERE u.id = t.id ORDER BY u.a LIMIT 1) AS s FROM t;

-- exists_sublink: - | u.c
SELECT EXISTS (SELECT a FROM t WHERE t.id = u.id) AS x, CASE WHEN NOT EXISTS (SELECT b FROM
t) THEN u.c END AS y FROM u;

-- in_and_any_sublinks: t.b u.c | t.a w.id | t.a t.id u.a u.id
SELECT b IN (SELECT c FROM u) AS i, a > ALL (SELECT id FROM w) AS l, (a, id) = (SELECT a, id
FROM u LIMIT 1) AS r FROM t;

-- array_sublink: u.c
SELECT ARRAY(SELECT c FROM u ORDER BY a) AS l FROM t;

-- sublink_of_a_union: t.b u.c
SELECT (SELECT max(x) FROM (SELECT b AS x FROM t UNION SELECT c FROM u) q) AS m FROM w;

-- sublink_with_window: w.e | u.c
SELECT (SELECT max(r) FROM (SELECT rank() OVER (ORDER BY w.e) AS r FROM w) q) AS m, rank()
OVER (ORDER BY u.c) AS r FROM u;

-- sublink_in_a_join_condition: u.c
SELECT u.c FROM u JOIN w ON w.e = (SELECT max(b) FROM t);

-- == VALUES and functions in FROM

-- values_list: - | -
SELECT v.n, v.s FROM (VALUES (1, 'a'), (2, 'b')) v(n, s);

-- values_lateral: t.a t.id | t.b
SELECT v.n, v.s FROM t, LATERAL (VALUES (t.a, t.b), (t.id, 'x')) v(n, s);

-- values_alone: - | -
VALUES (1, 'a'), (2, 'b');

-- unnest: t.id | t.arr
SELECT t.id, x.e FROM t, unnest(t.arr) AS x(e);

-- unnest_two_with_ordinality: t.arr | t.b t.d | -
SELECT x.e, x.f, x.n FROM t, unnest(t.arr, ARRAY[t.b, t.d::text]) WITH ORDINALITY AS x(e, f,
n);

-- rows_from: t.a | t.* | t.*
SELECT g, m, n FROM t, ROWS FROM (generate_series(1, t.a), rows_of(t)) AS f(g, m, n);

-- set_returning_target: t.id | t.arr | t.a
SELECT id, unnest(arr) AS e, generate_series(1, a) AS g FROM t;

-- record_function: t.j | t.j
SELECT r.k, r.v FROM t, jsonb_to_recordset(t.j) AS r(k int, v text);

-- composite_function: t.a | t.a | t.a
SELECT f.x, f.y, f FROM t, pair_of(t.a) f;

-- sql_value_functions: - | - | t.b
SELECT current_user AS c, CURRENT_DATE AS d, coalesce(b, current_user) AS e FROM t;

-- xml_expressions [xml]: t.a t.b | t.id t.d
SELECT xmlelement(name ":varno 1", xmlattributes(a AS k), b) AS x, xmlforest(id AS "{i}", d)
AS f FROM t;

-- xmltable [xml]: - | t.doc | t.doc t.b | t.doc t.b t.id
SELECT x.n, x.k, x.v, x.z FROM t, XMLTABLE('/r' PASSING t.doc COLUMNS n FOR ORDINALITY, k
int PATH 'k', v text PATH 'v' DEFAULT t.b, z text PATH t.b || t.id) x;

-- xmltable_namespaces [xml]: t.doc u.c
SELECT x.k FROM t, u, XMLTABLE(XMLNAMESPACES('urn:x' AS n), ('/r' || u.c) PASSING t.doc
COLUMNS k int) x;

-- json_table [since 17]: - | t.j u.c | t.j u.c | t.j u.c
SELECT x.n, x.k, x.v, x.i FROM t, u, JSON_TABLE(t.j, '$[*]' PASSING u.c AS "p :q" COLUMNS (n
FOR ORDINALITY, k int PATH '$.k', v text PATH '$.v' DEFAULT 'x' ON EMPTY, NESTED PATH
'$.l[*]' COLUMNS (i int PATH '$'))) x;

-- json_functions [since 17]: t.j t.a | t.j
SELECT JSON_VALUE(j, '$.a' PASSING a AS x DEFAULT 'x' ON ERROR) AS v, JSON_EXISTS(j, '$.k')
AS e FROM t;

-- json_constructors [since 16]: t.a t.b | t.d t.id
SELECT JSON_OBJECT('k': a, 'l': b) AS o, JSON_ARRAYAGG(d ORDER BY id) AS g FROM t GROUP BY
a, b;

-- == Views on views

-- view_on_view: v_subquery.x | v_subquery.y
SELECT x, y || 'z' AS z FROM v_subquery;

-- matview [materialized]: t.a | t.b
SELECT a, count(b) AS n FROM t GROUP BY a;

-- view_on_matview: v_matview.n
SELECT n FROM v_matview;

-- renamed_source_column: renamed.#1 | renamed.#2
SELECT old_name + 1 AS n, kept FROM renamed;

-- == Whole rows and fields

-- whole_row: t.* | u.*
SELECT t AS r, to_jsonb(u) AS j FROM t, u;

-- whole_row_of_a_subquery: t.a t.b t.d
SELECT q::text AS r FROM (SELECT a, b || d AS c FROM t) q;

-- whole_row_of_a_cte: t.a t.b
WITH q AS (SELECT a, b FROM t) SELECT row_to_json(q) AS r FROM q;

-- whole_row_of_values: u.a u.c
SELECT v::text AS r FROM u, LATERAL (VALUES (u.a, u.c)) v;

-- field_of_a_whole_row: t.b | t.d
SELECT (x).b, (x).d + 1 AS d FROM (SELECT t AS x FROM t OFFSET 0) q;

-- field_of_a_row_of_a_subquery: t.b
SELECT (x).k FROM (SELECT s AS x FROM (SELECT a, b AS k FROM t) s) q;

-- field_of_a_built_row: t.b
SELECT (x).y FROM (SELECT ROW(a, b)::pair AS x FROM t OFFSET 0) q;

-- field_of_a_cte_row: u.c | u.a
WITH q AS (SELECT u AS r FROM u) SELECT (r).c, (q.r).a FROM q;

-- field_of_a_computed_row: t.a | t.id t.p
SELECT (pair_of(a)).y, (CASE WHEN id > 1 THEN p END).x FROM t;

-- field_of_a_row_from_a_function: t.*
SELECT (x).m FROM (SELECT rows_of(t) AS x FROM t OFFSET 0) q;

-- field_of_a_union_row: t.*
SELECT (x).b FROM (SELECT t AS x FROM t UNION ALL SELECT t FROM t JOIN u USING (id)) q;

-- field_of_an_outer_row: t.b w.e
SELECT (SELECT (q.x).b || max(e) FROM w) AS s FROM (SELECT t AS x FROM t OFFSET 0) q;

-- composite_field: t.p | t.p t.b
SELECT (p).x, (t.p).y || b AS y FROM t;

-- array_element_and_slice: t.arr t.a | t.arr t.id | t.j t.b
SELECT arr[a] AS e, arr[1:id] AS s, j -> b AS k FROM t;

-- array_and_row_constructors: t.a t.id | t.b t.d | t.a t.arr | t.a t.b t.id
SELECT ARRAY[a, id] AS l, ROW(b, d)::text AS r, a = ANY (arr) AS o, (a, b) < (id, 'x') AS c
FROM t;

-- null_and_boolean_tests: t.b | t.a | t.a t.id | t.a t.id
SELECT b IS NULL AS n, (a > 1) IS TRUE AS t, a IS DISTINCT FROM id AS d, NOT (a = 1 OR id =
2) AS o FROM t;

-- casts_and_collation: t.a | t.b | t.arr
SELECT a::text COLLATE "C" AS a, b::varchar(3) AS b, arr::text[] AS c FROM t;

-- == Kinds of tables, and clauses that carry no value

-- system_columns: - | - | t.b
SELECT ctid::text AS c, tableoid, xmin::text || b AS x FROM t;

-- inherited_parent: parent.k | parent.v
SELECT k, v FROM parent;

-- inherited_only: parent.v
SELECT v FROM ONLY parent;

-- inherited_child: child.k | child.extra | child.*
SELECT k, extra, child::parent AS r FROM child;

-- partitioned: ranged.v | ranged_1.k
SELECT r.v, p.k FROM ranged r JOIN ranged_1 p USING (k);

-- tablesample: t.b
SELECT b FROM t TABLESAMPLE BERNOULLI (10) REPEATABLE (1);

-- row_locking: t.b
SELECT t.b FROM t JOIN u USING (id) FOR UPDATE OF t SKIP LOCKED;

-- security_barrier [WITH (security_barrier)]: t.b
SELECT b FROM t WHERE a > 1;

-- check_option [WITH (check_option = cascaded)]: u.c
SELECT c FROM u WHERE a > 1;

-- == Names that look like the text of a tree

-- keyword_table: select.#1 | select.#2 | select.#3 | select.#4 | select.#5
SELECT "select"."from", "where", ":rtekind" + 1 AS ":varno", ":relid 7" AS ":resjunk true",
"name" FROM "select";

-- keyword_aliases: t.a | u.c
SELECT ":relid".a AS ":resno", ":subquery".c AS "resjunk" FROM t ":relid" JOIN (SELECT id, c
AS c FROM u) ":subquery" USING (id);

-- colon_cte: t.a | w.e
WITH ":ctelevelsup" AS (SELECT a AS ":" FROM t), ":" AS (SELECT e FROM w) SELECT ":" AS x, e
FROM ":ctelevelsup", ":";

-- cte_names_that_differ_in_an_escape: u.c | t.b | w.e | t.a
WITH "a\" AS (SELECT a FROM t), "a " AS (SELECT b FROM t), "a\b" AS (SELECT c FROM u), "as"
AS (SELECT e FROM w) SELECT * FROM "a\b", "a ", "as", "a\";

-- hostile_names: hostile.#2 | hostile.#3 | hostile.#4 | hostile.#5
SELECT HOSTILE_COLUMN AS "}) {", "<>", "12" AS "( ( }", "\" AS "\}" FROM HOSTILE_TABLE;

-- hostile_aliases: hostile.#2 | hostile.#1
SELECT ":x {".HOSTILE_COLUMN AS "<>", row_number() OVER "}w" AS "9" FROM (SELECT * FROM
HOSTILE_TABLE "(") ":x {" WINDOW "}w" AS (ORDER BY one);

-- names_like_fields: t.a | t.id t.a | w.e | u.c
WITH ":cteList" AS (SELECT a AS ":rtable", id AS ":targetList" FROM t ":rtable"), ":targetList"
AS (SELECT c AS "{QUERY ", id AS ":rtable" FROM u ":targetList") SELECT x.":rtable" AS
":targetList", rank() OVER ":frameOptions" AS ":windowClause", (SELECT max(e) AS ":targetList"
FROM w ":setOperations") AS ":setOperations", ":rtindex"."{QUERY " AS ":winref" FROM ":cteList"
x JOIN ":targetList" ":rtindex" ON ":rtindex".":rtable" = x.":targetList" WINDOW ":winref" AS
(ORDER BY ":rtindex".":rtable"), ":frameOptions" AS (PARTITION BY x.":targetList" ORDER BY
x.":rtable");

-- unicode_names: t.a | t.b | u.c
SELECT a AS "größe", b AS "名前", c AS "🐘 {" FROM t JOIN u "ü" USING (id, a);

-- hostile_constants: t.b | -
SELECT '{VAR :varno 1 :varattno 1}' || b AS x, E'\\}) :resjunk true' AS y FROM t;

-- no_columns:
SELECT FROM t;
