//! The documents that people of the small world sign.

use deedbook_registry::state;
use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::instrument::{
    Act, ActKind, ActRole, Ending, PowerOfAttorney, Revocation, Scope, SpousalConsent, Status,
    Transfer, TransferKind, Withdrawal,
};
use deedbook_schemas::party::CivilStatus;
use deedbook_schemas::record::Body;

use crate::world::{CIVIL, DAY, World, id, money, record_id, shares};

impl World {
    pub(crate) fn status(&mut self, subject: &str, fact: CivilStatus) -> Vec<u8> {
        self.plain(CIVIL, subject, Body::CivilStatus(fact))
    }

    pub(crate) fn unmarried(&mut self, names: &[&str], from: Seconds) {
        let mut parties: Vec<_> = names.iter().map(|name| id(name)).collect();
        parties.sort();
        let fact = CivilStatus::Unmarried { parties, from };
        let record = self.status(&id(CIVIL).to_string(), fact);
        self.accept(&record);
    }

    pub(crate) fn marriage(&mut self, one: &str, other: &str, from: Seconds) -> Vec<u8> {
        let mut spouses = [id(one), id(other)];
        spouses.sort();
        let fact = CivilStatus::Marriage { spouses, from };
        self.status(&id(CIVIL).to_string(), fact)
    }

    /// Marries two people; gives the marriage's id.
    pub(crate) fn marry(&mut self, one: &str, other: &str, from: Seconds) -> RecordId {
        let record = self.marriage(one, other, from);
        self.accept(&record);
        record_id(&record)
    }

    pub(crate) fn transfer(&mut self, lodger: &str, property: &str, body: Transfer) -> Vec<u8> {
        self.plain(lodger, property, Body::Transfer(body))
    }

    /// A sale drawn up for the title as it is, at 50,000,000 tiyn, lodged by its first disponor.
    pub(crate) fn sale(
        &mut self,
        property: &str,
        disponors: &[(&str, &str)],
        acquirers: &[(&str, &str)],
    ) -> Vec<u8> {
        let body = self.sale_body(property, disponors, acquirers);
        self.transfer(disponors[0].0, property, body)
    }

    pub(crate) fn sale_body(
        &self,
        property: &str,
        disponors: &[(&str, &str)],
        acquirers: &[(&str, &str)],
    ) -> Transfer {
        let version = state::title(&self.state, property)
            .unwrap()
            .map_or(1, |title| title.version);
        Transfer::new(
            TransferKind::Sale,
            version,
            shares(disponors),
            shares(acquirers),
            Some(money(50_000_000)),
        )
    }

    /// Lodges a sale that is accepted.
    pub(crate) fn lodge_sale(
        &mut self,
        property: &str,
        disponors: &[(&str, &str)],
        acquirers: &[(&str, &str)],
    ) -> RecordId {
        let record = self.sale(property, disponors, acquirers);
        self.accept(&record);
        record_id(&record)
    }

    pub(crate) fn gift(&mut self, property: &str, from: &str, to: &str) -> RecordId {
        let body = Transfer {
            kind: TransferKind::Gift,
            price: None,
            ..self.sale_body(property, &[(from, "1/1")], &[(to, "1/1")])
        };
        let record = self.transfer(from, property, body);
        self.accept(&record);
        record_id(&record)
    }

    /// Lodges a gift of shares that is accepted.
    pub(crate) fn lodge_gift(
        &mut self,
        property: &str,
        disponors: &[(&str, &str)],
        acquirers: &[(&str, &str)],
    ) -> RecordId {
        let body = Transfer {
            kind: TransferKind::Gift,
            price: None,
            ..self.sale_body(property, disponors, acquirers)
        };
        let record = self.transfer(disponors[0].0, property, body);
        self.accept(&record);
        record_id(&record)
    }

    /// These give and those receive: everyone acts, and is heard.
    pub(crate) fn all_act(&mut self, deed: &RecordId, disponors: &[&str], acquirers: &[&str]) {
        for name in disponors {
            let act = self.sells(name, deed);
            self.accept(&act);
        }
        for name in acquirers {
            let act = self.buys(name, deed);
            self.accept(&act);
        }
    }

    pub(crate) fn is_registered(&self, instrument: &RecordId) -> bool {
        self.instrument(instrument).status == Status::Registered
    }

    pub(crate) fn act(&mut self, signer: &str, instrument: &RecordId, role: ActRole) -> Vec<u8> {
        let body = Body::Act(Act {
            role,
            power: None,
            represents: None,
        });
        self.attested(signer, &instrument.to_string(), body)
    }

    pub(crate) fn sells(&mut self, signer: &str, instrument: &RecordId) -> Vec<u8> {
        self.act(signer, instrument, ActRole::Disponor)
    }

    pub(crate) fn buys(&mut self, signer: &str, instrument: &RecordId) -> Vec<u8> {
        self.act(signer, instrument, ActRole::Acquirer)
    }

    pub(crate) fn act_under(
        &mut self,
        signer: &str,
        instrument: &RecordId,
        role: ActRole,
        power: RecordId,
    ) -> Vec<u8> {
        let power = Some(power);
        let body = Body::Act(Act {
            role,
            power,
            represents: None,
        });
        self.attested(signer, &instrument.to_string(), body)
    }

    pub(crate) fn power_body(&self, acts: &[ActKind]) -> PowerOfAttorney {
        PowerOfAttorney {
            scope: Scope {
                acts: acts.to_vec(),
                properties: None,
                price_floor: None,
                counterparties: None,
                self_dealing: false,
                substitutions: None,
            },
            issued: Some(self.now()),
            starts: None,
            expires: None,
            parent: None,
            represents: None,
        }
    }

    pub(crate) fn power(&mut self, principal: &str, agent: &str, body: PowerOfAttorney) -> Vec<u8> {
        self.attested(
            principal,
            &id(agent).to_string(),
            Body::PowerOfAttorney(body),
        )
    }

    /// Gives a power that is accepted.
    pub(crate) fn empower(&mut self, principal: &str, agent: &str, acts: &[ActKind]) -> RecordId {
        let body = self.power_body(acts);
        let record = self.power(principal, agent, body);
        self.accept(&record);
        record_id(&record)
    }

    pub(crate) fn ends(&mut self, signer: &str, what: &RecordId, ending: Ending) -> Vec<u8> {
        let body = Body::Revocation(Revocation { ending });
        self.attested(signer, &what.to_string(), body)
    }

    pub(crate) fn revokes(&mut self, signer: &str, what: &RecordId) -> Vec<u8> {
        self.ends(signer, what, Ending::Revocation)
    }

    pub(crate) fn withdraws(&mut self, signer: &str, instrument: &RecordId) -> Vec<u8> {
        self.attested(
            signer,
            &instrument.to_string(),
            Body::Withdrawal(Withdrawal {}),
        )
    }

    pub(crate) fn consent_body(&self, disponor: &str) -> SpousalConsent {
        SpousalConsent {
            disponor: id(disponor),
            act: ActKind::Sell,
            counterparty: None,
            price_floor: Some(money(40_000_000)),
            expires: Seconds(self.now().0 + 30 * DAY),
            power: None,
        }
    }

    pub(crate) fn consent(
        &mut self,
        spouse: &str,
        property: &str,
        body: SpousalConsent,
    ) -> Vec<u8> {
        self.attested(spouse, property, Body::SpousalConsent(body))
    }

    pub(crate) fn dies(&mut self, name: &str) {
        let at = self.now();
        let record = self.status(&id(name).to_string(), CivilStatus::Death { at });
        self.accept(&record);
    }

    pub(crate) fn becomes_incapable(&mut self, name: &str) {
        let from = self.now();
        let record = self.status(&id(name).to_string(), CivilStatus::Incapacity { from });
        self.accept(&record);
    }
}
