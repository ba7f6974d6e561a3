//! BigQuery tells the stories of every warehouse.

use crate::place::ready;

aispend_testkit::warehouse_conformance!(
    #[ignore = "needs the emulators: cargo xtask test --only gcp"]
    ready
);
