//! Properties of random histories of mortgages: ranks are 1, 2, 3 … after each record, nothing leaves a
//! title without its holder's word, and nothing of a sale happens while a lender has not spoken.

use deedbook_schemas::digest::RecordId;
use deedbook_schemas::encumbrance::Right;
use deedbook_schemas::instrument::{ActRole, Status, Transfer};
use deedbook_schemas::record::Body;
use proptest::prelude::*;

use crate::lenders::{
    FLAT, assignment, gives_up, gives_up_with, lease_body, lets_pass, lodge, mortgage_body,
    on_title, postponement, ranks, sign, status, terms, town,
};
use crate::world::{World, id, record_id};

const LENDERS: [&str; 4] = ["Halyk", "Kaspi", "Otbasy", "Clara"];

/// One thing that somebody tries with the mortgages of the flat.
#[derive(Debug, Clone)]
enum Attempt {
    Mortgage {
        lender: usize,
    },
    Discharge {
        mortgage: usize,
        by: Option<usize>,
    },
    Assign {
        mortgage: usize,
        to: usize,
    },
    Postpone {
        mortgage: usize,
        behind: usize,
    },
    /// To the other one of two; one mortgage may go with it, one may come, one lender may be silent.
    Sell {
        gone: Option<usize>,
        lender: Option<usize>,
        silent: Option<usize>,
    },
}

fn attempt() -> impl Strategy<Value = Attempt> {
    let (mortgage, lender) = (0..8usize, 0..LENDERS.len());
    let stranger = prop::option::weighted(0.2, lender.clone());
    let rarely = prop::option::weighted(0.3, mortgage.clone());
    prop_oneof![
        5 => lender.clone().prop_map(|lender| Attempt::Mortgage { lender }),
        2 => (mortgage.clone(), stranger)
            .prop_map(|(mortgage, by)| Attempt::Discharge { mortgage, by }),
        2 => (mortgage.clone(), lender.clone())
            .prop_map(|(mortgage, to)| Attempt::Assign { mortgage, to }),
        3 => (mortgage.clone(), mortgage)
            .prop_map(|(mortgage, behind)| Attempt::Postpone { mortgage, behind }),
        2 => (rarely.clone(), prop::option::of(lender), rarely)
            .prop_map(|(gone, lender, silent)| Attempt::Sell { gone, lender, silent }),
    ]
}

/// What a careful clerk would have written down.
struct Clerk {
    owner: &'static str,
    /// In the order of their ranks.
    mortgages: Vec<(RecordId, &'static str)>,
    lease: RecordId,
}

impl Clerk {
    fn new(world: &mut World) -> Self {
        let body = Body::Lease(lease_body(world, "Dana"));
        let lease = lodge(world, "Aida", FLAT, body);
        sign(world, &lease, &["Aida"], &["Dana"]);
        Self {
            owner: "Aida",
            mortgages: Vec::new(),
            lease,
        }
    }

    fn place(&self, index: usize) -> Option<usize> {
        index.checked_rem(self.mortgages.len())
    }

    fn attempt(&mut self, world: &mut World, attempt: &Attempt) {
        match *attempt {
            Attempt::Mortgage { lender } => self.mortgage(world, LENDERS[lender]),
            Attempt::Discharge { mortgage, by } => {
                if let Some(place) = self.place(mortgage) {
                    self.discharge(world, place, by.map(|by| LENDERS[by]));
                }
            }
            Attempt::Assign { mortgage, to } => {
                if let Some(place) = self.place(mortgage) {
                    self.assign(world, place, LENDERS[to]);
                }
            }
            Attempt::Postpone { mortgage, behind } => {
                if let Some((from, to)) = self.place(mortgage).zip(self.place(behind)) {
                    self.postpone(world, from, to);
                }
            }
            Attempt::Sell {
                gone,
                lender,
                silent,
            } => {
                let gone = gone.and_then(|gone| self.place(gone));
                let silent = silent.and_then(|silent| self.place(silent));
                self.sell(world, gone, lender.map(|lender| LENDERS[lender]), silent);
            }
        }
    }

    fn mortgage(&mut self, world: &mut World, lender: &'static str) {
        let body = Body::Mortgage(mortgage_body(world, FLAT, &[self.owner], lender));
        let record = world.plain(self.owner, FLAT, body);
        if self.mortgages.len() == 16 {
            world.refuse(&record, &["encumbrance.too_many"]);
            return;
        }
        world.accept(&record);
        let mortgage = record_id(&record);
        sign(world, &mortgage, &[self.owner], &[lender]);
        self.mortgages.push((mortgage, lender));
    }

    fn discharge(&mut self, world: &mut World, place: usize, by: Option<&str>) {
        let (mortgage, lender) = self.mortgages[place];
        let by = by.unwrap_or(lender);
        let record = gives_up(world, by, &mortgage);
        if by == lender {
            world.accept(&record);
            self.mortgages.remove(place);
        } else {
            world.refuse(&record, &["encumbrance.not_holder"]);
        }
    }

    fn assign(&mut self, world: &mut World, place: usize, to: &'static str) {
        let (mortgage, lender) = self.mortgages[place];
        let record = world.plain(lender, FLAT, assignment(&mortgage, lender, to));
        if to == lender {
            world.refuse(&record, &["mortgage.terms"]);
            return;
        }
        world.accept(&record);
        sign(world, &record_id(&record), &[lender], &[to]);
        self.mortgages[place].1 = to;
    }

    fn postpone(&mut self, world: &mut World, from: usize, to: usize) {
        let ((mortgage, lender), (behind, _)) = (self.mortgages[from], self.mortgages[to]);
        let mut passed: Vec<&str> = (from + 1..=to)
            .map(|place| self.mortgages[place].1)
            .filter(|other| *other != lender)
            .collect();
        passed.sort_unstable();
        passed.dedup();
        let body = postponement(&mortgage, &behind, lender, &passed);
        let record = world.plain(lender, FLAT, body);
        if to <= from {
            world.refuse(&record, &["mortgage.rank"]);
            return;
        }
        world.accept(&record);
        sign(world, &record_id(&record), &[lender], &passed);
        let moved = self.mortgages.remove(from);
        self.mortgages.insert(to, moved);
    }

    fn sell(
        &mut self,
        world: &mut World,
        gone: Option<usize>,
        lender: Option<&'static str>,
        silent: Option<usize>,
    ) {
        let buyer = if self.owner == "Aida" {
            "Bolat"
        } else {
            "Aida"
        };
        let body = Transfer {
            discharges: gone.map(|gone| vec![self.mortgages[gone].0]),
            mortgage: lender.map(terms),
            ..world.sale_body(FLAT, &[(self.owner, "1/1")], &[(buyer, "1/1")])
        };
        let record = world.transfer(self.owner, FLAT, body);
        let full = self.mortgages.len() == 16 && gone.is_none() && lender.is_some();
        if full {
            world.refuse(&record, &["encumbrance.too_many"]);
            return;
        }
        world.accept(&record);
        let deed = record_id(&record);
        sign(world, &deed, &[self.owner], &[buyer]);
        if let Some(lender) = lender {
            let act = world.act(lender, &deed, ActRole::Mortgagee);
            world.accept(&act);
        }
        for (place, (mortgage, lender)) in self.mortgages.iter().enumerate() {
            if silent == Some(place) {
                continue;
            }
            let record = if gone == Some(place) {
                gives_up_with(world, lender, mortgage, &deed)
            } else {
                lets_pass(world, lender, &deed, mortgage)
            };
            world.accept(&record);
        }
        if silent.is_some() {
            assert_eq!(status(world, &deed), Status::Pending);
            let record = world.withdraws(self.owner, &deed);
            world.accept(&record);
            return;
        }
        assert_eq!(status(world, &deed), Status::Registered);
        self.owner = buyer;
        if let Some(gone) = gone {
            self.mortgages.remove(gone);
        }
        self.mortgages.extend(lender.map(|lender| (deed, lender)));
    }

    fn check(&self, world: &World) {
        let expected: Vec<RecordId> = self.mortgages.iter().map(|(id, _)| *id).collect();
        assert_eq!(ranks(world, FLAT), expected);
        assert!(on_title(world, FLAT).contains(&self.lease));
        let title = world.title(FLAT);
        assert_eq!(title.encumbrances.len(), self.mortgages.len() + 1);
        assert_eq!(title.holdings[0].party, id(self.owner));
        for (mortgage, lender) in &self.mortgages {
            let found = title.encumbrances.iter().find(|e| e.id == *mortgage);
            assert!(matches!(
                found.unwrap().right,
                Right::Mortgage { mortgagee, .. } if mortgagee == id(lender)
            ));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: crate::histories::cases(32), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn ranks_stay_unique_and_contiguous_and_no_mortgage_is_lost(
        attempts in prop::collection::vec(attempt(), 1..60)
    ) {
        let mut world = town();
        let mut clerk = Clerk::new(&mut world);
        for attempt in &attempts {
            clerk.attempt(&mut world, attempt);
            clerk.check(&world);
        }
    }
}
