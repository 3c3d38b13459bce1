-- README: the sample database of kada_dagster
--
-- "Tidewater Outfitters", an invented outdoor-gear shop, and the small warehouse on top of it.
-- Schemas: ref (shared lists and types), crm (customers, leads, tickets), shop (products, orders,
-- stock), finance (ledger, invoices, budgets), staging (what is loaded from outside), analytics
-- (dimensions, facts, views on views), audit (who changed what), "Marketing 2025" (a spreadsheet
-- that became a schema, with the names it had), extensions (what the server offers of these).
--
-- In it: plain, partitioned (range, list, hash, two levels), inherited, unlogged and foreign tables;
-- views of every shape, two materialised views; functions, procedures, an aggregate; triggers and a
-- rule; enum, domain, composite and range types; identity and generated columns; every kind of
-- constraint; comments; roles, memberships, grants, default privileges, row-level security;
-- statistics objects; a publication and a (disabled) subscription. All names and numbers are invented;
-- the two passwords in it (user mapping, subscription) open nothing and exist to be kept out of
-- extracts. Every date is fixed, so that loading it again gives the same rows.
--
-- Loads on PostgreSQL 11 to 18 by sample_database.py, which reads the lines `-- [since N]`,
-- `-- [before N]` and `-- [end]`: what is between them is for those major versions only.
-- Roles belong to the whole server: they start with shop_ and are used again when they exist.

SET client_min_messages = warning;
SET search_path = pg_catalog;

------------------------------------------------------------------------------------------- roles

DO $roles$
DECLARE
    wanted record;
BEGIN
    FOR wanted IN
        SELECT * FROM (VALUES
            ('shop_owner',   'NOLOGIN',                      'Owns the shop, CRM and warehouse objects'),
            ('shop_finance', 'NOLOGIN',                      'Owns the books; may see every amount'),
            ('shop_support', 'NOLOGIN',                      'Customer service'),
            ('shop_analyst', 'NOLOGIN',                      'Reads the warehouse, never personal data'),
            ('shop_app',     'LOGIN CONNECTION LIMIT 20',    'The web shop itself'),
            ('shop_etl',     'LOGIN VALID UNTIL ''2031-01-01''', 'The nightly load'),
            ('shop_anna',    'LOGIN',                        'Anna, analyst'),
            ('shop_bo',      'LOGIN',                        'Bo, controller'),
            ('shop_reader',  'LOGIN',                        'Reads the catalogue for the metadata collector')
        ) AS roles (name, options, comment)
    LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted.name) THEN
            EXECUTE format('CREATE ROLE %I %s', wanted.name, wanted.options);
        END IF;
        EXECUTE format('COMMENT ON ROLE %I IS %L', wanted.name, wanted.comment);
    END LOOP;
    EXECUTE format('ALTER DATABASE %I OWNER TO shop_owner', current_database());
    EXECUTE format('COMMENT ON DATABASE %I IS %L', current_database(),
                   'Tidewater Outfitters: shop, CRM, books and the warehouse built on them');
    EXECUTE format('REVOKE CONNECT ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO shop_app, shop_etl, shop_analyst, shop_finance, '
                   'shop_support, shop_reader', current_database());
    EXECUTE format('GRANT CREATE ON DATABASE %I TO shop_finance', current_database());
    EXECUTE format('ALTER ROLE shop_reader IN DATABASE %I SET default_transaction_read_only = on',
                   current_database());
END
$roles$;

GRANT shop_analyst TO shop_anna, shop_etl;
GRANT shop_finance TO shop_bo WITH ADMIN OPTION;
GRANT shop_analyst TO shop_finance;
GRANT pg_read_all_stats TO shop_reader;

-------------------------------------------------------------------------------------- extensions

CREATE SCHEMA extensions;
COMMENT ON SCHEMA extensions IS 'Extensions, kept apart from our own objects';
GRANT USAGE ON SCHEMA extensions TO PUBLIC;

-- Only what this server has; the sample does without all of them.
DO $extensions$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['pg_stat_statements', 'pg_trgm', 'hstore', 'pgcrypto', 'vector'] LOOP
        IF EXISTS (SELECT FROM pg_available_extensions WHERE name = wanted) THEN
            EXECUTE format('CREATE EXTENSION %I SCHEMA extensions', wanted);
        END IF;
    END LOOP;
    -- A wrapper without a handler serves as well for a catalogue: nobody queries these tables.
    IF EXISTS (SELECT FROM pg_available_extensions WHERE name = 'postgres_fdw') THEN
        CREATE EXTENSION postgres_fdw SCHEMA extensions;
        CREATE SERVER erp TYPE 'postgres' VERSION '13' FOREIGN DATA WRAPPER postgres_fdw
            OPTIONS (host 'erp.tidewater.invalid', port '5432', dbname 'erp');
    ELSE
        CREATE FOREIGN DATA WRAPPER remote_postgres;
        COMMENT ON FOREIGN DATA WRAPPER remote_postgres IS 'Stands for postgres_fdw where that is not installed';
        CREATE SERVER erp TYPE 'postgres' VERSION '13' FOREIGN DATA WRAPPER remote_postgres
            OPTIONS (host 'erp.tidewater.invalid', port '5432', dbname 'erp');
    END IF;
END
$extensions$;
COMMENT ON SERVER erp IS 'The ERP of the wholesaler we buy from';
GRANT USAGE ON FOREIGN SERVER erp TO shop_owner;
CREATE USER MAPPING FOR shop_owner SERVER erp OPTIONS (user 'tidewater', password 'sample-erp-password');
CREATE USER MAPPING FOR PUBLIC SERVER erp OPTIONS (user 'guest');

SET ROLE shop_owner;

CREATE SCHEMA ref;
CREATE SCHEMA crm;
CREATE SCHEMA shop;
CREATE SCHEMA staging;
CREATE SCHEMA analytics;
CREATE SCHEMA audit;
CREATE SCHEMA "Marketing 2025";
CREATE SCHEMA finance AUTHORIZATION shop_owner;
COMMENT ON SCHEMA ref IS 'Lists and types that every other schema uses';
COMMENT ON SCHEMA crm IS 'Customers, leads, contacts and tickets';
COMMENT ON SCHEMA shop IS 'Products, stock, orders, shipments';
COMMENT ON SCHEMA staging IS 'Loaded from outside, not yet checked';
COMMENT ON SCHEMA analytics IS 'Dimensions, facts and the reports on them';
COMMENT ON SCHEMA audit IS 'Who changed what';
COMMENT ON SCHEMA "Marketing 2025" IS 'Campaign planning; came from a spreadsheet and kept its names';
COMMENT ON SCHEMA finance IS 'Ledger, invoices, payments, budgets';

------------------------------------------------------------------------------------------- types

CREATE TYPE shop.order_status AS ENUM ('cart', 'placed', 'paid', 'shipped', 'delivered', 'returned', 'cancelled');
COMMENT ON TYPE shop.order_status IS 'Life of an order, in this order';
CREATE TYPE crm.ticket_priority AS ENUM ('low', 'normal', 'high', 'on fire');
COMMENT ON TYPE crm.ticket_priority IS 'How soon a ticket wants an answer';
CREATE DOMAIN ref.email AS text COLLATE "C" CONSTRAINT email_has_at CHECK (VALUE ~ '^[^@\s]+@[^@\s]+$');
COMMENT ON DOMAIN ref.email IS 'An e-mail address, loosely checked';
CREATE DOMAIN ref.amount AS numeric(14, 2) DEFAULT 0 NOT NULL;
COMMENT ON DOMAIN ref.amount IS 'Money in the currency that stands beside it';
CREATE DOMAIN ref.positive_amount AS ref.amount CONSTRAINT amount_not_negative CHECK (VALUE >= 0);
COMMENT ON DOMAIN ref.positive_amount IS 'Money that cannot be owed';
CREATE TYPE crm.postal_address AS (street text, postcode varchar(12), city text, country char(2));
COMMENT ON TYPE crm.postal_address IS 'An address as it is printed on a parcel';
COMMENT ON COLUMN crm.postal_address.country IS 'ISO 3166 alpha-2';
CREATE TYPE finance.amount_range AS RANGE (subtype = numeric);
COMMENT ON TYPE finance.amount_range IS 'From one amount to another';
CREATE COLLATION ref.plain_bytes FROM "C";
COMMENT ON COLLATION ref.plain_bytes IS 'Sorts article numbers byte by byte';

--------------------------------------------------------------------------------------------- ref

CREATE TABLE ref.country (
    country_code char(2) PRIMARY KEY,
    name text NOT NULL UNIQUE,
    in_customs_union boolean NOT NULL DEFAULT false
);
COMMENT ON TABLE ref.country IS 'Countries we sell to';
COMMENT ON COLUMN ref.country.country_code IS 'ISO 3166 alpha-2';
COMMENT ON COLUMN ref.country.in_customs_union IS 'Whether a parcel needs no customs paper';

CREATE TABLE ref.currency (
    currency_code char(3) PRIMARY KEY CHECK (currency_code = upper(currency_code)),
    name text NOT NULL,
    minor_units smallint NOT NULL DEFAULT 2
);
COMMENT ON TABLE ref.currency IS 'Currencies we are paid in';
COMMENT ON COLUMN ref.currency.minor_units IS 'Digits behind the point';

CREATE TABLE ref.exchange_rate (
    currency_code char(3) NOT NULL REFERENCES ref.currency ON UPDATE CASCADE ON DELETE RESTRICT,
    valid_on date NOT NULL,
    per_euro numeric(12, 6) NOT NULL CHECK (per_euro > 0),
    PRIMARY KEY (currency_code, valid_on)
);
COMMENT ON TABLE ref.exchange_rate IS 'Daily rates, units of the currency for one euro';

CREATE TABLE ref.tax_rate (
    country_code char(2) NOT NULL REFERENCES ref.country,
    valid_during daterange NOT NULL,
    percent numeric(4, 2) NOT NULL,
    CONSTRAINT tax_rate_no_overlap EXCLUDE USING gist (
        (int4range(ascii(country_code::text) * 256 + ascii(substr(country_code::text, 2)),
                   ascii(country_code::text) * 256 + ascii(substr(country_code::text, 2)), '[]')) WITH &&,
        valid_during WITH &&)
);
COMMENT ON TABLE ref.tax_rate IS 'Value added tax per country and time';
COMMENT ON CONSTRAINT tax_rate_no_overlap ON ref.tax_rate IS 'One rate per country at any time';

CREATE TABLE ref.calendar (
    day date PRIMARY KEY,
    iso_week smallint NOT NULL,
    month_start date NOT NULL,
    is_weekend boolean NOT NULL
);
COMMENT ON TABLE ref.calendar IS 'One row a day, for reports with days on which nothing happened';

--------------------------------------------------------------------------------------------- crm

CREATE SEQUENCE crm.customer_number START 100000 INCREMENT 1 CACHE 1;
COMMENT ON SEQUENCE crm.customer_number IS 'The number a customer is told';

CREATE TABLE crm.customer (
    customer_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_number bigint NOT NULL DEFAULT nextval('crm.customer_number') UNIQUE,
    full_name text NOT NULL,
    email ref.email NOT NULL,
    phone varchar(32),
    country_code char(2) NOT NULL REFERENCES ref.country,
    home crm.postal_address,
    birth_date date,
    marketing_consent boolean NOT NULL DEFAULT false,
    attributes jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
-- [since 12]
    email_domain text GENERATED ALWAYS AS (split_part(lower((email)::text), '@', 2)) STORED,
-- [before 12]
    email_domain text,
-- [end]
    updated_at timestamptz
);
ALTER SEQUENCE crm.customer_number OWNED BY crm.customer.customer_number;
COMMENT ON TABLE crm.customer IS 'People who bought or registered. Personal data.';
COMMENT ON COLUMN crm.customer.email IS 'Where receipts go. Personal data.';
COMMENT ON COLUMN crm.customer.full_name IS 'As the customer wrote it | may hold "anything"
even a second line';
COMMENT ON COLUMN crm.customer.attributes IS 'What forms asked in passing: {"newsletter": "weekly"}';
CREATE UNIQUE INDEX customer_email_unique ON crm.customer (lower((email)::text));
COMMENT ON INDEX crm.customer_email_unique IS 'One account per address, whatever its case';
CREATE INDEX customer_attributes ON crm.customer USING gin (attributes);
CREATE INDEX customer_consenting ON crm.customer (country_code) WHERE marketing_consent;

CREATE TABLE crm.customer_address (
    customer_id bigint NOT NULL REFERENCES crm.customer ON DELETE CASCADE,
    label text NOT NULL DEFAULT 'home',
    address crm.postal_address NOT NULL,
    PRIMARY KEY (customer_id, label)
);
COMMENT ON TABLE crm.customer_address IS 'Further delivery addresses';

CREATE TABLE crm.segment (
    segment_id integer GENERATED BY DEFAULT AS IDENTITY (START 10 INCREMENT 10) PRIMARY KEY,
    parent_segment_id integer REFERENCES crm.segment DEFERRABLE INITIALLY DEFERRED,
    name text NOT NULL,
    rule_sql text,
-- [since 15]
    UNIQUE NULLS NOT DISTINCT (parent_segment_id, name)
-- [before 15]
    UNIQUE (parent_segment_id, name)
-- [end]
);
COMMENT ON TABLE crm.segment IS 'A tree of customer groups';
COMMENT ON COLUMN crm.segment.rule_sql IS 'The condition a member meets, as text';

CREATE TABLE crm.segment_member (
    segment_id integer NOT NULL REFERENCES crm.segment ON DELETE CASCADE,
    customer_id bigint NOT NULL REFERENCES crm.customer ON DELETE CASCADE,
    since date NOT NULL,
    PRIMARY KEY (segment_id, customer_id)
);
COMMENT ON TABLE crm.segment_member IS 'Who is in which group';

CREATE TABLE crm.lead (
    lead_id serial PRIMARY KEY,
    company text,
    contact_email ref.email,
    score integer CHECK (score BETWEEN 0 AND 100),
    converted_customer_id bigint REFERENCES crm.customer ON DELETE SET NULL,
    CONSTRAINT lead_is_reachable CHECK (company IS NOT NULL OR contact_email IS NOT NULL)
);
COMMENT ON TABLE crm.lead IS 'Those who may buy one day';
COMMENT ON CONSTRAINT lead_is_reachable ON crm.lead IS 'A lead nobody can reach is none';

CREATE TABLE crm.interaction (
    interaction_id bigserial PRIMARY KEY,
    customer_id bigint NOT NULL,
    happened_at timestamptz NOT NULL,
    summary text
);
COMMENT ON TABLE crm.interaction IS 'Every contact with a customer; calls and mails inherit from it';
CREATE TABLE crm.phone_call (
    seconds integer NOT NULL DEFAULT 0,
    PRIMARY KEY (interaction_id)
) INHERITS (crm.interaction);
COMMENT ON TABLE crm.phone_call IS 'Contacts by telephone';
CREATE TABLE crm.email_message (
    subject text,
    message_id text UNIQUE,
    PRIMARY KEY (interaction_id)
) INHERITS (crm.interaction);
COMMENT ON TABLE crm.email_message IS 'Contacts by e-mail';

CREATE TABLE crm.ticket (
    ticket_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id bigint NOT NULL REFERENCES crm.customer,
    priority crm.ticket_priority NOT NULL DEFAULT 'normal',
    opened_at timestamptz NOT NULL,
    closed_at timestamptz,
    subject text NOT NULL,
    CONSTRAINT ticket_closes_after_opening CHECK (closed_at IS NULL OR closed_at >= opened_at)
);
COMMENT ON TABLE crm.ticket IS 'Questions and complaints';

-------------------------------------------------------------------------------------------- shop

CREATE TABLE shop.supplier (
    supplier_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE,
    country_code char(2) REFERENCES ref.country
);
COMMENT ON TABLE shop.supplier IS 'Who we buy from';

CREATE TABLE shop.category (
    category_id integer PRIMARY KEY,
    parent_id integer REFERENCES shop.category,
    name text NOT NULL
);
COMMENT ON TABLE shop.category IS 'The tree of the shop''s shelves';

CREATE TABLE shop.product (
    product_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sku varchar(20) COLLATE ref.plain_bytes NOT NULL UNIQUE,
    name text NOT NULL,
    category_id integer NOT NULL REFERENCES shop.category,
    supplier_id integer REFERENCES shop.supplier ON DELETE SET NULL,
    weight_g integer CHECK (weight_g > 0),
    width_mm integer NOT NULL DEFAULT 100,
    height_mm integer NOT NULL DEFAULT 100,
-- [since 18]
    face_mm2 bigint GENERATED ALWAYS AS (width_mm::bigint * height_mm) VIRTUAL,
-- [before 18]
    face_mm2 bigint,
-- [end]
    tags text[] NOT NULL DEFAULT '{}',
    search tsvector,
    discontinued_on date
);
COMMENT ON TABLE shop.product IS 'What is sold';
COMMENT ON COLUMN shop.product.sku IS 'Article number on the label, as TW-00042';
COMMENT ON COLUMN shop.product.search IS 'Filled by a trigger from name and tags';
CREATE INDEX product_search ON shop.product USING gin (search);
CREATE INDEX product_in_category ON shop.product (category_id, name) INCLUDE (sku) WHERE discontinued_on IS NULL;
CREATE STATISTICS shop.product_size (dependencies) ON width_mm, height_mm FROM shop.product;
COMMENT ON STATISTICS shop.product_size IS 'Wide things are high things';

CREATE TABLE shop.product_price (
    product_id integer NOT NULL REFERENCES shop.product ON DELETE CASCADE,
    currency_code char(3) NOT NULL REFERENCES ref.currency,
    price ref.positive_amount,
    valid_during daterange NOT NULL,
    CONSTRAINT product_price_no_overlap EXCLUDE USING gist (
        (int4range(product_id, product_id, '[]')) WITH &&, valid_during WITH &&)
        DEFERRABLE INITIALLY IMMEDIATE
);
COMMENT ON TABLE shop.product_price IS 'The price of a product over time';

CREATE TABLE shop.warehouse (
    warehouse_code text PRIMARY KEY,
    country_code char(2) NOT NULL REFERENCES ref.country,
    location point
);
COMMENT ON TABLE shop.warehouse IS 'Where parcels leave from';

CREATE TABLE shop.stock (
    warehouse_code text NOT NULL REFERENCES shop.warehouse,
    product_id integer NOT NULL REFERENCES shop.product,
    quantity integer NOT NULL DEFAULT 0,
    PRIMARY KEY (warehouse_code, product_id),
    CONSTRAINT stock_not_negative CHECK (quantity >= 0) NO INHERIT
) WITH (fillfactor = 70);
COMMENT ON TABLE shop.stock IS 'Pieces on the shelf, now';

CREATE UNLOGGED TABLE shop.cart (
    session_id uuid PRIMARY KEY,
    customer_id bigint,
    items jsonb NOT NULL DEFAULT '[]',
    touched_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE shop.cart IS 'Open carts; may be lost in a crash';

CREATE TABLE shop."order" (
    order_id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    customer_id bigint NOT NULL REFERENCES crm.customer ON DELETE RESTRICT,
    status shop.order_status NOT NULL DEFAULT 'placed',
    currency_code char(3) NOT NULL DEFAULT 'EUR' REFERENCES ref.currency,
    ordered_at timestamptz NOT NULL,
    voucher_code text,
    note text
);
COMMENT ON TABLE shop."order" IS 'Orders. Its name is a keyword: quote it.';
CREATE INDEX order_by_customer ON shop."order" (customer_id, ordered_at DESC NULLS LAST);

CREATE TABLE shop.order_line (
    order_id bigint NOT NULL REFERENCES shop."order" ON DELETE CASCADE,
    line_no smallint NOT NULL,
    product_id integer NOT NULL REFERENCES shop.product,
    quantity integer NOT NULL CHECK (quantity > 0),
    unit_price ref.positive_amount,
    discount_percent numeric(4, 1) NOT NULL DEFAULT 0 CHECK (discount_percent BETWEEN 0 AND 100),
-- [since 12]
    line_total numeric(14, 2) GENERATED ALWAYS AS
        (round((quantity * (unit_price)::numeric) * (1 - discount_percent / 100), 2)) STORED,
-- [before 12]
    line_total numeric(14, 2),
-- [end]
    PRIMARY KEY (order_id, line_no)
);
COMMENT ON TABLE shop.order_line IS 'Positions of an order';
COMMENT ON COLUMN shop.order_line.line_total IS 'Quantity times price less discount';

CREATE TABLE shop.order_event (
    order_id bigint NOT NULL,
    happened_at timestamptz NOT NULL,
    status shop.order_status NOT NULL,
    detail jsonb,
    PRIMARY KEY (order_id, happened_at, status)
) PARTITION BY RANGE (happened_at);
COMMENT ON TABLE shop.order_event IS 'Each step of each order, a partition a quarter';
CREATE TABLE shop.order_event_2025_q1 PARTITION OF shop.order_event
    FOR VALUES FROM ('2025-01-01 00:00+00') TO ('2025-04-01 00:00+00');
CREATE TABLE shop.order_event_2025_q2 PARTITION OF shop.order_event
    FOR VALUES FROM ('2025-04-01 00:00+00') TO ('2025-07-01 00:00+00');
CREATE TABLE shop.order_event_rest PARTITION OF shop.order_event DEFAULT;
CREATE INDEX order_event_status ON shop.order_event (status);
COMMENT ON TABLE shop.order_event_2025_q1 IS 'January to March 2025';
COMMENT ON TABLE shop.order_event_2025_q2 IS 'April to June 2025';
COMMENT ON TABLE shop.order_event_rest IS 'What no quarter holds';

CREATE TABLE shop.shipment (
    shipment_id bigint NOT NULL,
    region text NOT NULL,
    order_id bigint NOT NULL REFERENCES shop."order",
    warehouse_code text NOT NULL REFERENCES shop.warehouse,
    shipped_at timestamptz,
    tracking text,
    PRIMARY KEY (region, shipment_id)
) PARTITION BY LIST (region);
COMMENT ON TABLE shop.shipment IS 'Parcels, a partition a region';
CREATE TABLE shop.shipment_europe PARTITION OF shop.shipment FOR VALUES IN ('eu', 'uk', 'no')
    PARTITION BY HASH (shipment_id);
CREATE TABLE shop.shipment_europe_0 PARTITION OF shop.shipment_europe FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE shop.shipment_europe_1 PARTITION OF shop.shipment_europe FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE shop.shipment_americas PARTITION OF shop.shipment FOR VALUES IN ('us', 'ca');
COMMENT ON TABLE shop.shipment_europe IS 'Europe, split by hash once more';
COMMENT ON TABLE shop.shipment_europe_0 IS 'Europe, first half';
COMMENT ON TABLE shop.shipment_europe_1 IS 'Europe, second half';
COMMENT ON TABLE shop.shipment_americas IS 'United States and Canada';

CREATE TABLE shop.review (
    product_id integer NOT NULL REFERENCES shop.product,
    customer_id bigint NOT NULL REFERENCES crm.customer,
    stars smallint NOT NULL CHECK (stars BETWEEN 1 AND 5),
    body text,
    PRIMARY KEY (product_id, customer_id)
);
COMMENT ON TABLE shop.review IS 'What customers think of it';

CREATE TABLE shop.voucher (
    code text PRIMARY KEY,
    percent numeric(4, 1) NOT NULL,
    usable tstzrange NOT NULL DEFAULT tstzrange(NULL, NULL)
);
COMMENT ON TABLE shop.voucher IS 'Codes that make it cheaper';
ALTER TABLE shop."order" ADD CONSTRAINT order_voucher FOREIGN KEY (voucher_code) REFERENCES shop.voucher
    ON UPDATE CASCADE ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED NOT VALID;

----------------------------------------------------------------------- staging, audit, marketing

CREATE UNLOGGED TABLE staging.web_event (
    received_at timestamptz NOT NULL,
    session_id uuid,
    payload jsonb NOT NULL
);
COMMENT ON TABLE staging.web_event IS 'Clicks as they come in';
CREATE INDEX web_event_received ON staging.web_event USING brin (received_at);

CREATE TABLE staging.supplier_feed (
    line_no integer,
    raw text,
    loaded_at timestamptz DEFAULT CURRENT_TIMESTAMP
);
COMMENT ON TABLE staging.supplier_feed IS 'Lines of the wholesalers'' files, unparsed';

CREATE FOREIGN TABLE staging.erp_article (
    article_no text OPTIONS (column_name 'artnr') NOT NULL,
    description text,
    purchase_price numeric(12, 4)
) SERVER erp OPTIONS (schema_name 'public', table_name 'artikel');
COMMENT ON FOREIGN TABLE staging.erp_article IS 'Articles in the wholesaler''s ERP (cannot be queried in the sample)';
COMMENT ON COLUMN staging.erp_article.article_no IS 'Their number; ours is shop.product.sku';

CREATE TABLE audit.change_log (
    change_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    changed_by name NOT NULL DEFAULT CURRENT_USER,
    table_name regclass NOT NULL,
    old_row jsonb,
    new_row jsonb
);
COMMENT ON TABLE audit.change_log IS 'Rows before and after a change, by trigger';

CREATE TABLE "Marketing 2025"."Campaign" (
    "Campaign ID" integer PRIMARY KEY,
    "Name" text NOT NULL,
    "Budget (EUR)" numeric(10, 2),
    "Start|End" daterange,
    "Größe 🎯" text
);
COMMENT ON TABLE "Marketing 2025"."Campaign" IS 'Campaigns, columns as in the spreadsheet';
COMMENT ON COLUMN "Marketing 2025"."Campaign"."Größe 🎯" IS 'S, M, L – by feel';
CREATE TABLE "Marketing 2025"."Spend.daily" (
    "Campaign ID" integer NOT NULL REFERENCES "Marketing 2025"."Campaign",
    day date NOT NULL REFERENCES ref.calendar,
    channel text NOT NULL,
    cost ref.positive_amount,
    clicks integer,
    PRIMARY KEY ("Campaign ID", day, channel)
);
COMMENT ON TABLE "Marketing 2025"."Spend.daily" IS 'What a campaign cost on a day';

----------------------------------------------------------------------------------------- finance

GRANT USAGE ON SCHEMA ref, crm, shop, analytics TO shop_finance;
GRANT SELECT, REFERENCES ON ALL TABLES IN SCHEMA ref, crm, shop TO shop_finance;
GRANT USAGE, CREATE ON SCHEMA finance TO shop_finance;
SET ROLE shop_finance;

CREATE TABLE finance.account (
    account_no varchar(8) PRIMARY KEY,
    name text NOT NULL,
    kind "char" NOT NULL CHECK (kind IN ('A', 'L', 'R', 'E'))
);
COMMENT ON TABLE finance.account IS 'Chart of accounts';
COMMENT ON COLUMN finance.account.kind IS 'A asset, L liability, R revenue, E expense';

CREATE TABLE finance.cost_center (
    cost_center text PRIMARY KEY,
    owner_name text NOT NULL
);
COMMENT ON TABLE finance.cost_center IS 'Who pays';

CREATE TABLE finance.invoice (
    invoice_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id bigint NOT NULL UNIQUE REFERENCES shop."order",
    issued_on date NOT NULL,
    due_on date NOT NULL,
    total ref.positive_amount,
    CHECK (due_on >= issued_on)
);
COMMENT ON TABLE finance.invoice IS 'One invoice an order';

CREATE TABLE finance.payment (
    payment_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    invoice_id bigint NOT NULL REFERENCES finance.invoice MATCH FULL,
    paid_on date NOT NULL,
    amount ref.amount,
    method text NOT NULL DEFAULT 'card'
);
COMMENT ON TABLE finance.payment IS 'Money that arrived (or went back: negative)';

CREATE TABLE finance.ledger_entry (
    entry_id bigint NOT NULL,
    booked_on date NOT NULL,
    account_no varchar(8) NOT NULL REFERENCES finance.account,
    cost_center text REFERENCES finance.cost_center,
    amount ref.amount,
    text text,
    PRIMARY KEY (booked_on, entry_id)
) PARTITION BY RANGE (booked_on);
COMMENT ON TABLE finance.ledger_entry IS 'Double-entry bookings, a partition a half-year';
CREATE TABLE finance.ledger_entry_2025_h1 PARTITION OF finance.ledger_entry
    FOR VALUES FROM ('2025-01-01') TO ('2025-07-01');
CREATE TABLE finance.ledger_entry_2025_h2 PARTITION OF finance.ledger_entry
    FOR VALUES FROM ('2025-07-01') TO ('2026-01-01');
COMMENT ON TABLE finance.ledger_entry_2025_h1 IS 'January to June 2025';
COMMENT ON TABLE finance.ledger_entry_2025_h2 IS 'July to December 2025';

CREATE TABLE finance.budget (
    cost_center text NOT NULL REFERENCES finance.cost_center,
    year smallint NOT NULL,
    corridor finance.amount_range NOT NULL,
    PRIMARY KEY (cost_center, year)
);
COMMENT ON TABLE finance.budget IS 'From what to what a cost centre may spend';
COMMENT ON COLUMN finance.budget.corridor IS 'Euro in a year';
GRANT SELECT ON ALL TABLES IN SCHEMA finance TO shop_owner;
RESET ROLE;
SET ROLE shop_owner;

---------------------------------------------------------------------- functions and procedures

CREATE FUNCTION ref.to_euro(amount numeric, currency char(3), on_day date DEFAULT CURRENT_DATE)
RETURNS numeric LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT round(amount / coalesce((SELECT per_euro FROM ref.exchange_rate
        WHERE currency_code = currency AND valid_on <= on_day ORDER BY valid_on DESC LIMIT 1), 1), 2)
$$;
COMMENT ON FUNCTION ref.to_euro(numeric, char, date) IS 'Euro for an amount, at the last rate known on a day';

CREATE FUNCTION crm.initials(full_name text) RETURNS text LANGUAGE sql IMMUTABLE STRICT AS $$
    SELECT string_agg(left(part, 1), '') FROM regexp_split_to_table(full_name, '\s+') AS part
$$;
COMMENT ON FUNCTION crm.initials(text) IS 'Initials: ''Ada King'' gives AK';

CREATE FUNCTION crm.customer_orders(wanted bigint, VARIADIC states shop.order_status[] DEFAULT '{}')
RETURNS TABLE (order_id bigint, ordered_at timestamptz, status shop.order_status)
LANGUAGE plpgsql STABLE ROWS 20 AS $$
BEGIN
    RETURN QUERY
        SELECT o.order_id, o.ordered_at, o.status FROM shop."order" AS o
        WHERE o.customer_id = wanted AND (states = '{}' OR o.status = ANY (states));
END
$$;
COMMENT ON FUNCTION crm.customer_orders(bigint, shop.order_status[]) IS 'Orders of a customer, in some states or all';

CREATE FUNCTION crm.forget(wanted bigint) RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE crm.customer SET full_name = 'forgotten', phone = NULL, home = NULL, birth_date = NULL
    WHERE customer_id = wanted;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no customer %', wanted USING ERRCODE = 'no_data_found';
    END IF;
END
$$;
COMMENT ON FUNCTION crm.forget(bigint) IS 'Removes personal data of a customer, keeps the orders';
REVOKE EXECUTE ON FUNCTION crm.forget(bigint) FROM PUBLIC;

-- [since 14]
CREATE FUNCTION shop.order_total(wanted bigint) RETURNS numeric LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT coalesce(sum(line_total), 0) FROM shop.order_line WHERE order_id = wanted;
END;
-- [before 14]
CREATE FUNCTION shop.order_total(wanted bigint) RETURNS numeric LANGUAGE sql STABLE AS $$
    SELECT coalesce(sum(line_total), 0) FROM shop.order_line WHERE order_id = wanted
$$;
-- [end]
COMMENT ON FUNCTION shop.order_total(bigint) IS 'Sum of an order''s lines, in the order''s currency';

CREATE FUNCTION shop.order_total(wanted bigint, target char(3)) RETURNS numeric LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN target = 'EUR' THEN ref.to_euro(shop.order_total(wanted), o.currency_code) END
    FROM shop."order" AS o WHERE o.order_id = wanted
$$;
COMMENT ON FUNCTION shop.order_total(bigint, char) IS 'The same in another currency (only EUR is known)';

CREATE FUNCTION shop.fill_search() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.search := to_tsvector('pg_catalog.simple', NEW.name || ' ' || array_to_string(NEW.tags, ' '));
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION shop.fill_search() IS 'Trigger: words of a product';

CREATE FUNCTION audit.log_change() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO audit.change_log (table_name, old_row, new_row)
    VALUES (TG_RELID::regclass, CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END,
            CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END);
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION audit.log_change() IS 'Trigger: writes a change to audit.change_log';

CREATE FUNCTION shop.count_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('prices', (SELECT count(*) FROM changed)::text);
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION shop.count_changes() IS 'Trigger: tells listeners how many prices changed';

CREATE FUNCTION shop.check_order_has_lines() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM shop.order_line WHERE order_id = NEW.order_id) THEN
        RAISE EXCEPTION 'order % has no lines', NEW.order_id;
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION shop.check_order_has_lines() IS 'Trigger: an order wants a line by the end of its transaction';

CREATE PROCEDURE shop.restock(warehouse text, product integer, pieces integer DEFAULT 10)
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO shop.stock (warehouse_code, product_id, quantity) VALUES (warehouse, product, pieces)
    ON CONFLICT (warehouse_code, product_id) DO UPDATE SET quantity = shop.stock.quantity + excluded.quantity;
END
$$;
COMMENT ON PROCEDURE shop.restock(text, integer, integer) IS 'Books goods in';

CREATE PROCEDURE staging.purge(days integer) LANGUAGE sql AS $$
    DELETE FROM staging.web_event WHERE received_at < now() - make_interval(days => days)
$$;
COMMENT ON PROCEDURE staging.purge(integer) IS 'Throws old clicks away';

CREATE FUNCTION analytics.geo_mean_step(state double precision[], value double precision)
RETURNS double precision[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT ARRAY[state[1] + ln(value), state[2] + 1]
$$;
COMMENT ON FUNCTION analytics.geo_mean_step(double precision[], double precision) IS 'One step of analytics.geo_mean';
CREATE FUNCTION analytics.geo_mean_end(state double precision[]) RETURNS double precision
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT CASE WHEN state[2] > 0 THEN exp(state[1] / state[2]) END
$$;
COMMENT ON FUNCTION analytics.geo_mean_end(double precision[]) IS 'Last step of analytics.geo_mean';
CREATE AGGREGATE analytics.geo_mean(double precision) (
    SFUNC = analytics.geo_mean_step, STYPE = double precision[],
    FINALFUNC = analytics.geo_mean_end, INITCOND = '{0,0}'
);
COMMENT ON AGGREGATE analytics.geo_mean(double precision) IS 'Geometric mean of positive numbers';

CREATE TRIGGER product_search BEFORE INSERT OR UPDATE OF name, tags ON shop.product
    FOR EACH ROW EXECUTE FUNCTION shop.fill_search();
COMMENT ON TRIGGER product_search ON shop.product IS 'Keeps search up to date';
CREATE TRIGGER price_audit AFTER INSERT OR UPDATE OR DELETE ON shop.voucher
    FOR EACH ROW EXECUTE FUNCTION audit.log_change();
CREATE TRIGGER customer_audit AFTER UPDATE ON crm.customer
    FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION audit.log_change();
CREATE TRIGGER price_notice AFTER UPDATE ON shop.product_price REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION shop.count_changes();
CREATE CONSTRAINT TRIGGER order_has_lines AFTER INSERT ON shop."order"
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION shop.check_order_has_lines();

--------------------------------------------------------------------------------------------- data

INSERT INTO ref.country (country_code, name, in_customs_union) VALUES
    ('DE', 'Germany', true), ('FR', 'France', true), ('NL', 'Netherlands', true), ('SE', 'Sweden', true),
    ('GB', 'United Kingdom', false), ('NO', 'Norway', false), ('US', 'United States', false),
    ('CA', 'Canada', false);
INSERT INTO ref.currency (currency_code, name) VALUES
    ('EUR', 'Euro'), ('GBP', 'Pound sterling'), ('NOK', 'Norwegian krone'), ('USD', 'US dollar');
INSERT INTO ref.exchange_rate (currency_code, valid_on, per_euro)
    SELECT code, day::date, base * (1 + (extract(doy FROM day)::int % 17 - 8) / 1000.0)
    FROM (VALUES ('GBP', 0.85), ('NOK', 11.7), ('USD', 1.09)) AS rates (code, base),
        generate_series(timestamp '2025-01-01', '2025-06-30', '1 day') AS day;
INSERT INTO ref.tax_rate (country_code, valid_during, percent)
    SELECT country_code, daterange('2020-01-01', NULL), 19 + ascii(country_code::text) % 6 FROM ref.country;
INSERT INTO ref.calendar (day, iso_week, month_start, is_weekend)
    SELECT day::date, extract(week FROM day), date_trunc('month', day)::date, extract(isodow FROM day) > 5
    FROM generate_series(timestamp '2025-01-01', '2025-12-31', '1 day') AS day;

INSERT INTO crm.customer (full_name, email, phone, country_code, home, birth_date, marketing_consent,
                          attributes, created_at)
    SELECT first_names[1 + n % 8] || ' ' || last_names[1 + n / 8 % 7],
        'customer' || n || '@' || (ARRAY['mail.example', 'post.example', 'work.example'])[1 + n % 3],
        CASE WHEN n % 3 = 0 THEN '+00 555 ' || lpad(n::text, 4, '0') END,
        countries[1 + n % 8],
        ROW(n || ' Harbour Road', lpad((n * 37 % 99999)::text, 5, '0'), 'Port ' || n % 40, countries[1 + n % 8])
            ::crm.postal_address,
        date '1950-01-01' + n * 61 % 18000, n % 4 <> 0,
        jsonb_build_object('newsletter', (ARRAY['never', 'weekly', 'monthly'])[1 + n % 3]),
        timestamptz '2025-01-01 08:00+00' + n * interval '11 hours'
    FROM generate_series(1, 300) AS n,
        (SELECT ARRAY['Ada', 'Björn', 'Chloé', 'Dag', 'Elif', 'Finn', 'Grace', 'Hana'] AS first_names,
            ARRAY['King', 'O''Neill', 'Ångström', 'Smith-Jones', 'de Vries', 'Yılmaz', 'Müller'] AS last_names,
            ARRAY['DE', 'FR', 'NL', 'SE', 'GB', 'NO', 'US', 'CA'] AS countries) AS names;
-- [before 12]
UPDATE crm.customer SET email_domain = split_part(lower((email)::text), '@', 2);
-- [end]
INSERT INTO crm.customer_address (customer_id, label, address)
    SELECT customer_id, 'work', home FROM crm.customer WHERE customer_id % 5 = 0;
INSERT INTO crm.segment (segment_id, parent_segment_id, name, rule_sql) VALUES
    (1, NULL, 'everyone', 'true'), (2, 1, 'north', 'country_code IN (''SE'', ''NO'')'),
    (3, 1, 'overseas', 'country_code IN (''US'', ''CA'')'), (4, 2, 'north, mailable', 'marketing_consent');
INSERT INTO crm.segment_member (segment_id, customer_id, since)
    SELECT 1 + customer_id % 4, customer_id, date '2025-02-01' + (customer_id % 60)::int FROM crm.customer;
INSERT INTO crm.lead (company, contact_email, score, converted_customer_id)
    SELECT 'Company ' || n, 'buyer' || n || '@company.example', n * 7 % 101, CASE WHEN n % 9 = 0 THEN n END
    FROM generate_series(1, 80) AS n;
INSERT INTO crm.phone_call (customer_id, happened_at, summary, seconds)
    SELECT 1 + n % 300, timestamptz '2025-02-01 09:00+00' + n * interval '7 hours', 'Call ' || n, n * 13 % 900
    FROM generate_series(1, 150) AS n;
INSERT INTO crm.email_message (customer_id, happened_at, summary, subject, message_id)
    SELECT 1 + n * 3 % 300, timestamptz '2025-02-01 10:00+00' + n * interval '5 hours', NULL,
        'Your order ' || n, '<' || n || '@tidewater.example>'
    FROM generate_series(1, 200) AS n;
INSERT INTO crm.ticket (customer_id, priority, opened_at, closed_at, subject)
    SELECT 1 + n * 7 % 300, (enum_range(NULL::crm.ticket_priority))[1 + n % 4], opened,
        CASE WHEN n % 5 > 0 THEN opened + n * interval '20 minutes' END, 'Where is my parcel? #' || n
    FROM (SELECT n, timestamptz '2025-03-01 07:00+00' + n * interval '9 hours' AS opened
          FROM generate_series(1, 120) AS n) AS t;

INSERT INTO shop.supplier (name, country_code) VALUES
    ('Fjell & Sjø AS', 'NO'), ('Kampeerhuis BV', 'NL'), ('Northern Rope Co.', 'GB'), ('Zeltwerk GmbH', 'DE');
INSERT INTO shop.category (category_id, parent_id, name) VALUES
    (1, NULL, 'All'), (2, 1, 'Shelter'), (3, 1, 'Cooking'), (4, 1, 'Water'), (5, 2, 'Tents'), (6, 2, 'Tarps'),
    (7, 3, 'Stoves'), (8, 4, 'Kayaks'), (9, 4, 'Dry bags');
INSERT INTO shop.product (sku, name, category_id, supplier_id, weight_g, width_mm, height_mm, tags)
    SELECT 'TW-' || lpad(n::text, 5, '0'),
        (ARRAY['Tent', 'Tarp', 'Stove', 'Kayak', 'Dry bag'])[1 + n % 5] || ' "' || n || '"', 5 + n % 5, 1 + n % 4,
        200 + n * 97 % 9000, 100 + n % 50 * 10, 80 + n % 50 * 8,
        ARRAY[(ARRAY['light', 'sturdy', 'new'])[1 + n % 3], 'y' || n % 7]
    FROM generate_series(1, 120) AS n;
-- [before 18]
UPDATE shop.product SET face_mm2 = width_mm::bigint * height_mm;
-- [end]
INSERT INTO shop.product_price (product_id, currency_code, price, valid_during)
    SELECT product_id, 'EUR', 10 + product_id * 3.35 + half, CASE half WHEN 0
        THEN daterange('2025-01-01', '2025-04-01') ELSE daterange('2025-04-01', NULL) END
    FROM shop.product, generate_series(0, 1) AS half;
INSERT INTO shop.warehouse (warehouse_code, country_code, location) VALUES
    ('ROT', 'NL', '(4.47,51.92)'), ('OSL', 'NO', '(10.75,59.91)'), ('BOS', 'US', '(-71.05,42.36)');
INSERT INTO shop.stock (warehouse_code, product_id, quantity)
    SELECT warehouse_code, product_id, product_id * ascii(warehouse_code) % 60 FROM shop.warehouse, shop.product;
INSERT INTO shop.voucher (code, percent) VALUES ('WELCOME', 10), ('SPRING25', 15), ('STAFF', 30);
INSERT INTO shop.cart (session_id, customer_id, items, touched_at)
    SELECT md5('cart' || n)::uuid, CASE WHEN n % 2 = 0 THEN n END, jsonb_build_array(jsonb_build_object('product', n)),
        timestamptz '2025-06-30 12:00+00' + n * interval '1 minute'
    FROM generate_series(1, 40) AS n;
INSERT INTO shop."order" (order_id, customer_id, status, currency_code, ordered_at, voucher_code)
    SELECT n, 1 + n * 13 % 300, (enum_range(NULL::shop.order_status))[2 + n % 6],
        (ARRAY['EUR', 'EUR', 'GBP', 'USD'])[1 + n % 4], timestamptz '2025-01-02 06:00+00' + n * interval '6 hours',
        CASE WHEN n % 10 = 0 THEN 'SPRING25' END
    FROM generate_series(1, 600) AS n;
SELECT setval(pg_get_serial_sequence('shop."order"', 'order_id'), 600);
INSERT INTO shop.order_line (order_id, line_no, product_id, quantity, unit_price, discount_percent)
    SELECT order_id, line, 1 + (order_id * 7 + line * 11) % 120, 1 + order_id % 3, 15 + order_id % 80 * 1.5,
        CASE WHEN voucher_code IS NULL THEN 0 ELSE 15 END
    FROM shop."order", generate_series(1, 3) AS line WHERE line <= 1 + order_id % 3;
-- [before 12]
UPDATE shop.order_line SET line_total = round(quantity * (unit_price)::numeric * (1 - discount_percent / 100), 2);
-- [end]
INSERT INTO shop.order_event (order_id, happened_at, status, detail)
    SELECT order_id, ordered_at + step * interval '1 day', (enum_range(NULL::shop.order_status))[2 + step],
        jsonb_build_object('step', step)
    FROM shop."order", generate_series(0, 2) AS step WHERE step <= order_id % 3;
INSERT INTO shop.shipment (shipment_id, region, order_id, warehouse_code, shipped_at, tracking)
    SELECT order_id, (ARRAY['eu', 'uk', 'no', 'us', 'ca'])[1 + order_id % 5], order_id,
        (ARRAY['ROT', 'OSL', 'BOS'])[1 + order_id % 3], ordered_at + interval '30 hours', 'TRK' || order_id * 7919
    FROM shop."order" WHERE status IN ('shipped', 'delivered', 'returned');
INSERT INTO shop.review (product_id, customer_id, stars, body)
    SELECT 1 + n % 120, n, 1 + n * 3 % 5, 'It ' || (ARRAY['floats', 'leaks', 'holds'])[1 + n % 3]
    FROM generate_series(1, 250) AS n;
INSERT INTO staging.web_event (received_at, session_id, payload)
    SELECT timestamptz '2025-06-30 00:00+00' + n * interval '90 seconds', md5('cart' || n % 40)::uuid,
        jsonb_build_object('page', '/product/' || n % 120)
    FROM generate_series(1, 500) AS n;
INSERT INTO staging.supplier_feed (line_no, raw, loaded_at)
    SELECT n, 'ART;' || n || ';"tarp, blue"|' || n, timestamptz '2025-06-30 02:00+00' FROM generate_series(1, 100) AS n;
INSERT INTO "Marketing 2025"."Campaign" ("Campaign ID", "Name", "Budget (EUR)", "Start|End", "Größe 🎯") VALUES
    (1, 'Spring tide', 4000, '[2025-03-01,2025-04-30]', 'L'), (2, 'Rainy days', 1500, '[2025-05-01,2025-06-15]', 'S');
INSERT INTO "Marketing 2025"."Spend.daily" ("Campaign ID", day, channel, cost, clicks)
    SELECT 1 + n % 2, date '2025-03-01' + n, (ARRAY['search', 'social'])[1 + n % 2], 20 + n % 30, n * 17 % 400
    FROM generate_series(1, 100) AS n;
SET CONSTRAINTS ALL IMMEDIATE;

SET ROLE shop_finance;
INSERT INTO finance.account (account_no, name, kind) VALUES
    ('1000', 'Bank', 'A'), ('1400', 'Receivables', 'A'), ('3000', 'Revenue', 'R'), ('5000', 'Goods', 'E'),
    ('6000', 'Marketing', 'E');
INSERT INTO finance.cost_center (cost_center, owner_name) VALUES ('web', 'Anna'), ('stores', 'Bo'), ('brand', 'Elif');
INSERT INTO finance.invoice (order_id, issued_on, due_on, total)
    SELECT o.order_id, (o.ordered_at AT TIME ZONE 'UTC')::date, (o.ordered_at AT TIME ZONE 'UTC')::date + 14,
        sum(l.line_total)
    FROM shop."order" AS o JOIN shop.order_line AS l USING (order_id) GROUP BY o.order_id ORDER BY o.order_id;
INSERT INTO finance.payment (invoice_id, paid_on, amount, method)
    SELECT invoice_id, issued_on + (invoice_id % 20)::int, total, (ARRAY['card', 'bank', 'invoice'])[1 + invoice_id % 3]
    FROM finance.invoice WHERE invoice_id % 8 > 0;
INSERT INTO finance.ledger_entry (entry_id, booked_on, account_no, cost_center, amount, text)
    SELECT invoice_id * 2 + side, issued_on, CASE side WHEN 0 THEN '1400' ELSE '3000' END, 'web',
        CASE side WHEN 0 THEN total ELSE -total END, 'Invoice ' || invoice_id
    FROM finance.invoice, generate_series(0, 1) AS side;
INSERT INTO finance.budget (cost_center, year, corridor)
    SELECT cost_center, 2025, finance.amount_range(1000, 1000 * length(cost_center)) FROM finance.cost_center;
RESET ROLE;
SET ROLE shop_owner;

------------------------------------------------------------------------------------------- views

-- aggregate with filter
CREATE VIEW analytics.order_totals AS
    SELECT o.order_id, o.customer_id, o.currency_code, o.ordered_at, o.status,
        sum(l.line_total) AS total,
        sum(l.quantity) FILTER (WHERE l.discount_percent > 0) AS discounted_pieces,
        count(*) AS lines
    FROM shop."order" AS o JOIN shop.order_line AS l ON l.order_id = o.order_id
    GROUP BY o.order_id;
COMMENT ON VIEW analytics.order_totals IS 'One row an order with its sums';
COMMENT ON COLUMN analytics.order_totals.total IS 'In the currency of the order';

-- a view on a view, with a function call
CREATE VIEW analytics.order_totals_euro AS
    SELECT order_id, customer_id, ordered_at, status, total,
        ref.to_euro(total, currency_code, (ordered_at AT TIME ZONE 'UTC')::date) AS total_euro
    FROM analytics.order_totals;
COMMENT ON VIEW analytics.order_totals_euro IS 'Order sums in euro';

-- common table expressions, and a third level
CREATE VIEW analytics.customer_value AS
    WITH bought AS (
        SELECT customer_id, count(*) AS orders, sum(total_euro) AS revenue, max(ordered_at) AS last_order_at
        FROM analytics.order_totals_euro WHERE status <> 'cancelled' GROUP BY customer_id
    ), asked AS (
        SELECT customer_id, count(*) AS tickets FROM crm.ticket GROUP BY customer_id
    )
    SELECT c.customer_id, c.customer_number, c.country_code, coalesce(b.orders, 0) AS orders,
        coalesce(b.revenue, 0) AS revenue, b.last_order_at, coalesce(a.tickets, 0) AS tickets
    FROM crm.customer AS c
    LEFT JOIN bought AS b ON b.customer_id = c.customer_id
    LEFT JOIN asked AS a ON a.customer_id = c.customer_id;
COMMENT ON VIEW analytics.customer_value IS 'What a customer is worth, and how much work';

-- window functions
CREATE VIEW analytics.customer_rank AS
    SELECT customer_id, country_code, revenue,
        rank() OVER in_country AS country_rank,
        revenue - lag(revenue) OVER in_country AS behind_next,
        sum(revenue) OVER (PARTITION BY country_code) AS country_revenue
    FROM analytics.customer_value
    WINDOW in_country AS (PARTITION BY country_code ORDER BY revenue DESC);
COMMENT ON VIEW analytics.customer_rank IS 'Customers ranked within their country';

-- union
CREATE VIEW analytics.contact_log AS
    SELECT customer_id, happened_at, 'call'::text AS kind, summary AS detail FROM crm.phone_call
    UNION ALL
    SELECT customer_id, happened_at, 'mail', subject FROM crm.email_message
    UNION ALL
    SELECT customer_id, opened_at, 'ticket', subject FROM crm.ticket;
COMMENT ON VIEW analytics.contact_log IS 'All contacts, whatever the way';

-- lateral
CREATE VIEW analytics.last_contact AS
    SELECT c.customer_id, c.full_name, last.happened_at, last.kind
    FROM crm.customer AS c
    CROSS JOIN LATERAL (SELECT happened_at, kind FROM analytics.contact_log AS l
                        WHERE l.customer_id = c.customer_id ORDER BY happened_at DESC LIMIT 1) AS last;
COMMENT ON VIEW analytics.last_contact IS 'When we last heard of each customer';

-- joins with USING, merged columns
CREATE VIEW analytics.shipment_detail AS
    SELECT order_id, warehouse_code, s.region, s.shipped_at, o.status, w.country_code AS from_country
    FROM shop.shipment AS s JOIN shop."order" AS o USING (order_id) JOIN shop.warehouse AS w USING (warehouse_code);
COMMENT ON VIEW analytics.shipment_detail IS 'Parcels with their order and warehouse';

-- full join
CREATE VIEW analytics.stock_and_sales AS
    SELECT product_id, coalesce(s.pieces, 0) AS in_stock, coalesce(l.pieces, 0) AS sold
    FROM (SELECT product_id, sum(quantity) AS pieces FROM shop.stock GROUP BY product_id) AS s
    FULL JOIN (SELECT product_id, sum(quantity) AS pieces FROM shop.order_line GROUP BY product_id) AS l
        USING (product_id);
COMMENT ON VIEW analytics.stock_and_sales IS 'Shelf against till';

-- scalar subqueries
CREATE VIEW analytics.product_card AS
    SELECT p.product_id, p.sku, p.name,
        (SELECT c.name FROM shop.category AS c WHERE c.category_id = p.category_id) AS category,
        (SELECT pp.price FROM shop.product_price AS pp
         WHERE pp.product_id = p.product_id AND pp.valid_during @> date '2025-06-30') AS price,
        (SELECT round(avg(r.stars), 1) FROM shop.review AS r WHERE r.product_id = p.product_id) AS stars,
        EXISTS (SELECT FROM shop.stock AS s WHERE s.product_id = p.product_id AND s.quantity > 0) AS available
    FROM shop.product AS p;
COMMENT ON VIEW analytics.product_card IS 'What the product page shows';

-- recursive
CREATE VIEW analytics.category_path AS
    WITH RECURSIVE tree AS (
        SELECT category_id, name AS path, 1 AS depth FROM shop.category WHERE parent_id IS NULL
        UNION ALL
        SELECT c.category_id, tree.path || ' > ' || c.name, tree.depth + 1
        FROM shop.category AS c JOIN tree ON tree.category_id = c.parent_id
    )
    SELECT category_id, path, depth FROM tree;
COMMENT ON VIEW analytics.category_path IS 'Categories with all that is above them';

-- security barrier, with check option, updatable
-- [since 15]
CREATE VIEW crm.customer_public WITH (security_barrier, security_invoker) AS
-- [before 15]
CREATE VIEW crm.customer_public WITH (security_barrier) AS
-- [end]
    SELECT customer_id, customer_number, crm.initials(full_name) AS initials, country_code, marketing_consent
    FROM crm.customer WHERE marketing_consent WITH LOCAL CHECK OPTION;
COMMENT ON VIEW crm.customer_public IS 'Customers without personal data';

-- composite fields, json, arrays
CREATE VIEW crm.mailing_label AS
    SELECT customer_id, full_name AS addressee, (home).street, (home).postcode || ' ' || (home).city AS place,
        attributes ->> 'newsletter' AS newsletter
    FROM crm.customer;
COMMENT ON VIEW crm.mailing_label IS 'Name and address, ready to print';

-- grouping sets
CREATE VIEW analytics.revenue_cube AS
    SELECT v.country_code, date_trunc('month', t.ordered_at AT TIME ZONE 'UTC')::date AS month,
        sum(t.total_euro) AS revenue, analytics.geo_mean(t.total_euro::double precision) AS typical_order
    FROM analytics.order_totals_euro AS t JOIN analytics.customer_value AS v USING (customer_id)
    GROUP BY CUBE (v.country_code, date_trunc('month', t.ordered_at AT TIME ZONE 'UTC')::date);
COMMENT ON VIEW analytics.revenue_cube IS 'Revenue by country and month with all subtotals';

-- values, unnest, set operations
CREATE VIEW analytics.tag_use AS
    SELECT tag, count(*) AS products FROM shop.product CROSS JOIN unnest(tags) AS tag GROUP BY tag
    EXCEPT
    SELECT word, 0 FROM (VALUES ('new'), ('old')) AS ignored (word);
COMMENT ON VIEW analytics.tag_use IS 'How often a tag is used';

-- quoted names
CREATE VIEW "Marketing 2025"."Cost per click" AS
    SELECT c."Name" AS "Campaign", s.channel, sum(s.cost) / nullif(sum(s.clicks), 0) AS "Cost/Click"
    FROM "Marketing 2025"."Campaign" AS c JOIN "Marketing 2025"."Spend.daily" AS s USING ("Campaign ID")
    GROUP BY c."Name", s.channel;
COMMENT ON VIEW "Marketing 2025"."Cost per click" IS 'Do the campaigns pay?';

-- on a foreign table
CREATE VIEW staging.purchase_margin AS
    SELECT p.product_id, p.sku, e.purchase_price, e.description
    FROM shop.product AS p LEFT JOIN staging.erp_article AS e ON e.article_no = p.sku;
COMMENT ON VIEW staging.purchase_margin IS 'Our products at the wholesaler''s price';

-- written to through a trigger, and one whose deletes are swallowed by a rule
CREATE VIEW shop.open_order AS
    SELECT order_id, customer_id, ordered_at FROM shop."order" WHERE status IN ('placed', 'paid');
COMMENT ON VIEW shop.open_order IS 'Orders that wait for us';
CREATE FUNCTION shop.cancel_order() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE shop."order" SET status = 'cancelled' WHERE order_id = OLD.order_id;
    RETURN OLD;
END
$$;
COMMENT ON FUNCTION shop.cancel_order() IS 'Trigger: deleting an open order cancels it';
CREATE TRIGGER cancel INSTEAD OF DELETE ON shop.open_order FOR EACH ROW EXECUTE FUNCTION shop.cancel_order();
CREATE RULE no_delete AS ON DELETE TO audit.change_log DO INSTEAD NOTHING;
COMMENT ON RULE no_delete ON audit.change_log IS 'The log only grows';

CREATE MATERIALIZED VIEW analytics.daily_revenue AS
    SELECT d.day, d.month_start, count(t.order_id) AS orders, coalesce(sum(t.total_euro), 0) AS revenue
    FROM ref.calendar AS d
    LEFT JOIN analytics.order_totals_euro AS t ON (t.ordered_at AT TIME ZONE 'UTC')::date = d.day
    GROUP BY d.day;
COMMENT ON MATERIALIZED VIEW analytics.daily_revenue IS 'Revenue a day; refreshed each night';
CREATE UNIQUE INDEX daily_revenue_day ON analytics.daily_revenue (day);
CREATE INDEX daily_revenue_busy ON analytics.daily_revenue (revenue DESC) WHERE orders > 0;
CREATE MATERIALIZED VIEW analytics.monthly_revenue AS
    SELECT month_start, sum(revenue) AS revenue, avg(revenue) AS per_day FROM analytics.daily_revenue GROUP BY month_start;
COMMENT ON MATERIALIZED VIEW analytics.monthly_revenue IS 'Revenue a month, from the daily figures';
CREATE UNIQUE INDEX monthly_revenue_month ON analytics.monthly_revenue (month_start);

CREATE TABLE analytics.dim_product AS
    SELECT p.product_id, p.sku, p.name, c.path AS category_path FROM shop.product AS p
    JOIN analytics.category_path AS c USING (category_id);
COMMENT ON TABLE analytics.dim_product IS 'Products, flat';
ALTER TABLE analytics.dim_product ADD PRIMARY KEY (product_id);
CREATE TABLE analytics.fact_sales AS
    SELECT (o.ordered_at AT TIME ZONE 'UTC')::date AS day, l.product_id, sum(l.quantity) AS pieces,
        sum(l.line_total) AS revenue
    FROM shop."order" AS o JOIN shop.order_line AS l USING (order_id) GROUP BY 1, 2;
COMMENT ON TABLE analytics.fact_sales IS 'Sales a day and product';
ALTER TABLE analytics.fact_sales ADD PRIMARY KEY (day, product_id),
    ADD FOREIGN KEY (product_id) REFERENCES analytics.dim_product, ADD FOREIGN KEY (day) REFERENCES ref.calendar;

---------------------------------------------------------------------------- privileges, policies

GRANT USAGE ON SCHEMA ref, analytics TO shop_analyst, shop_etl;
GRANT SELECT ON ALL TABLES IN SCHEMA ref, analytics TO shop_analyst;
GRANT USAGE ON SCHEMA ref, crm, shop TO shop_app, shop_support;
GRANT USAGE ON SCHEMA crm TO shop_analyst;
GRANT SELECT ON crm.customer_public TO shop_analyst WITH GRANT OPTION;
GRANT SELECT (customer_id, country_code), REFERENCES (customer_id) ON crm.customer TO shop_analyst;
GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA shop TO shop_app;
GRANT SELECT, INSERT, UPDATE ON crm.customer, crm.customer_address TO shop_app;
GRANT SELECT ON crm.customer, crm.ticket, shop."order" TO shop_support;
GRANT UPDATE (priority, closed_at) ON crm.ticket TO shop_support;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA shop, crm TO shop_app;
GRANT USAGE ON SCHEMA staging TO shop_etl;
GRANT INSERT, DELETE, TRUNCATE ON staging.web_event, staging.supplier_feed TO shop_etl;
GRANT EXECUTE ON FUNCTION crm.forget(bigint) TO shop_support;
GRANT EXECUTE ON PROCEDURE shop.restock(text, integer, integer) TO shop_app;
GRANT SELECT ON ref.country, ref.currency TO PUBLIC;
GRANT USAGE ON TYPE shop.order_status TO shop_app;
ALTER DEFAULT PRIVILEGES FOR ROLE shop_owner IN SCHEMA analytics GRANT SELECT ON TABLES TO shop_analyst;
ALTER DEFAULT PRIVILEGES FOR ROLE shop_owner REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE shop_owner IN SCHEMA shop GRANT USAGE ON SEQUENCES TO shop_app;

ALTER TABLE crm.customer ENABLE ROW LEVEL SECURITY;
CREATE POLICY support_sees_consenting ON crm.customer FOR SELECT TO shop_support USING (marketing_consent);
CREATE POLICY app_sees_all ON crm.customer FOR ALL TO shop_app USING (true)
    WITH CHECK (position('@' IN (email)::text) > 1);
CREATE POLICY analyst_sees_all ON crm.customer FOR SELECT TO shop_analyst, shop_finance USING (true);
COMMENT ON POLICY support_sees_consenting ON crm.customer IS 'Support calls only those who agreed';
ALTER TABLE crm.ticket ENABLE ROW LEVEL SECURITY;
ALTER TABLE crm.ticket FORCE ROW LEVEL SECURITY;
CREATE POLICY everybody ON crm.ticket USING (true);
CREATE POLICY not_the_old_ones ON crm.ticket AS RESTRICTIVE FOR UPDATE TO shop_support
    USING (opened_at > timestamptz '2025-01-01 00:00+00');

RESET ROLE;
-- [since 15]
CREATE PUBLICATION shop_changes FOR TABLE shop.voucher, shop.stock WHERE (quantity > 0), TABLES IN SCHEMA ref;
-- [before 15]
CREATE PUBLICATION shop_changes FOR TABLE shop.voucher, shop.stock;
-- [end]
COMMENT ON PUBLICATION shop_changes IS 'What the store computers follow';
CREATE SUBSCRIPTION erp_prices CONNECTION 'host=erp.tidewater.invalid dbname=erp user=tidewater password=sample-erp-password'
    PUBLICATION prices WITH (connect = false, enabled = false, create_slot = false, slot_name = NONE);
COMMENT ON SUBSCRIPTION erp_prices IS 'Purchase prices of the wholesaler, switched off in the sample';

--------------------------------------------------------------------------------------- comments

-- Columns that mean the same everywhere, unless they have a comment of their own.
DO $comments$
DECLARE
    found record;
BEGIN
    FOR found IN
        SELECT n.nspname, c.relname, a.attname, meaning.comment
        FROM (VALUES
            ('customer_id', 'The customer, crm.customer'), ('product_id', 'The product, shop.product'),
            ('order_id', 'The order, shop."order"'), ('category_id', 'The category, shop.category'),
            ('country_code', 'The country, ref.country'), ('currency_code', 'The currency, ref.currency'),
            ('warehouse_code', 'The warehouse, shop.warehouse'), ('name', 'What people call it'),
            ('created_at', 'When the row was made'), ('updated_at', 'When the row was last changed'),
            ('happened_at', 'When it happened'), ('ordered_at', 'When the customer pressed the button'),
            ('shipped_at', 'When the parcel left'), ('opened_at', 'When it was opened'),
            ('closed_at', 'When it was closed, empty while open'), ('loaded_at', 'When the load wrote it'),
            ('received_at', 'When it reached us'), ('quantity', 'Pieces'), ('pieces', 'Pieces'),
            ('amount', 'Money, negative when it goes out'), ('revenue', 'Money earned, in euro'),
            ('status', 'Where the order stands'), ('summary', 'One line about it'), ('subject', 'Its title'),
            ('valid_during', 'From when until when it holds'), ('day', 'The day, UTC'),
            ('full_name', 'Name of a person. Personal data.'), ('phone', 'Telephone. Personal data.'),
            ('birth_date', 'Date of birth. Personal data.'), ('home', 'Address. Personal data.'),
            ('session_id', 'The browser session'), ('cost_center', 'Who pays, finance.cost_center'),
            ('account_no', 'The account, finance.account'), ('invoice_id', 'The invoice, finance.invoice'),
            ('percent', 'Percent'), ('unit_price', 'Price of a piece when it was ordered'),
            ('price', 'Price of a piece'), ('region', 'Where it goes: eu, uk, no, us, ca'),
            ('detail', 'More about it'), ('shipment_id', 'Number of the parcel, unique in its region'),
            ('tracking', 'The carrier''s number'), ('booked_on', 'Day of the booking'),
            ('entry_id', 'Number of the booking'), ('interaction_id', 'Number of the contact'),
            ('month_start', 'First day of the month'), ('text', 'What the booking is for'),
            ('Campaign ID', 'The campaign'), ('channel', 'Where the advertisement ran'),
            ('kind', 'call, mail or ticket'), ('line_no', 'Position, from 1'),
            ('marketing_consent', 'Whether we may write'), ('orders', 'How many orders'),
            ('purchase_price', 'What a piece costs us, in euro'), ('segment_id', 'The group, crm.segment'),
            ('stars', '1 to 5, or their mean'), ('supplier_id', 'The supplier, shop.supplier'),
            ('total', 'Sum to pay'), ('address', 'Where parcels go. Personal data.'),
            ('body', 'What was written'), ('cost', 'Euro spent'), ('clicks', 'Clicks it brought'),
            ('code', 'What the customer types in'), ('contact_email', 'Whom to write to. Personal data.'),
            ('converted_customer_id', 'The customer it became'), ('discontinued_on', 'Last day it was sold'),
            ('discount_percent', 'Percent off'), ('due_on', 'Last day to pay'),
            ('email_domain', 'What follows the @, in small letters'), ('face_mm2', 'Width times height'),
            ('height_mm', 'Height in millimetres'), ('width_mm', 'Width in millimetres'),
            ('weight_g', 'Weight in grams'), ('is_weekend', 'Saturday or Sunday'),
            ('iso_week', 'Week of the year, ISO 8601'), ('issued_on', 'Day it was sent'),
            ('items', 'What is in the cart'), ('location', 'Longitude and latitude'),
            ('message_id', 'Message-ID of the mail'), ('method', 'card, bank or invoice'),
            ('new_row', 'The row after, empty when deleted'), ('old_row', 'The row before, empty when new'),
            ('note', 'What the customer asked for'), ('paid_on', 'Day the money came'),
            ('parent_id', 'The category above'), ('parent_segment_id', 'The group above'),
            ('payload', 'As the browser sent it'), ('per_euro', 'Units for one euro'),
            ('priority', 'How urgent'), ('raw', 'The line as it came'), ('score', '0 cold to 100 hot'),
            ('seconds', 'Length of the call'), ('since', 'First day in the group'),
            ('table_name', 'The table changed'), ('tags', 'Free words'),
            ('touched_at', 'When it was last used'), ('usable', 'From when until when'),
            ('valid_on', 'The day it holds for'), ('voucher_code', 'The voucher used, shop.voucher'),
            ('year', 'Calendar year'), ('total_euro', 'Sum in euro'), ('path', 'All names from the top'),
            ('country_rank', '1 is the best customer of the country')
        ) AS meaning (column_name, comment)
        JOIN pg_attribute AS a ON a.attname = meaning.column_name AND NOT a.attisdropped
        JOIN pg_class AS c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
        JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE n.nspname IN ('ref', 'crm', 'shop', 'finance', 'staging', 'analytics', 'audit', 'Marketing 2025')
            AND col_description(c.oid, a.attnum) IS NULL
    LOOP
        EXECUTE format('COMMENT ON COLUMN %I.%I.%I IS %L', found.nspname, found.relname, found.attname, found.comment);
    END LOOP;
END
$comments$;

ANALYZE;
RESET search_path;
RESET client_min_messages;
