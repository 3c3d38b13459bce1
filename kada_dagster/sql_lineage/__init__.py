"""Table and column lineage of SQL text: what a query reads, and where each output column is from.

Plain functions over sqlglot's parser, which is imported when the first text is analysed.
"""

from kada_dagster.sql_lineage.analysis import analyse
from kada_dagster.sql_lineage.model import Origin, SqlLineage, TableName

__all__ = ["Origin", "SqlLineage", "TableName", "analyse"]
