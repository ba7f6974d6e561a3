//! This machine's clock against the vendors'.

use jiff::{SignedDuration, Timestamp};

use super::report::Check;

/// From here on somebody should look.
const WARN: SignedDuration = SignedDuration::from_secs(60);
/// From here on an observation is parked, or the next one counts as older.
const FAIL: SignedDuration = SignedDuration::from_mins(10);

/// How far our clock is ahead of one that said `date` (whole seconds, rounded down) between our sending and receiving;
/// negative where it is behind. Of all that is possible the least.
pub fn ahead(date: Timestamp, sent: Timestamp, received: Timestamp) -> SignedDuration {
    let least = sent.duration_since(date) - SignedDuration::from_secs(1);
    let most = received.duration_since(date);
    if least.is_positive() {
        least
    } else if most.is_negative() {
        most
    } else {
        SignedDuration::ZERO
    }
}

/// What that means.
pub fn check(ahead: Option<SignedDuration>) -> Check {
    const SUBJECT: &str = "clock";
    let Some(ahead) = ahead else {
        return Check::note(SUBJECT, "not compared: no vendor said what time it is");
    };
    let seconds = ahead.as_secs().unsigned_abs();
    let off = if seconds < 120 { format!("{seconds} s") } else { format!("{} min", (seconds + 30) / 60) };
    let side = if ahead.is_negative() { "behind" } else { "ahead of" };
    let says = format!("this machine is {off} {side} the vendors' clocks");
    let remedy = "set this machine's clock (timedatectl set-ntp true)";
    if ahead.abs() > FAIL {
        let remedy = format!(
            "{remedy}, then run again: what is read by a clock that is off is parked or counts as older"
        );
        return Check::fail(SUBJECT, "clock", says, remedy);
    }
    if ahead.abs() > WARN {
        return Check::warn(SUBJECT, "clock", says, format!("{remedy}; from 10 min on loads are parked"));
    }
    Check::ok(SUBJECT, "agrees with the vendors' clocks")
}

#[cfg(test)]
mod tests {
    use super::super::report::Status;
    use super::*;

    #[test]
    fn the_round_trip_and_the_seconds_cut_off_are_no_skew() {
        let at = |millis: i64| Timestamp::from_millisecond(1_800_000_000_000 + millis).unwrap();
        for (date, sent, received, expected_millis) in [
            (0, 0, 0, 0),
            (0, 999, 999, 0),
            (0, -5_000, 20_000, 0),
            (0, 61_500, 61_700, 60_500),
            (0, -90_000, -89_000, -89_000),
            (900_000, 0, 100, -899_900),
        ] {
            let ahead = ahead(at(date), at(sent), at(received));
            assert_eq!(ahead.as_millis(), i128::from(expected_millis), "{date} {sent} {received}");
        }
    }

    #[test]
    fn a_minute_is_a_warning_and_ten_are_a_failure() {
        let status = |seconds: i64| check(Some(SignedDuration::from_secs(seconds))).status;
        assert_eq!((status(0), status(60), status(-60)), (Status::Ok, Status::Ok, Status::Ok));
        assert_eq!((status(61), status(-61), status(600)), (Status::Warn, Status::Warn, Status::Warn));
        assert_eq!((status(601), status(-601)), (Status::Fail, Status::Fail));
        assert_eq!(check(None).status, Status::Note);
        let says = check(Some(SignedDuration::from_secs(-900))).says;
        assert_eq!(says, "this machine is 15 min behind the vendors' clocks");
    }
}
