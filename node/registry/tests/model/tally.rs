//! What a history is counted for: which kinds were accepted, refused and ended, by whom and how.

use deedbook_schemas::digest::RecordId;
use deedbook_schemas::instrument::{ActKind, Status};
use deedbook_schemas::outcome::Outcome;
use deedbook_schemas::party::PartyId;
use deedbook_schemas::record::{Body, Record};

use crate::play::Game;
use crate::verdict::Answer;

impl Game {
    /// What is to be told of a record that was accepted, besides its kind.
    fn told(&self, record: &Record) -> Vec<String> {
        let model = &self.model;
        let mut seen = Vec::new();
        let deed = record.subject().parse::<RecordId>().ok();
        let earlier = |deed| !std::ptr::eq(model.law_of(&deed), model.law());
        let about = deed.filter(|deed| model.deed(deed).is_some());
        if about.is_some_and(earlier) {
            seen.push("done under an earlier law");
        }
        let key = record.statement.header.key;
        if model
            .keys(&record.issuer())
            .iter()
            .skip(1)
            .any(|k| *k == key)
        {
            seen.push("signed with a second key");
        }
        let bound = record.body.binds().and_then(|party| model.entity(&party));
        if bound.is_some_and(|entity| entity.signatures > 1) {
            seen.push(match &record.body {
                Body::Discharge(_) => "discharged by several officers",
                Body::MortgageeConsent(_) => "let pass by several officers",
                Body::PreemptionWaiver(_) => "waived by several officers",
                _ => "empowered by several officers",
            });
        }
        match &record.body {
            Body::Revocation(_) if model.is_approval(record.subject()) => {
                seen.push("approval withdrawn");
            }
            Body::PreemptionNotice(body) => {
                let group = body.represents.map(|party| model.group(&party).is_some());
                seen.extend(group.map(|group| match group {
                    true => "offered by a member",
                    false => "offered by office",
                }));
            }
            Body::PreemptionWaiver(body) if body.represents.is_some() => {
                seen.push("waived by office");
            }
            _ => {}
        }
        seen.into_iter().map(str::to_owned).collect()
    }

    /// What is to be told of a deed that was registered, besides its kind.
    fn registered(&self, deed: &RecordId) -> Vec<String> {
        let model = &self.model;
        let found = model.deed(deed).unwrap();
        let group = |side: &[PartyId]| side.iter().any(|party| model.group(party).is_some());
        let legs = found.legs();
        let gave = legs.iter().any(|leg| group(&leg.gives));
        let severs = found.kind() == Some(ActKind::Sever);
        let seen = [
            (gave, "a group gave"),
            (gave && severs, "a group severed"),
            (legs.iter().any(|leg| group(&leg.takes)), "a group received"),
            (
                !std::ptr::eq(model.law_of(deed), model.law()),
                "registered under an earlier law",
            ),
        ];
        let seen = seen.into_iter().filter(|(so, _)| *so);
        seen.map(|(_, what)| what.to_owned()).collect()
    }

    /// Counts what was answered, and how deeds ended with it.
    pub(crate) fn count<'o>(
        &mut self,
        record: &Record,
        answer: &Answer,
        outcomes: impl Iterator<Item = &'o Outcome>,
    ) {
        let mut seen: Vec<String> = match answer {
            Answer::Accepted => {
                let mut seen = self.told(record);
                seen.push(format!("accepted {}", record.body.kind()));
                seen
            }
            Answer::Refused(codes) | Answer::TurnedAway(codes) => {
                codes.iter().map(|code| code.as_str().to_owned()).collect()
            }
        };
        for outcome in outcomes {
            if self.model.deed(&outcome.record).is_some() {
                let (_, _, record) = self.model.find(&outcome.record).unwrap();
                let kind = match &record.body {
                    Body::Transfer(text) => format!("{:?}", text.kind),
                    body => body.kind().to_string(),
                };
                seen.push(format!("deed {:?}", outcome.status));
                if outcome.status == Status::Registered {
                    seen.extend(self.registered(&outcome.record));
                }
                seen.push(format!("{kind} {:?}", outcome.status));
            }
        }
        for what in seen {
            *self.tally.entry(what).or_default() += 1;
        }
    }
}
