"""Starts bqemulator without a network, with its gaps closed, and faster.

The patches reach into private names, so they hold for exactly the versions of `requirements.txt`: raise one, and run
`cargo xtask test --only gcp`, whose smoke test reads a NUMERIC back and whose append tests fail without the patches.
Arguments are bqemulator's own: `start --rest-port N --grpc-port N --log-level info`.
"""

import gc
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

import grpc.aio
from bqemulator.grpc_api.write_servicer import BigQueryWriteHandler
from bqemulator.storage.engine import DuckDBEngine
from sqlglot import exp
from sqlglot.dialects.bigquery import BigQuery
from sqlglot.dialects.dialect import Dialect
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.expressions import core
from sqlglot.generator import _DISPATCH_CACHE

# 1. GEOGRAPHY needs an extension that DuckDB downloads at start. We have no GEOGRAPHY.
DuckDBEngine._load_spatial = lambda self: None

# 2. A bare NUMERIC is DECIMAL(38, 9). DuckDB reads a bare DECIMAL as DECIMAL(18, 3), which rounds money silently. sqlglot is
# compiled and does not see a method that is replaced: what writes a type is looked up in a table that its first use fills.
BARE = {exp.DType.DECIMAL: "DECIMAL(38, 9)", exp.DType.BIGDECIMAL: "DECIMAL(38, 18)"}
writes = _DISPATCH_CACHE[type(DuckDB().generator())]
plain_datatype_sql = writes[exp.DataType]


def datatype_sql(self, node):
    if not node.expressions and node.this in BARE:
        return BARE[node.this]
    return plain_datatype_sql(self, node)


writes[exp.DataType] = datatype_sql

# 3. Later appends on a connection may leave the stream's name out. The Rust client always does.
plain_ensure = BigQueryWriteHandler._ensure_stream_bound


def ensure_stream_bound(self, name, bound, context):
    return bound if bound and not name else plain_ensure(self, name, bound, context)


BigQueryWriteHandler._ensure_stream_bound = ensure_stream_bound

# 4. Every open append connection holds a thread, and the default pool has only a few (cores + 4).
plain_server = grpc.aio.server
grpc.aio.server = lambda *args, **kwargs: plain_server(ThreadPoolExecutor(64), *args, **kwargs)

# 5. Appended rows go to columns by their names. By place, a column that was added later gets its neighbour's values.
plain_execute = DuckDBEngine.execute


def execute(self, sql, parameters=None):
    if "SELECT * FROM __bqemu_write_" in sql:
        sql = sql.replace(" SELECT * FROM", " BY NAME SELECT * FROM", 1)
    return plain_execute(self, sql, parameters)


DuckDBEngine.execute = execute

# 6. Every rewriter parses a statement again, dozens of times on its way: most of the emulator's work. To copy a tree takes a
# sixth of parsing it. Trees are changed in place, so nobody gets the one that is kept.
plain_parse = Dialect.parse
PLACE = set(core.POSITION_META_KEYS)


@lru_cache(maxsize=256)
def parsed(dialect, sql, options):
    trees = plain_parse(dialect(), sql, **dict(options))
    # Where each name stood in the text, and the comments beside it: nobody asks for them, and every copy would copy them.
    for node in (node for tree in trees if tree is not None for node in tree.walk()):
        node.comments = None
        if node._meta is not None and node._meta.keys() <= PLACE:
            node._meta = None
    return trees


def parse(self, sql, **options):
    if self.settings or not all(isinstance(value, (str, int, type(None))) for value in options.values()):
        return plain_parse(self, sql, **options)
    trees = parsed(type(self), sql, tuple(sorted(options.items())))
    return [tree if tree is None else tree.copy() for tree in trees]


Dialect.parse = parse

# 7. A statement is tens of thousands of objects that point at each other. Python looks for dead ones after every 700 new ones, and
# now and then among all that are kept: with the copied places of 6, over a quarter of the emulator's time.
gc.set_threshold(200_000, 20, 50)

# 8. What a column's OPTIONS say is lost in DuckDB either way; sqlglot as it is compiled refuses what it makes of them itself.


def options_of_column(parser):
    parser._parse_with_property()
    return exp.CommentColumnConstraint(this=exp.Literal.string(""))


BigQuery.parser_class.CONSTRAINT_PARSERS["OPTIONS"] = options_of_column

from bqemulator.cli import main  # noqa: E402: imported last, so that it finds the patched names

main()
