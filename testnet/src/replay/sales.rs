//! HM Land Registry's Price Paid data: strictly read, in the order of the deeds.
//!
//! Lives here: the file's form and the order of its sales. Does not live here: who sells to whom;
//! the file names nobody.

use std::collections::BTreeMap;
use std::io::Read;

use anyhow::{Context as _, Result, bail};
use deedbook_schemas::property::LandUse;
use serde::Deserialize;

/// Pence of a pound.
const PENCE: u64 = 100;

/// The columns that are used. The others only have to be there.
#[derive(Debug, Deserialize)]
struct Row {
    unique_id: String,
    price_paid: u64,
    deed_date: String,
    postcode: String,
    property_type: String,
    saon: String,
    paon: String,
    street: String,
}

/// What tells one property from another in this data: (postcode, paon, saon, street).
type PropertyKey = (String, String, String, String);

/// A property of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Property {
    /// Its number on the test ledger: postcode and order of first sale.
    pub cadastral_number: String,
    /// Its address.
    pub address: String,
    /// Its use.
    pub land_use: LandUse,
    /// Its sales, as indices into [`Sales::sales`], ascending.
    pub sales: Vec<usize>,
}

/// A sale of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sale {
    /// Which property, as an index into [`Sales::properties`].
    pub property: usize,
    /// The title's version that the sale ends: 1 for a property's first sale.
    pub title_version: u64,
    /// Price in pence.
    pub pence: u64,
    /// Date of the deed, `YYYY-MM-DD`.
    pub date: String,
}

/// The file, in the order of the deeds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sales {
    /// In the order of their first sale.
    pub properties: Vec<Property>,
    /// By date; sales of one day stay in the order of the file.
    pub sales: Vec<Sale>,
}

impl Sales {
    /// Reads a Price Paid file; `limit` keeps its first sales by date.
    ///
    /// # Errors
    /// If a row is not of that form: its line.
    pub fn read(source: impl Read, limit: Option<usize>) -> Result<Self> {
        let mut reader = csv::Reader::from_reader(source);
        let mut rows = Vec::new();
        for (line, row) in (2..).zip(reader.deserialize::<Row>()) {
            let row = row.with_context(|| format!("line {line}"))?;
            if !is_date(&row.deed_date) {
                bail!(
                    "line {line}: {:?} is no date; YYYY-MM-DD is expected",
                    row.deed_date
                );
            }
            rows.push(row);
        }
        rows.sort_by(|a, b| a.deed_date.cmp(&b.deed_date));
        rows.truncate(limit.unwrap_or(usize::MAX));
        Self::in_order(rows)
    }

    fn in_order(rows: Vec<Row>) -> Result<Self> {
        let mut known: BTreeMap<PropertyKey, usize> = BTreeMap::new();
        let mut sales = Self {
            properties: Vec::new(),
            sales: Vec::with_capacity(rows.len()),
        };
        for row in rows {
            let pence = row.price_paid.checked_mul(PENCE);
            let pence =
                pence.with_context(|| format!("sale {}: impossible price", row.unique_id))?;
            let index = *known.entry(key(&row)).or_insert_with(|| {
                let property = describe(&row, sales.properties.len() + 1);
                sales.properties.push(property);
                sales.properties.len() - 1
            });
            let property = sales.properties.get_mut(index);
            let property = property.context("a property that was just added")?;
            property.sales.push(sales.sales.len());
            sales.sales.push(Sale {
                property: index,
                title_version: u64::try_from(property.sales.len())?,
                pence,
                date: row.deed_date,
            });
        }
        Ok(sales)
    }
}

fn key(row: &Row) -> PropertyKey {
    let (postcode, paon) = (row.postcode.clone(), row.paon.clone());
    (postcode, paon, row.saon.clone(), row.street.clone())
}

fn is_date(text: &str) -> bool {
    let digits =
        |part: &str, count| part.len() == count && part.bytes().all(|byte| byte.is_ascii_digit());
    matches!(
        text.split('-').collect::<Vec<_>>().as_slice(),
        [year, month, day] if digits(year, 4) && digits(month, 2) && digits(day, 2)
    )
}

/// The number is ours: the data has none. `SW19 1AA` and the 12th property give `SW19-1AA:12`.
fn describe(row: &Row, ordinal: usize) -> Property {
    let parts = [&row.saon, &row.paon, &row.street, &row.postcode];
    let parts = parts.map(|part| part.trim());
    let address: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    let postcode = row.postcode.trim().replace(' ', "-");
    let area = if postcode.is_empty() { "GB" } else { &postcode };
    Property {
        cadastral_number: format!("{area}:{ordinal}"),
        address: address.join(", "),
        land_use: match row.property_type.as_str() {
            "F" => LandUse::Flat,
            "D" | "S" | "T" => LandUse::House,
            _ => LandUse::NonResidential,
        },
        sales: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use deedbook_schemas::limits::{CADASTRAL_NUMBER_BYTES_MAX, TEXT_BYTES_MAX};
    use deedbook_schemas::text::{check_text, is_identifier};

    const HEADER: &str = "unique_id,price_paid,deed_date,postcode,property_type,new_build,\
        estate_type,saon,paon,street,locality,town,district,county,transaction_category,\
        linked_data_uri";

    fn read(rows: &[&str], limit: Option<usize>) -> Result<Sales> {
        let text = format!("{HEADER}\n{}\n", rows.join("\n"));
        Sales::read(text.as_bytes(), limit)
    }

    fn row(price: &str, date: &str, saon: &str, paon: &str) -> String {
        format!(
            r#""{{ID}}","{price}","{date}","SW19 1AA","F","N","L","{saon}","{paon}","COWPER ROAD","","LONDON","MERTON","GREATER LONDON","A","http://data.example/x""#
        )
    }

    #[test]
    fn sales_come_by_date_and_those_of_one_day_in_the_order_of_the_file() {
        let rows = [
            row("3", "2016-01-02", "", "5"),
            row("1", "2010-05-06", "", "5"),
            row("4", "2016-01-02", "FLAT 1", "5"),
            row("2", "2016-01-01", "", "5"),
        ];
        let rows: Vec<_> = rows.iter().map(String::as_str).collect();
        let sales = read(&rows, None).unwrap();
        let pence: Vec<_> = sales.sales.iter().map(|sale| sale.pence).collect();
        assert_eq!(pence, [100, 200, 300, 400]);
        let versions: Vec<_> = sales.sales.iter().map(|sale| sale.title_version).collect();
        assert_eq!(versions, [1, 2, 3, 1]);
        assert_eq!(sales.properties.len(), 2);
        assert_eq!(sales.properties[0].sales, [0, 1, 2]);
        assert_eq!(sales.properties[0].address, "5, COWPER ROAD, SW19 1AA");
        assert_eq!(
            sales.properties[1].address,
            "FLAT 1, 5, COWPER ROAD, SW19 1AA"
        );
        assert_eq!(sales.properties[1].cadastral_number, "SW19-1AA:2");
        assert_eq!(read(&rows, Some(1)).unwrap().properties.len(), 1);
    }

    #[test]
    fn a_row_of_another_form_is_named_by_its_line() {
        for bad in [
            row("-1", "2016-01-02", "", "5"),
            row("1.5", "2016-01-02", "", "5"),
            row("1", "02/01/2016", "", "5"),
            row("1", "2016-01", "", "5"),
            "only,three,fields".to_owned(),
        ] {
            let good = row("1", "2016-01-02", "", "5");
            let error = read(&[&good, &bad], None).unwrap_err();
            assert!(format!("{error:#}").contains("line 3"), "{error:#}");
        }
        assert!(read(&[&row("18446744073709551615", "2016-01-02", "", "5")], None).is_err());
    }

    #[test]
    fn what_is_written_into_a_record_is_text_and_numbers_the_ledger_takes() {
        let sales = read(&[&row("1", "2016-01-02", "FLAT 12", "105 - 109")], None).unwrap();
        let property = &sales.properties[0];
        let number = &property.cadastral_number;
        assert!(is_identifier(number, CADASTRAL_NUMBER_BYTES_MAX));
        assert_eq!(check_text(&property.address, TEXT_BYTES_MAX), Ok(()));
    }
}
