//! Who gives up, or lets pass, what they have in another's property: its holder in person, their agent
//! or their officer or guardian (rules 15, 19, 21, 23, 25, 29).

use deedbook_schemas::digest::RecordId;
use deedbook_schemas::instrument::ActKind;
use deedbook_schemas::party::{Nature, Party, PartyId};
use deedbook_schemas::rejection::Code;

use crate::apply::Case;
use crate::state::{self, StateError};
use crate::verdict::Codes;
use crate::{door, marriage, power, representation};

/// What the signer is about to do, and in whose name.
pub(crate) struct Release<'r> {
    pub(crate) power: Option<RecordId>,
    pub(crate) represents: Option<PartyId>,
    pub(crate) property: &'r str,
    /// Whom it favours.
    pub(crate) favours: Vec<PartyId>,
}

impl Release<'_> {
    /// Under a power or by office, not both.
    pub(crate) fn fields(&self, door: &mut Codes) {
        let one = self.power.is_none() || self.represents.is_none();
        door.require(one, Code::FieldInvalid);
        door::cadastral(self.property, door);
    }

    /// For whom the signer speaks; what they may not do is refused.
    pub(crate) fn speaks_for(
        &self,
        case: &Case<'_, '_>,
        signer: &Party,
        law: &mut Codes,
    ) -> Result<PartyId, StateError> {
        if let Some(party) = &self.represents {
            self.check_office(case, party, law)?;
            return Ok(*party);
        }
        door::standing(signer, case.now, law);
        let Some(id) = &self.power else {
            return Ok(case.record.issuer());
        };
        let Some(power) = state::power(case.state, id)? else {
            law.refuse(Code::PowerUnknown); // Rule 18.
            return Ok(case.record.issuer());
        };
        // Rule 15, Civil Code 167: of this property, in favour of those it is in favour of.
        let mut favours = self.favours.clone();
        favours.retain(|party| *party != power.principal);
        let act = power::Use {
            signer: case.record.issuer(),
            kind: ActKind::Release,
            property: self.property,
            price: None,
            counterparties: Some(&favours),
        };
        power::check_use(case.state, &power, &act, case.now, law)?;
        Ok(power.principal)
    }

    /// Rules 21, 23, Civil Code 24, 37: by those in office, who bind the party alone. A guardian gives up
    /// nothing of the ward's in favour of themselves or their spouse, alone or in a group.
    fn check_office(
        &self,
        case: &Case<'_, '_>,
        party: &PartyId,
        law: &mut Codes,
    ) -> Result<(), StateError> {
        for code in representation::check_alone(case, party)? {
            law.refuse(code);
        }
        let signer = case.record.issuer();
        let found = state::party(case.state, party)?;
        if found.is_some_and(|party| party.nature == Nature::Natural) {
            let spouse = marriage::present_spouse(case.state, &signer, case.now)?;
            let mut own = false;
            for favoured in &self.favours {
                for one in std::iter::once(&signer).chain(&spouse) {
                    own |= representation::belongs(case.state, favoured, one)?;
                }
            }
            law.require(!own, Code::GuardianConflict);
        }
        Ok(())
    }
}
