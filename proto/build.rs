//! Compiles the messages, and writes for each row what the warehouses need to know: its columns in order.

use std::fmt::Write as _;
use std::path::PathBuf;

use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{DescriptorProto, FieldDescriptorProto};

/// The one column of billed money a table has. Layers never sum: no other amount is counted as spend.
const BILLED: [(&str, &str); 3] = [
    ("claude_expenses", "cost_usd"),
    ("api_usage_expenses", "cost_usd"),
    ("cursor_expenses", "estimated_cost_usd"),
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let files = ["aispend/v1/rows.proto", "aispend/v1/messages.proto", "aispend/v1/kept.proto"];
    for file in files {
        println!("cargo::rerun-if-changed={file}");
    }
    let descriptors = protox::compile(files, ["."])?;
    let rows =
        descriptors.file.iter().find(|file| file.name().ends_with("rows.proto")).ok_or("rows.proto")?;
    let set = rows.message_type.iter().find(|message| message.name() == "RecordSet").ok_or("RecordSet")?;

    let mut code = String::new();
    let mut variants = String::new();
    let mut names = String::new();
    let mut columns = String::new();
    let mut each = String::new();
    let mut counts = String::new();
    for field in &set.field {
        let table = field.name();
        let row = field.type_name().rsplit('.').next().ok_or("row type")?;
        let message = rows.message_type.iter().find(|message| message.name() == row).ok_or("row message")?;
        let variant = upper_camel(table);
        writeln!(variants, "    {variant},")?;
        writeln!(names, "            Self::{variant} => \"{table}\",")?;
        writeln!(columns, "            Self::{variant} => {row}::COLUMNS,")?;
        writeln!(each, "        for row in &self.{table} {{ visitor.row(row); }}")?;
        {
            let plus = if counts.is_empty() { "" } else { "        + " };
            writeln!(counts, "{plus}self.{table}.len()")?;
        }
        write_row(&mut code, field, &variant, row, message)?;
    }
    let all = set
        .field
        .iter()
        .map(|field| format!("Table::{}", upper_camel(field.name())))
        .collect::<Vec<_>>()
        .join(", ");
    write!(
        code,
        "/// Every table that records go to.\n\
         #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]\npub enum Table {{\n{variants}}}\n\
         impl Table {{\n    /// In the order of `RecordSet`.\n    pub const ALL: &[Table] = &[{all}];\n\
         \n    /// The table's name in SQL.\n    pub const fn name(self) -> &'static str {{\n        match self {{\n{names}        }}\n    }}\n\
         \n    /// Its columns in order, lineage excluded.\n    pub const fn columns(self) -> &'static [Column] {{\n        match self {{\n{columns}        }}\n    }}\n}}\n\
         impl RecordSet {{\n    /// Shows every row to the visitor, table by table.\n    pub fn visit(&self, visitor: &mut impl RowVisitor) {{\n{each}    }}\n\
         \n    /// Rows of all tables.\n    pub fn len(&self) -> usize {{\n        {counts}    }}\n}}\n"
    )?;
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    std::fs::write(out.join("rows.rs"), code)?;

    let mut listing = String::new();
    for file in &descriptors.file {
        for message in &file.message_type {
            list_fields(&mut listing, message)?;
        }
    }
    std::fs::write(out.join("fields.txt"), listing)?;

    prost_build::Config::new().bytes(["."]).compile_fds(descriptors)?;
    Ok(())
}

fn write_row(
    code: &mut String,
    set: &FieldDescriptorProto,
    variant: &str,
    row: &str,
    message: &DescriptorProto,
) -> Result<(), Box<dyn std::error::Error>> {
    let (table, number) = (set.name(), set.number());
    let mut columns = String::new();
    let mut writes = String::new();
    let mut money = String::from("None");
    for field in &message.field {
        let name = field.name();
        if name == "document" {
            continue;
        }
        let nullable = field.proto3_optional();
        let (kind, method) = column_kind(field)?;
        writeln!(
            columns,
            "        Column {{ name: \"{name}\", kind: ColumnKind::{kind}, is_nullable: {nullable} }},"
        )?;
        let value = match (method, nullable) {
            ("text", true) => format!("self.{name}.as_deref()"),
            ("text", false) => format!("Some(self.{name}.as_str())"),
            (_, true) => format!("self.{name}"),
            (_, false) => format!("Some(self.{name})"),
        };
        writeln!(writes, "        sink.{method}({value});")?;
        if BILLED.contains(&(table, name)) {
            money = format!("Some(self.{name})");
        }
    }
    write!(
        code,
        "impl {row} {{\n    const COLUMNS: &'static [Column] = &[\n{columns}    ];\n}}\n\
         impl Row for {row} {{\n    const TABLE: Table = Table::{variant};\n\
         const FIELD: u32 = {number};\n\
         fn document(&self) -> u32 {{ self.document }}\n\
         fn money(&self) -> Option<i64> {{ {money} }}\n\
         fn write(&self, sink: &mut impl RowSink) {{\n{writes}    }}\n\
         fn rows_of(set: &mut RecordSet) -> &mut Vec<Self> {{ &mut set.{table} }}\n}}\n"
    )?;
    Ok(())
}

fn column_kind(field: &FieldDescriptorProto) -> Result<(&'static str, &'static str), String> {
    match field.r#type() {
        Type::Int32 => Ok(("Date", "date")),
        Type::Sfixed64 => Ok(("Moment", "moment")),
        Type::Sint64 => Ok(("Decimal", "decimal")),
        Type::Int64 => Ok(("Integer", "integer")),
        Type::Bool => Ok(("Flag", "flag")),
        Type::String => Ok(("Text", "text")),
        other => {
            Err(format!("rows.proto: `{}` has type {other:?}, which stands for no column", field.name()))
        }
    }
}

/// `Message.field = number: label type`, one line each: what the compatibility test holds against the last release.
fn list_fields(listing: &mut String, message: &DescriptorProto) -> std::fmt::Result {
    for field in &message.field {
        let label = if field.proto3_optional() {
            "optional "
        } else if field.label() == Label::Repeated {
            "repeated "
        } else {
            ""
        };
        let kind = if field.type_name.is_some() {
            field.type_name().trim_start_matches(".aispend.v1.").to_owned()
        } else {
            field.r#type().as_str_name().trim_start_matches("TYPE_").to_lowercase()
        };
        writeln!(listing, "{}.{} = {}: {label}{kind}", message.name(), field.name(), field.number())?;
    }
    Ok(())
}

fn upper_camel(name: &str) -> String {
    name.split('_')
        .filter_map(|word| {
            let mut letters = word.chars();
            letters.next().map(|first| first.to_uppercase().chain(letters))
        })
        .flatten()
        .collect()
}
