//! The dashboards over HTTP: pages that are whole without script, their figures as JSON and files.
