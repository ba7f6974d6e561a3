//! One incident, one letter: from any number of alerters, in any order, whatever fails.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use aispend_alerter::channels::{Channel, ChannelError, Notice};
use aispend_alerter::{LEASE, State};
use aispend_ports::Archive;
use aispend_testkit::sim::Weather;
use aispend_testkit::{Dice, next_turn};
use async_trait::async_trait;
use tokio::task::JoinSet;

use crate::bed::Bed;

/// Every alerter looks twice, all at the same time, each going first as its dice say.
async fn look_all_at_once(bed: &Bed, dice: &mut Dice, failures_per_mille: u64) {
    let mut looks = JoinSet::new();
    for _ in 0..3 {
        let weather = Weather::new(dice.fork());
        weather.set_failures(failures_per_mille);
        let watch = Arc::new(bed.rough_watch(&weather));
        for _ in 0..2 {
            let watch = Arc::clone(&watch);
            let turns = dice.below(40);
            looks.spawn(async move {
                for _ in 0..turns {
                    next_turn().await;
                }
                watch.check("run").await.map(drop).is_ok()
            });
        }
    }
    while let Some(ended) = looks.join_next().await {
        // Only rough weather makes a look fail.
        assert!(ended.unwrap() || failures_per_mille > 0);
    }
}

#[tokio::test]
async fn three_alerters_that_look_twice_send_one_letter_an_incident() {
    for seed in 0..40 {
        let bed = Bed::new().await;
        bed.see("daily", &["total"]);
        bed.see("stale", &["cursor/usage-events", "anthropic/cost"]);
        let mut dice = Dice::new(seed);
        look_all_at_once(&bed, &mut dice, 0).await;
        // Whoever found the claim taken had nothing to add: everybody is told by now.
        let ids = bed.smtp.message_ids();
        assert_eq!(ids.len(), 3, "seed {seed}: {ids:?}");
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), 3, "seed {seed}");
        look_all_at_once(&bed, &mut dice, 0).await;
        assert_eq!(bed.smtp.taken().len(), 3, "seed {seed}");
        assert!(bed.lines().values().all(|line| *line == ("open".to_owned(), true)), "{:?}", bed.lines());
        assert_eq!(bed.watch().incidents().current().await.unwrap().len(), 3);
    }
}

#[tokio::test]
async fn when_anything_fails_a_letter_may_come_again_under_its_name_and_none_is_lost() {
    for seed in 0..40 {
        let bed = Bed::new().await;
        bed.see("daily", &["total", "cursor"]);
        let mut dice = Dice::new(seed);
        for _ in 0..4 {
            look_all_at_once(&bed, &mut dice, 100).await;
        }
        // A claim that was never given back ends with its time.
        bed.clock.pass(LEASE);
        look_all_at_once(&bed, &mut dice, 0).await;
        let ids = bed.smtp.message_ids();
        let names: BTreeSet<&String> = ids.iter().collect();
        assert_eq!(names.len(), 2, "seed {seed}: {ids:?}");
        assert!(names.iter().all(|name| name.ends_with(".open@aispend")), "seed {seed}: {ids:?}");
        assert!(bed.lines().values().all(|line| *line == ("open".to_owned(), true)), "{:?}", bed.lines());
    }
}

/// Sends, and comes back no more.
struct NeverBack(Arc<dyn Channel>);

#[async_trait]
impl Channel for NeverBack {
    fn name(&self) -> &'static str {
        self.0.name()
    }
    async fn tell(&self, notice: &Notice) -> Result<(), ChannelError> {
        self.0.tell(notice).await?;
        std::future::pending().await
    }
}

#[tokio::test]
async fn a_crash_between_sending_and_noting_repeats_the_letter_under_the_same_name() {
    let bed = Bed::new().await;
    bed.see("daily", &["total"]);
    let archive = Arc::clone(&bed.archive) as Arc<dyn Archive>;
    let dying = bed.watch_over(archive, vec![Arc::new(NeverBack(bed.mail()))]);
    let dying = tokio::spawn(async move { dying.check("run").await.map(drop) });
    while bed.smtp.taken().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    dying.abort();
    drop(dying.await);
    // Its claim holds: nobody else sends while it may still be alive.
    bed.watch().check("").await.unwrap();
    assert_eq!(bed.smtp.taken().len(), 1);
    bed.clock.pass(LEASE);
    bed.watch().check("").await.unwrap();
    bed.watch().check("").await.unwrap();
    let ids = bed.smtp.message_ids();
    assert_eq!(ids.len(), 2);
    assert_eq!(ids[0], ids[1]);
}

#[tokio::test]
async fn a_server_that_refuses_is_asked_again_at_the_next_check() {
    let bed = Bed::new().await;
    bed.see("daily", &["total"]);
    bed.smtp.is_busy.store(true, Relaxed);
    let watch = bed.watch();
    let checked = watch.check("").await.unwrap();
    assert_eq!((checked.opened.len(), checked.told.len()), (1, 0));
    assert!(checked.failures[0].contains("mail did not take the notice"), "{:?}", checked.failures);
    assert_eq!(bed.lines()["total"], ("open".to_owned(), false));
    bed.smtp.is_busy.store(false, Relaxed);
    let checked = watch.check("").await.unwrap();
    assert_eq!((checked.opened.len(), checked.told.len()), (0, 1));
    assert_eq!(bed.lines()["total"], ("open".to_owned(), true));
}

#[tokio::test]
async fn what_is_gone_is_resolved_and_what_comes_back_is_told_again() {
    let bed = Bed::new().await;
    let watch = bed.watch();
    bed.see("daily", &["total"]);
    watch.check("").await.unwrap();
    // A warehouse that does not answer resolves nothing.
    bed.set_down(true);
    bed.see("daily", &[]);
    assert!(watch.check("").await.is_err());
    assert_eq!(bed.lines()["total"].0, "open");
    bed.set_down(false);
    bed.clock.pass(Duration::from_mins(1));
    let checked = watch.check("").await.unwrap();
    assert_eq!(checked.resolved.len(), 1);
    assert_eq!(bed.lines()["total"].0, "resolved");
    assert!(watch.incidents().current().await.unwrap().is_empty());
    bed.clock.pass(Duration::from_mins(1));
    bed.see("daily", &["total"]);
    watch.check("").await.unwrap();
    let ids = bed.smtp.message_ids();
    assert!(ids.len() == 2 && ids[1] == ids[0].replace(".open@", ".open-2@"), "{ids:?}");
    assert_eq!(bed.lines()["total"].0, "open");
}

#[tokio::test]
async fn what_somebody_took_is_told_to_nobody_and_leaves_the_list_when_it_is_past() {
    let bed = Bed::new().await;
    let watch = bed.watch();
    bed.smtp.is_busy.store(true, Relaxed);
    bed.see("daily", &["total"]);
    let id = watch.check("").await.unwrap().opened[0].id.clone();
    bed.smtp.is_busy.store(false, Relaxed);
    let now = jiff::Timestamp::from_second(1_795_327_260).unwrap();
    let (incident, is_news) = watch.decide(&id, |incident| incident.acknowledge("ann", now)).await.unwrap();
    assert!(is_news && incident.state == State::Acknowledged);
    watch.check("").await.unwrap();
    assert!(bed.smtp.taken().is_empty());
    assert_eq!(bed.lines()["total"].0, "acknowledged");
    assert_eq!(watch.incidents().current().await.unwrap().len(), 1);
    assert!(watch.decide("nothing", |incident| incident.acknowledge("ann", now)).await.is_err());
    // Rules are silent about days that long past: neither resolved nor listed.
    bed.see("daily", &[]);
    bed.clock.pass(Duration::from_hours(24 * 8));
    watch.check("").await.unwrap();
    assert_eq!(bed.lines()["total"].0, "acknowledged");
    assert!(watch.incidents().current().await.unwrap().is_empty());
}
