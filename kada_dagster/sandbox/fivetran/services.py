"""The kinds of connections that sandbox accounts may have."""

from __future__ import annotations

from typing import Any

from kada_dagster.sandbox.fivetran.service import MASK, Service

_DATABASE = ("CAPTURE_DELETES", "DATA_BLOCKING", "COLUMN_HASHING", "RE_SYNC", "HISTORY",
             "API_CONFIGURABLE", "PRIVATE_NETWORKING", "ROW_FILTERING")  # fmt: skip
_APPLICATION = ("CAPTURE_DELETES", "DATA_BLOCKING", "COLUMN_HASHING", "RE_SYNC", "HISTORY",
                "FIVETRAN_DATA_MODELS", "AUTHORIZATION_VIA_API", "API_CONFIGURABLE")  # fmt: skip
_FILE = ("API_CONFIGURABLE", "COLUMN_HASHING")
_SALES = ("account", "contact", "opportunity", "lead", "user", "task")


def _server(port: int, **more: Any) -> dict[str, Any]:
    login = {"user": "fivetran", "password": MASK}
    return {"host": "db.example.com", "port": port, "database": "shop", **login, **more}


def _database(id: str, name: str, port: int, **more: Any) -> Service:
    return Service(id, name, "Database", "database", _DATABASE, _server(port, **more))


def _application(id: str, name: str, type: str, *tables: str, **config: Any) -> Service:
    given = {"client_secret": MASK, **config}
    return Service(id, name, type, "one schema", _APPLICATION, given, tables)


_ALL = (
    _database("postgres", "PostgreSQL", 5432, update_method="WAL"),
    _database("google_cloud_postgresql", "Google Cloud PostgreSQL", 5432, update_method="XMIN"),
    _database("mysql", "MySQL", 3306, update_method="BINLOG"),
    _database("sql_server", "SQL Server", 1433, update_method="TELEPORT"),
    _database("oracle", "Oracle", 1521, sid="ORCL"),
    _application("salesforce", "Salesforce", "Sales", *_SALES, is_multi_entity_feature_enabled=0),
    _application("hubspot", "HubSpot", "Marketing", "contact", "company", "deal", "email_event"),
    _application("zendesk", "Zendesk Support", "Support", "ticket", "user", "ticket_comment"),
    _application("stripe", "Stripe", "Finance", "charge", "customer", "invoice", "refund"),
    _application("shopify", "Shopify", "Sales", "order", "order_line", "customer", "product"),
    _application("netsuite_suiteanalytics", "NetSuite SuiteAnalytics", "Finance", "transactions"),
    _application("jira", "Jira", "Engineering", "issue", "project", "sprint", "comment"),
    _application("github", "GitHub", "Engineering", "repository", "pull_request", "commit"),
    _application("google_ads", "Google Ads", "Marketing", "campaign_stats", "ad_group_history"),
    Service("google_sheets", "Google Sheets", "File", "sheet", _FILE,
            {"sheet_id": "https://docs.google.com/spreadsheets/d/1aB", "named_range": "budget"}),
    Service("s3", "Amazon S3", "File", "sheet", _FILE, {"bucket": "lake", "prefix": "in/"}),
    Service("google_drive", "Google Drive", "File", "none", _FILE, {"folder_id": "0aB"}),
    Service("webhooks", "Webhooks", "Events", "sheet", ("API_CONFIGURABLE",), {}),
    Service("aws_lambda", "AWS Lambda", "Function", "one schema", ("RE_SYNC",),
            {"function": "pull", "secrets": MASK}, ("page", "visit"), has_state=True),
    Service("connector_sdk", "Connector SDK", "Function", "one schema", ("RE_SYNC",),
            {"secrets_list": [{"key": "token", "value": MASK}]}, ("reading",), has_state=True),
    Service("fivetran_log", "Fivetran Platform", "Log", "platform", ("API_CONFIGURABLE",),
            {"is_account_level_connector": True}),
)  # fmt: skip

SERVICES = {service.id: service for service in _ALL}
"""By the word in `service`."""


def service_of(id: str) -> Service:
    """The kind of this word; one that nobody knows is taken for an application."""
    return SERVICES.get(id) or Service(id, id.replace("_", " ").title(), "API", "one schema")
