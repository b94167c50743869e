//! Groups that hold together, as the model sees them: who is behind them, and how they come to be
//! (rule 4). A group acts by all who are behind it.

use std::collections::BTreeSet;

use deedbook_schemas::block::Seconds;
use deedbook_schemas::instrument::ActRole;
use deedbook_schemas::limits::{GROUP_DEPTH_MAX, GROUP_MEMBERS_MAX};
use deedbook_schemas::party::{AuthorityRole, GroupParty, PartyId};
use deedbook_schemas::record::{Body, Record};
use deedbook_schemas::rejection::Code;

use crate::doors::unless;
use crate::memory::{Codes, Model};
use crate::shares::Share;
use crate::texts::{Deed, Leg, opposite};
use crate::verdict::Reasons;

impl Model {
    /// A group, if that is what it is.
    pub(crate) fn group(&self, party: &PartyId) -> Option<&GroupParty> {
        self.about(party).find_map(|(_, _, r)| match &r.body {
            Body::GroupParty(group) => Some(group),
            _ => None,
        })
    }

    /// Somebody, or those whom a group consists of in the end.
    pub(crate) fn persons(&self, party: &PartyId) -> Vec<PartyId> {
        match self.group(party) {
            None => vec![*party],
            Some(group) => {
                let members = group.members.iter();
                members.flat_map(|m| self.persons(&m.party)).collect()
            }
        }
    }

    /// Whether somebody is a party, or one of the group that is.
    pub(crate) fn is_of(&self, person: &PartyId, party: &PartyId) -> bool {
        person == party || self.persons(party).contains(person)
    }

    /// Whether somebody is one of these parties, or one of a group among them.
    pub(crate) fn is_among(&self, person: &PartyId, side: &[PartyId]) -> bool {
        side.iter().any(|party| self.is_of(person, party))
    }

    /// These parties, and everybody who is behind one of them.
    pub(crate) fn with_members<'p>(
        &self,
        parties: impl IntoIterator<Item = &'p PartyId>,
    ) -> BTreeSet<PartyId> {
        let mut all = BTreeSet::new();
        for party in parties {
            all.insert(*party);
            all.extend(self.persons(party));
        }
        all
    }

    /// Whether somebody is a party or one of the group that is, or acts by office for one of these.
    pub(crate) fn speaks_for(&self, signer: &PartyId, party: &PartyId, now: Seconds) -> bool {
        let mut behind = self.persons(party).into_iter();
        behind.any(|person| self.is_or_acts_for(signer, &person, now))
    }

    /// Whether a group holds what it holds without shares, and of whom it consists then.
    pub(crate) fn joint_members(&self, party: &PartyId) -> Option<BTreeSet<PartyId>> {
        let members = &self.group(party)?.members;
        let joint = members.iter().all(|member| member.share.is_none());
        joint.then(|| members.iter().map(|member| member.party).collect())
    }

    /// Whether an act takes the slot of a property: by who gives there, or one of the group that does.
    pub(crate) fn takes_slot(
        &self,
        deed: &Deed<'_>,
        property: &str,
        role: ActRole,
        party: &PartyId,
    ) -> bool {
        let legs = deed.legs().into_iter();
        let sides = legs.flat_map(|leg| [leg.gives, leg.takes].concat());
        let mut own = sides.filter(|side| self.is_of(party, side));
        own.any(|side| deed.takes_slot(property, role, &side))
    }

    /// With whom somebody deals who signs in a role, for themselves or as one of a group.
    pub(crate) fn facing(&self, deed: &Deed<'_>, party: &PartyId, role: ActRole) -> Vec<PartyId> {
        let mut facing = Vec::new();
        for leg in deed.legs() {
            let (own, other) = match role {
                ActRole::Disponor => (leg.gives, leg.takes),
                ActRole::Acquirer | ActRole::Mortgagee => (leg.takes, leg.gives),
            };
            if self.is_among(party, &own) {
                facing.extend(other);
            }
        }
        if facing.is_empty() {
            facing = deed.side(opposite(role));
        }
        facing.retain(|other| other != party);
        facing
    }

    /// Whether two give together or receive together, and do not deal with each other.
    pub(crate) fn together(&self, deed: &Deed<'_>, one: &PartyId, other: &PartyId) -> bool {
        let both = |side: &[PartyId]| self.is_among(one, side) && self.is_among(other, side);
        let across = |leg: &Leg<'_>| {
            let (gives, takes) = (&leg.gives, &leg.takes);
            (self.is_among(one, gives) && self.is_among(other, takes))
                || (self.is_among(other, gives) && self.is_among(one, takes))
        };
        let legs = deed.legs();
        legs.iter().any(|leg| both(&leg.gives) || both(&leg.takes)) && !legs.iter().any(across)
    }

    /// How many groups are within each other.
    fn depth(&self, party: &PartyId) -> usize {
        let Some(group) = self.group(party) else {
            return 0;
        };
        let depths = group.members.iter().map(|m| self.depth(&m.party));
        depths.max().unwrap_or(0) + 1
    }

    /// Rules 3, 4: a registrar enters a group of those who exist, each once, with shares of exactly one
    /// or without any.
    pub(crate) fn group_reasons(&self, record: &Record, body: &GroupParty) -> Reasons {
        let mut door = self.authority_door(record, AuthorityRole::Registrar);
        let members: Vec<PartyId> = body.members.iter().map(|m| m.party).collect();
        let sound = (2..=GROUP_MEMBERS_MAX).contains(&members.len())
            && members.windows(2).all(|pair| pair[0] < pair[1]);
        unless(sound, Code::FieldInvalid, &mut door);
        let id: PartyId = record.subject().parse().unwrap();
        let mut law = Codes::new();
        let free = !self.known(&id) && self.accreditation(&id).is_none();
        unless(free, Code::PartyExists, &mut law);
        let shares = body.members.iter().filter_map(|member| member.share);
        let shares: Vec<Share> = shares.map(Share::of).collect();
        if !shares.is_empty() {
            unless(shares.len() == members.len(), Code::EntityInvalid, &mut law);
            let sum = shares
                .into_iter()
                .fold(Share::NONE, |sum, share| sum.plus(share));
            unless(sum == Share::ALL, Code::TitleShares, &mut law);
        }
        let behind: Vec<PartyId> = members.iter().flat_map(|m| self.persons(m)).collect();
        let once: BTreeSet<&PartyId> = behind.iter().collect();
        let there = behind.iter().all(|party| self.is_there(party));
        unless(
            there && once.len() == behind.len(),
            Code::EntityInvalid,
            &mut law,
        );
        let deepest = members.iter().map(|m| self.depth(m)).max().unwrap_or(0);
        let fits = deepest < GROUP_DEPTH_MAX && behind.len() <= GROUP_MEMBERS_MAX;
        unless(fits, Code::GroupTooDeep, &mut law);
        (door, law)
    }

    /// Neither unknown nor dead nor dissolved.
    fn is_there(&self, party: &PartyId) -> bool {
        match self.entity(party) {
            Some(entity) => !entity.dissolved,
            None => self.enrolled(party) && self.died(party).is_none(),
        }
    }
}
