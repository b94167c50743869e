//! Small worlds, exhaustively: everything that three parties can do with two titles, in every order.
//!
//! The registry itself runs, on records that are signed and verified once; `stateright` finds every
//! reachable state of it. Lives here: the run and what is asked of it. `stage` has the records,
//! `play` executes them, `ledger` is what a bystander with a pencil knows, `promises` is what must
//! hold.

#[cfg(test)]
#[path = "../law/documents.rs"]
#[allow(dead_code, reason = "the tests of the law use the rest of it")]
mod documents;
#[cfg(test)]
#[path = "../law/world.rs"]
#[allow(dead_code, reason = "the tests of the law use the rest of it")]
mod world;

#[cfg(test)]
mod ledger;
#[cfg(test)]
mod play;
#[cfg(test)]
mod promises;
#[cfg(test)]
mod stage;

#[cfg(test)]
mod tests {
    use stateright::{Checker, HasDiscoveries, Model};

    use crate::play::Play;

    /// Records in a row, at least, of which every order is looked at.
    const DEPTH_MIN: usize = 10;

    /// Looks at every reachable state; gives how many records lead to the farthest.
    fn explore(play: Play) -> usize {
        let checker = play
            .checker()
            .threads(2)
            // The shortest way to a broken promise, if there is one.
            .finish_when(HasDiscoveries::AnyFailures)
            .spawn_bfs()
            .join();
        // The state before the first record counts.
        let depth = checker.max_depth() - 1;
        println!(
            "{} states, {} steps between them, {depth} records deep",
            checker.unique_state_count(),
            checker.state_count(),
        );
        checker.assert_properties();
        assert!(checker.is_done(), "every reachable state was looked at");
        depth
    }

    #[test]
    fn in_no_order_is_a_title_sold_twice_or_without_its_consents() {
        assert!(explore(Play::race()) >= DEPTH_MIN);
    }

    #[test]
    fn in_no_order_does_a_consent_serve_again_or_the_cut_into_blocks_matter() {
        assert!(explore(Play::return_of_the_flat()) >= DEPTH_MIN);
    }
}
