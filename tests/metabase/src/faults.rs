//! A server that stops at a chosen request.

/// What becomes of the connection of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is handled and answered.
    Answered,
    /// It is handled, and its answer is lost.
    Unanswered,
    /// It is lost before it is handled.
    Lost,
    /// It is answered with this status, and not handled.
    Turned(u16),
}

/// When the server stops, and whether it has.
#[derive(Default)]
pub struct Faults {
    dead: bool,
    planned: Option<Planned>,
    /// The status for so many requests from now.
    busy: Option<(u16, usize)>,
}

struct Planned {
    /// So many requests are left, the fatal one included.
    left: usize,
    fate: Fate,
    /// Whether the server is gone after it.
    fatal: bool,
}

impl Faults {
    pub fn plan(&mut self, requests: usize, fate: Fate, fatal: bool) {
        // The zeroth request is over, so the next is the first that there is.
        self.planned = Some(Planned { left: requests.max(1), fate, fatal });
    }

    pub fn turn_away(&mut self, status: u16, requests: usize) {
        self.busy = Some((status, requests));
    }

    pub fn revive(&mut self) {
        *self = Self::default();
    }

    pub fn is_dead(&self) -> bool {
        self.dead
    }

    /// Counts a request, and says what becomes of it.
    pub fn next(&mut self) -> Fate {
        if self.dead {
            return Fate::Lost;
        }
        if let Some((status, left)) = self.busy.take().filter(|(_, left)| *left > 0) {
            self.busy = Some((status, left - 1));
            return Fate::Turned(status);
        }
        let Some(planned) = &mut self.planned else { return Fate::Answered };
        planned.left -= 1;
        if planned.left > 0 {
            return Fate::Answered;
        }
        let fate = planned.fate;
        self.dead = planned.fatal;
        self.planned = None;
        fate
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chosen_request_meets_its_fate_and_those_after_it_are_lost() {
        let mut faults = Faults::default();
        faults.plan(2, Fate::Unanswered, true);
        let fates: Vec<Fate> = (0..4).map(|_| faults.next()).collect();
        assert_eq!(fates, [Fate::Answered, Fate::Unanswered, Fate::Lost, Fate::Lost]);
        faults.revive();
        assert_eq!(faults.next(), Fate::Answered);
    }

    #[test]
    fn so_many_requests_are_turned_away() {
        let mut faults = Faults::default();
        faults.turn_away(503, 2);
        let fates: Vec<Fate> = (0..3).map(|_| faults.next()).collect();
        assert_eq!(fates, [Fate::Turned(503), Fate::Turned(503), Fate::Answered]);
    }

    #[test]
    fn a_lost_answer_need_not_be_the_end() {
        let mut faults = Faults::default();
        faults.plan(1, Fate::Unanswered, false);
        assert_eq!([faults.next(), faults.next()], [Fate::Unanswered, Fate::Answered]);
    }
}
