"""A plain dlt pipeline: Cursor's events, page by page, into DuckDB by way of parquet files."""

import argparse
import json
import os
import time

import dlt
import requests

DAY = 86_400_000


@dlt.resource(name="cursor_usage_events", write_disposition="append")
def usage_events(base_url, key, start, end, events):
    session = requests.Session()
    session.auth = (key, "")
    seen = 0
    for day in range(start, end, DAY):
        page, more = 1, True
        while more:
            answer = session.post(
                f"{base_url}/teams/filtered-usage-events",
                json={"startDate": day, "endDate": day + DAY - 1, "page": page, "pageSize": 1000},
            )
            answer.raise_for_status()
            body = answer.json()
            rows = body["usageEvents"][: events - seen]
            yield rows  # a page at a time, as the documentation advises
            seen += len(rows)
            if seen >= events:
                return
            page, more = page + 1, body["pagination"]["hasNextPage"]


def main():
    parser = argparse.ArgumentParser()
    for name in ("base-url", "key", "database", "working-dir"):
        parser.add_argument(f"--{name}", required=True)
    for name in ("start", "end", "events"):
        parser.add_argument(f"--{name}", required=True, type=int)
    arguments = parser.parse_args()
    pipeline = dlt.pipeline(
        pipeline_name="bench",
        pipelines_dir=arguments.working_dir,
        destination=dlt.destinations.duckdb(arguments.database),
        dataset_name="bench",
    )
    events = usage_events(arguments.base_url, arguments.key, arguments.start, arguments.end, arguments.events)
    started = time.monotonic()
    pipeline.run(events, loader_file_format="parquet")
    seconds = time.monotonic() - started
    with pipeline.sql_client() as client:
        rows = client.execute_sql("SELECT COUNT(*) FROM cursor_usage_events")[0][0]
    # Without what Python takes to start and to import dlt.
    print(json.dumps({"rows": rows, "seconds": seconds}), flush=True)
    os._exit(0)


if __name__ == "__main__":
    main()
