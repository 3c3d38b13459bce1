"""What flows where in the sample database: nothing missing and nothing extra, on every version."""

from __future__ import annotations

from kada_dagster.extracts.identity import object_id
from kada_dagster.sandbox.postgres_server import PostgresServer
from kada_dagster_tests.postgres import sample_lineage
from kada_dagster_tests.postgres.conftest import SAMPLE
from kada_dagster_tests.postgres.extract_files import HOST, Extracted, attributes

OURS = ("ref", "crm", "shop", "finance", "staging", "analytics", "audit", "Marketing 2025")


def _ids(text: str) -> set[tuple[str, str]]:
    return {
        (object_id(HOST, SAMPLE, *source), object_id(HOST, SAMPLE, *target))
        for source, target in sample_lineage.edges(text)
    }


def test_column_lineage_is_what_was_written_by_hand(
    sample: Extracted, every_postgres: PostgresServer
) -> None:
    expected = _ids(sample_lineage.COLUMNS)
    for since, generated in sample_lineage.GENERATED.items():
        if every_postgres.version >= since:
            expected |= _ids(generated)
    assert sample.links("LINEAGE", "COLUMN") == expected


def test_table_lineage_is_what_was_written_by_hand(sample: Extracted) -> None:
    assert sample.links("LINEAGE", "TABLE") == _ids(sample_lineage.TABLES)


def test_inheritance_and_partitions_point_to_their_parents(sample: Extracted) -> None:
    expected = {(child, parent) for parent, child in _ids(sample_lineage.INHERITS)}
    assert sample.links("INHERITS", "TABLE") == expected


def test_columns_flow_only_between_tables_that_do(sample: Extracted) -> None:
    parents = {row["OBJECT_ID"]: row["PARENT_ID"] for row in sample.rows["META"]}
    tables = sample.links("LINEAGE", "TABLE")
    for source, target in sample.links("LINEAGE", "COLUMN"):
        assert parents[source] == parents[target] or (parents[source], parents[target]) in tables


def test_code_depends_on_functions_sequences_and_tables(
    sample: Extracted, every_postgres: PostgresServer
) -> None:
    mean = "analytics.geo_mean(double precision)"
    expected = {
        "analytics.order_totals_euro > ref.to_euro(numeric, character, date)",
        "crm.customer_public > crm.initials(text)",
        f"analytics.revenue_cube > {mean}",
        f"{mean} > analytics.geo_mean_step(double precision[], double precision)",
        f"{mean} > analytics.geo_mean_end(double precision[])",
        "shop.product.(trigger).product_search > shop.fill_search()",
        "shop.voucher.(trigger).price_audit > audit.log_change()",
        "crm.customer.(trigger).customer_audit > audit.log_change()",
        "shop.product_price.(trigger).price_notice > shop.count_changes()",
        "shop.order.(trigger).order_has_lines > shop.check_order_has_lines()",
        "shop.open_order.(trigger).cancel > shop.cancel_order()",
        "crm.customer.customer_number > crm.customer_number",
        "crm.lead.lead_id > crm.lead_lead_id_seq",
        *(
            f"crm.{table}.interaction_id > crm.interaction_interaction_id_seq"
            for table in ("interaction", "phone_call", "email_message")
        ),
    }
    if every_postgres.version >= 14:  # a body the server has parsed
        expected |= {"shop.order_total(bigint) > shop.order_line"}
    database = object_id(HOST, SAMPLE) + "."
    found = {
        f"{source.removeprefix(database)} > {target.removeprefix(database)}"
        for source, target in sample.links("DEPENDS_ON")
    }
    assert {link for link in found if link.startswith(OURS)} == expected


def test_foreign_keys_join_tables_and_their_columns(sample: Extracted) -> None:
    table, voucher = (object_id(HOST, SAMPLE, "shop", name) for name in ("order", "voucher"))
    assert (table, voucher) in sample.links("REFERENCES", "TABLE")
    assert (f"{table}.voucher_code", f"{voucher}.code") in sample.links("REFERENCES", "COLUMN")
    shipment = object_id(HOST, SAMPLE, "shop", "shipment")
    sure = {
        row["SOURCE_OBJECT_ID"]: row["CONFIDENCE"]
        for row in sample.rows["LINKAGE"]
        if row["RELATIONSHIP"] == "REFERENCES" and row["TARGET_OBJECT_ID"] == table
    }
    assert sure[shipment] == "DIRECT"
    assert sure[f"{shipment}_europe_0"] == "INHERITED"


def test_memberships_and_grants_name_the_role_and_the_privileges(sample: Extracted) -> None:
    role = object_id(HOST) + ".(role).shop_"
    members = {
        tuple(one.removeprefix(role) for one in link)
        for link in sample.links("MEMBER_OF")
        if link[0].startswith(role)
    }
    assert members >= {
        ("anna", "analyst"),
        ("etl", "analyst"),
        ("bo", "finance"),
        ("finance", "analyst"),
    }
    grants = {
        (row["SOURCE_OBJECT_ID"].removeprefix(role), row["TARGET_OBJECT_ID"]): attributes(row)
        for row in sample.rows["LINKAGE"]
        if row["RELATIONSHIP"] == "GRANT"
    }
    customer = object_id(HOST, SAMPLE, "crm", "customer")
    assert grants["analyst", object_id(HOST, SAMPLE, "crm", "customer_public")] == {
        "grantable": ["SELECT"],
        "privileges": ["SELECT"],
    }
    assert grants["app", customer] == {"privileges": ["INSERT", "SELECT", "UPDATE"]}
    assert grants["analyst", f"{customer}.customer_id"] == {"privileges": ["REFERENCES", "SELECT"]}
    assert ("owner", customer) not in grants
