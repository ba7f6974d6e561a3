//! The keys that Metabase documents, by display, and the form of each.

/// A value's form.
#[derive(Clone, Copy)]
pub enum Form {
    Flag,
    Number,
    Text,
    /// A column's name, or nothing.
    Column,
    Columns,
    Color,
    Choice(&'static [&'static str]),
    Looks,
    ColumnSettings,
    TableColumns,
    Formatting,
    Segments,
    Colors,
    PieRows,
    Click,
    Any,
}

use Form::{
    Any, Choice, Click, Color, Colors, Column, ColumnSettings, Columns, Flag, Formatting, Looks, Number,
    PieRows, Segments, TableColumns, Text,
};

pub const COMMON: &[(&str, Form)] = &[
    ("column_settings", ColumnSettings),
    ("card.title", Text),
    ("card.description", Text),
    ("aispend.id", Text),
    ("click_behavior", Click),
];
pub const GRAPH: &[(&str, Form)] = &[
    ("graph.dimensions", Columns),
    ("graph.metrics", Columns),
    ("graph.x_axis.title_text", Text),
    ("graph.y_axis.title_text", Text),
    ("graph.x_axis.scale", Choice(&["ordinal", "histogram", "timeseries", "linear", "pow", "log"])),
    ("graph.y_axis.unpin_from_zero", Flag),
    ("graph.show_goal", Flag),
    ("graph.goal_value", Number),
    ("graph.goal_label", Text),
    ("graph.show_trendline", Flag),
    ("graph.tooltip_columns", Columns),
    ("stackable.stack_type", Choice(&["stacked", "normalized"])),
    ("series_settings", Looks),
];
pub const TABLE: &[(&str, Form)] = &[
    ("table.columns", TableColumns),
    ("table.row_index", Flag),
    ("table.pagination", Flag),
    ("table.column_formatting", Formatting),
    ("table.freeze_columns", Flag),
    ("table.freeze_columns_count", Number),
    ("table.pivot", Flag),
    ("table.pivot_column", Column),
    ("table.cell_column", Column),
];
pub const SCALAR: &[(&str, Form)] = &[("scalar.field", Column), ("scalar.segments", Segments)];
pub const PROGRESS: &[(&str, Form)] =
    &[("progress.value", Column), ("progress.goal", Column), ("progress.color", Color)];
pub const PIE: &[(&str, Form)] = &[
    ("pie.dimension", Column),
    ("pie.metric", Column),
    ("pie.show_legend", Flag),
    ("pie.show_total", Flag),
    ("pie.show_labels", Flag),
    ("pie.percent_visibility", Choice(&["off", "legend", "inside", "both"])),
    ("pie.decimal_places", Number),
    ("pie.slice_threshold", Number),
    ("pie.sort_rows", Flag),
    ("pie.colors", Colors),
    ("pie.rows", PieRows),
];
pub const SCATTER: &[(&str, Form)] = &[("scatter.bubble", Column)];
pub const WATERFALL: &[(&str, Form)] = &[
    ("waterfall.increase_color", Color),
    ("waterfall.decrease_color", Color),
    ("waterfall.total_color", Color),
    ("waterfall.show_total", Flag),
];
pub const VIRTUAL: &[(&str, Form)] = &[("virtual_card", Any), ("text", Text)];

pub const COLUMN: &[(&str, Form)] = &[
    ("column_title", Text),
    ("number_style", Choice(&["decimal", "currency", "percent", "scientific"])),
    ("currency", Choice(&["USD"])),
    ("currency_style", Choice(&["symbol", "narrowSymbol", "code", "name"])),
    ("currency_in_header", Flag),
    ("number_separators", Choice(&[".,", ", ", ",.", ".", ".’"])),
    ("decimals", Number),
    ("date_style", Choice(&["D MMMM, YYYY", "MMMM, YYYY", "MMMM D, YYYY", "YYYY/M/D"])),
    ("date_abbreviate", Flag),
    ("time_enabled", Choice(&["minutes", "seconds", "milliseconds"])),
    ("text_wrapping", Flag),
    ("show_mini_bar", Flag),
    ("click_behavior", Click),
];
pub const LOOK: &[(&str, Form)] = &[
    ("title", Text),
    ("color", Color),
    ("display", Choice(&["line", "bar", "area"])),
    ("line.style", Choice(&["solid", "dashed", "dotted"])),
    ("line.size", Choice(&["S", "M", "L"])),
    ("line.interpolate", Choice(&["linear", "cardinal", "step-after"])),
    ("line.marker_enabled", Flag),
    ("line.missing", Choice(&["zero", "none", "interpolate"])),
];
pub const RULE: &[(&str, Form)] = &[
    ("columns", Columns),
    ("type", Choice(&["range", "single"])),
    ("colors", Colors),
    ("min_type", Choice(&["all", "custom"])),
    ("max_type", Choice(&["all", "custom"])),
    ("min_value", Number),
    ("max_value", Number),
    ("operator", Choice(&["=", "!=", "<", ">", "<=", ">="])),
    ("value", Any),
    ("color", Color),
    ("highlight_row", Flag),
];
