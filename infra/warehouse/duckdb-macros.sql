-- Functions of BigQuery that DuckDB lacks, by the same name.
CREATE OR REPLACE MACRO main.safe_divide(a, b) AS CASE WHEN b = 0 THEN NULL ELSE a / b END;
CREATE OR REPLACE MACRO main.countif(condition) AS count_if(condition);
CREATE OR REPLACE MACRO main.logical_or(condition) AS bool_or(condition);
CREATE OR REPLACE MACRO main.logical_and(condition) AS bool_and(condition);
CREATE OR REPLACE MACRO main.unix_micros(moment) AS epoch_us(moment);
CREATE OR REPLACE MACRO main.unix_date(day) AS CAST(date_diff('day', DATE '1970-01-01', day) AS BIGINT);
CREATE OR REPLACE MACRO main.div(a, b) AS a // b;
