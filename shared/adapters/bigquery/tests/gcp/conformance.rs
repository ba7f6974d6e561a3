//! BigQuery tells the stories of every warehouse.

use crate::place::ready;

macro_rules! stories {
    ($($story:ident),* $(,)?) => {
        $(
            #[tokio::test]
            #[ignore = "needs the emulators: cargo xtask test --only gcp"]
            async fn $story() {
                aispend_testkit::warehouse::$story(ready).await;
            }
        )*
    };
}

stories!(
    a_first_load_writes_rows_and_a_ledger_line,
    the_same_message_again_changes_nothing,
    a_newer_reading_with_the_same_rows_is_noted_only,
    a_newer_reading_replaces_all_tables_of_its_slice,
    an_older_reading_that_comes_late_changes_nothing,
    a_revision_replaces_the_reading_it_reads_again,
    a_change_of_source_replaces_equal_rows,
    a_retired_slice_is_emptied,
    a_day_that_cannot_be_had_is_noted_and_its_rows_stay,
    two_readings_in_one_call_count_in_their_order,
    a_slice_that_contradicts_itself_is_refused_alone,
    what_vanishes_is_told,
    rejected_records_are_conserved,
    a_merged_table_is_the_same_in_every_order,
    a_merged_row_stays_when_its_slice_is_retired,
    any_order_and_any_number_of_times_give_the_same_tables,
    the_ledger_gives_back_what_a_slice_was_read_from,
    slices_of_other_days_and_organisations_stay,
    a_run_is_recorded_twice_as_once,
);
