//! What the vendors invoiced: compared with billed money, never added to it.

use aispend_model::{Feed, Money, Rounded, day_number};
use aispend_proto::Table as Target;
use aispend_proto::v1::Invoice;

use super::cells::{Cells, Fault, short};
use super::sheet::{Reader, Sheet};
use super::table::Column;

pub(super) const SHEET: Sheet = Sheet {
    feed: Feed::SheetInvoices,
    tables: &[Target::Invoices],
    columns: &[
        Column::required("vendor"),
        Column::optional("org_id"),
        Column::required("invoice_id"),
        Column::required("period_start"),
        Column::required("period_end"),
        Column::required("scope"),
        Column::required("amount"),
        Column::required("currency"),
        Column::optional("usd_amount"),
    ],
    read,
};

const SCOPES: [&str; 5] = ["usage", "seats", "prepaid", "priority", "tax"];

fn read(reader: &mut Reader) {
    for (line, cells) in Reader::rows(reader.table) {
        match cells.and_then(invoice) {
            Ok((invoice, amounts)) => {
                for amount in amounts {
                    reader.records.amount(amount);
                }
                reader.records.push(Invoice { document: reader.document, ..invoice });
            }
            // Invoiced money is another layer than billed money: a refused invoice takes nothing from that total.
            Err(fault) => reader.reject(Target::Invoices, line, &fault, Money::ZERO),
        }
    }
}

fn invoice(cells: Cells) -> Result<(Invoice, Vec<Rounded>), Fault> {
    let scope = cells.word("scope").ok_or_else(|| Fault::new("scope", "scope is empty"))?;
    if !SCOPES.contains(&scope.as_str()) {
        return Err(Fault::new(
            "scope",
            format!("scope `{}` is none of {}", short(&scope), SCOPES.join(", ")),
        ));
    }
    let (start, end) = (cells.needed_day("period_start")?, cells.needed_day("period_end")?);
    if end < start {
        return Err(Fault::new("period_end", format!("period_end {end} is before period_start {start}")));
    }
    let currency = cells.needed("currency")?.to_uppercase();
    if currency.len() != 3 || !currency.bytes().all(|letter| letter.is_ascii_uppercase()) {
        return Err(Fault::new(
            "currency",
            format!("currency `{}` is no code of three letters", short(&currency)),
        ));
    }
    let wire =
        |column, amount: Rounded| amount.money.wire().map_err(|error| Fault::new(column, error.to_string()));
    let amount = cells.needed_money("amount")?;
    // Dollars are their own dollar amount; for any other currency a person has to say it.
    let usd = cells.money("usd_amount")?.or_else(|| (currency == "USD").then_some(amount));
    let invoice = Invoice {
        document: 0,
        vendor: cells.needed("vendor")?.to_lowercase(),
        invoice_org_id: cells.text("org_id"),
        invoice_id: cells.needed("invoice_id")?,
        period_start: day_number(start),
        period_end: day_number(end),
        scope,
        amount: wire("amount", amount)?,
        currency,
        usd_amount: usd.map(|usd| wire("usd_amount", usd)).transpose()?,
    };
    Ok((invoice, [Some(amount), cells.money("usd_amount")?].into_iter().flatten().collect()))
}
