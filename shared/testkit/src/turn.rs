//! Lets others go first: the point at which a schedule may change its mind.

use std::pin::Pin;
use std::task::{Context, Poll};

/// Waits for the next turn, once. Works on any executor.
pub const fn next_turn() -> NextTurn {
    NextTurn { is_given: false }
}

/// See [`next_turn`].
#[derive(Debug)]
pub struct NextTurn {
    is_given: bool,
}

impl Future for NextTurn {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.is_given {
            return Poll::Ready(());
        }
        self.is_given = true;
        context.waker().wake_by_ref();
        Poll::Pending
    }
}
