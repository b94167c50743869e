//! The valid vectors: one sale with everything around it, said once in every kind.

mod chain;
mod deeds;
mod encumbrances;
mod exported;
mod parties;
mod proceedings;

use deedbook_schemas::attestation::Attestation;
use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::{Commitment, EvidenceRoot, LedgerId, RecordId, derive};
use deedbook_schemas::evidence::{EvidenceManifest, Statement, Topic};
use deedbook_schemas::fraction::{Fraction, Money};
use deedbook_schemas::instrument::{
    Act, ActKind, ActRole, Ending, PartyShare, PowerOfAttorney, Revocation, Scope, SpousalConsent,
    Transfer, TransferKind, Withdrawal,
};
use deedbook_schemas::keys::sign;
use deedbook_schemas::party::{
    Accreditation, AuthorityRole, CivilStatus, Enrolment, PartyId, possession_bytes,
};
use deedbook_schemas::property::{FirstRegistration, Ground, Holding, LandUse, SpatialUnit};
use deedbook_schemas::record::{Body, Draft, Nonce, Record, SignedAttestation};

use crate::common::Valid;
use crate::people::{
    AGENT, BUYER, CIVIL_REGISTRY, NOW, PROVIDER, Person, REGISTRAR, SELLER, SPOUSE, SUPERVISOR,
};

const PROPERTY: &str = "KZ-ALA-20-317-118-247";
/// The ledger of the vectors: that of the genesis before the profile grew. A constant, so that no vector
/// changes because another one does.
const LEDGER: &str = "7bfeaf854385d1944d0e5572850156201baff426702b15dbebd9c59fc2c2cde5";
const PRICE: u64 = 4_500_000_000;
const TERMS: &str = "Keys on the day of registration.";
const METHOD: &str = "document-and-presence";

/// Collects vectors; every record has the ledger and a nonce of its own.
struct Writer {
    ledger: LedgerId,
    vectors: Vec<Valid>,
}

pub(crate) fn filled(name: &str) -> [u8; 32] {
    derive("deedbook 2026 test vectors", &[name.as_bytes()])
}

pub(crate) fn fraction(numerator: u64, denominator: u64) -> Fraction {
    Fraction::new(numerator, denominator).unwrap()
}

pub(crate) fn tenge(minor: u64) -> Money {
    Money {
        minor,
        currency: "KZT".to_owned(),
    }
}

/// Two thirds of the property for one party.
fn side(party: PartyId) -> Vec<PartyShare> {
    vec![PartyShare {
        party,
        share: fraction(2, 3),
    }]
}

fn evidence(name: &str) -> EvidenceManifest {
    let topics = [
        Topic::Identity,
        Topic::FreeWill,
        Topic::Object,
        Topic::Price,
        Topic::Date,
    ];
    EvidenceManifest {
        root: EvidenceRoot(filled(&format!("recording of {name}"))),
        bytes: 7_340_032,
        media_type: "video/mp4".to_owned(),
        started: Seconds(NOW.0 - 60),
        duration_ms: 95_000,
        statements: (1..)
            .zip(topics)
            .map(|(index, topic)| Statement {
                topic,
                offset_ms: index * 10_000,
            })
            .collect(),
        retention_years: 75,
    }
}

impl Writer {
    fn draft(&self, name: &str, signer: Person, subject: &str, body: Body) -> Draft {
        let mut nonce = [0; 16];
        nonce.copy_from_slice(&filled(&format!("nonce of {name}"))[..16]);
        Draft {
            ledger: self.ledger,
            issuer: signer.id,
            subject: subject.to_owned(),
            issued_at: NOW,
            nonce: Nonce(nonce),
            body,
            evidence: None,
        }
    }

    fn add(
        &mut self,
        name: &str,
        signer: Person,
        draft: &Draft,
        attestation: Option<&[u8]>,
    ) -> RecordId {
        let bytes = draft.sign(&signer.key(), attestation);
        let record = Record::decode(&bytes).unwrap();
        assert!(record.verify(), "{name}");
        self.vectors.push(Valid {
            name: name.to_owned(),
            kind: draft.body.kind().to_owned(),
            rule: format!("record-{}", draft.body.kind()),
            hex: hex::encode(&bytes),
            id: Some(record.id.to_string()),
            to_be_signed: Some(hex::encode(record.statement.to_be_signed())),
            seed: Some(signer.seed_hex()),
            content: serde_json::to_value(draft).unwrap(),
        });
        record.id
    }

    /// A record of an authority, or one that binds nobody: no attestation.
    fn record(&mut self, name: &str, signer: Person, subject: &str, body: Body) -> RecordId {
        let draft = self.draft(name, signer, subject, body);
        self.add(name, signer, &draft, None)
    }

    /// A natural person's act: with evidence and attestation.
    fn act(&mut self, name: &str, signer: Person, subject: &str, body: Body) -> RecordId {
        let mut draft = self.draft(name, signer, subject, body);
        draft.evidence = Some(evidence(name));
        let attestation = self.attestation(&draft, signer);
        self.add(name, signer, &draft, Some(&attestation))
    }

    fn attestation(&self, draft: &Draft, signer: Person) -> Vec<u8> {
        let attestation = Attestation {
            ledger: self.ledger,
            nonce: draft.act_digest(signer.public()),
            method: METHOD.to_owned(),
            assurance: 3,
            liveness: 2,
            time: Seconds(NOW.0 - 45),
        };
        SignedAttestation::sign(PROVIDER.id, signer.id, &attestation, &PROVIDER.key())
    }

    fn plain(
        &mut self,
        name: &str,
        kind: &str,
        rule: &str,
        bytes: &[u8],
        id: Option<String>,
        content: serde_json::Value,
    ) {
        self.vectors.push(Valid {
            name: name.to_owned(),
            kind: kind.to_owned(),
            rule: rule.to_owned(),
            hex: hex::encode(bytes),
            id,
            to_be_signed: None,
            seed: None,
            content,
        });
    }

    fn bytes_of(&self, name: &str) -> Vec<u8> {
        self.vectors
            .iter()
            .find(|vector| vector.name == name)
            .unwrap()
            .bytes()
    }
}

/// Every valid vector.
pub(crate) fn vectors() -> Vec<Valid> {
    let mut writer = Writer {
        ledger: LEDGER.parse().unwrap(),
        vectors: Vec::new(),
    };
    authorities(&mut writer);
    civil_status(&mut writer);
    let power = powers(&mut writer);
    consents(&mut writer);
    let sale = transfers(&mut writer, power);
    chain::all(&mut writer, sale);
    parties::all(&mut writer, power);
    let mortgage = encumbrances::all(&mut writer, sale);
    deeds::all(&mut writer, sale, mortgage);
    proceedings::all(&mut writer, sale, mortgage);
    exported::all(&mut writer);
    writer.vectors
}

fn accreditation(suspended: bool) -> Body {
    Body::Accreditation(Accreditation {
        role: AuthorityRole::IdentityProvider,
        name: "Example Identity Provider".to_owned(),
        key: PROVIDER.public(),
        methods: vec![METHOD.to_owned()],
        suspended,
        superior: None,
        territory: None,
        person: None,
    })
}

fn authorities(writer: &mut Writer) {
    let provider = PROVIDER.id.to_string();
    writer.record("accreditation", SUPERVISOR, &provider, accreditation(false));
    writer.record(
        "accreditation-suspended",
        SUPERVISOR,
        &provider,
        accreditation(true),
    );
    let possession = possession_bytes(&writer.ledger, &SELLER.id, &SELLER.public());
    let enrolment = Enrolment {
        key: SELLER.public(),
        personal: Commitment::new(&filled("salt"), b"personal fields"),
        possession: sign(&SELLER.key(), &possession),
    };
    let body = Body::Enrolment(enrolment);
    writer.record("enrolment", PROVIDER, &SELLER.id.to_string(), body);
    let holding = |party: PartyId, share, ground| Holding {
        party,
        share,
        acquired: Seconds(1_500_000_000),
        ground,
    };
    let first = FirstRegistration {
        unit: SpatialUnit {
            land_use: LandUse::Flat,
            area_dm2: 6_450,
            address: "г. Алматы, ул. Розыбакиева, д. 247, кв. 118".to_owned(),
        },
        holdings: vec![
            holding(SELLER.id, fraction(2, 3), Ground::Purchase),
            holding(AGENT.id, fraction(1, 3), Ground::Inheritance),
        ],
    };
    let body = Body::FirstRegistration(first);
    writer.record("first-registration", REGISTRAR, PROPERTY, body);
}

fn civil_status(writer: &mut Writer) {
    let registry = CIVIL_REGISTRY.id.to_string();
    let from = Seconds(1_300_000_000);
    let mut say = |name: &str, subject: &str, fact| {
        writer.record(name, CIVIL_REGISTRY, subject, Body::CivilStatus(fact))
    };
    let parties = vec![BUYER.id, AGENT.id];
    say(
        "civil-status-unmarried",
        &registry,
        CivilStatus::Unmarried { parties, from },
    );
    let spouses = [SELLER.id, SPOUSE.id];
    let marriage = say(
        "civil-status-marriage",
        &registry,
        CivilStatus::Marriage { spouses, from },
    );
    let marriage = marriage.to_string();
    let from = Seconds(1_600_000_000);
    say(
        "civil-status-divorce",
        &marriage,
        CivilStatus::Divorce { from },
    );
    say(
        "civil-status-separate-property",
        &marriage,
        CivilStatus::SeparateProperty { from },
    );
    let division = CivilStatus::Division {
        property: PROPERTY.to_owned(),
        to: SELLER.id,
    };
    say("civil-status-division", &marriage, division);
    let seller = SELLER.id.to_string();
    say(
        "civil-status-death",
        &seller,
        CivilStatus::Death { at: from },
    );
    say(
        "civil-status-incapacity",
        &seller,
        CivilStatus::Incapacity { from },
    );
}

fn powers(writer: &mut Writer) -> RecordId {
    let full = PowerOfAttorney {
        scope: Scope {
            acts: vec![ActKind::Sell, ActKind::Acquire],
            properties: Some(vec![PROPERTY.to_owned()]),
            price_floor: Some(tenge(4_200_000_000)),
            counterparties: Some(vec![BUYER.id]),
            self_dealing: false,
            substitutions: None,
        },
        issued: Some(NOW),
        starts: Some(Seconds(NOW.0 + 3_600)),
        expires: Some(Seconds(NOW.0 + 86_400)),
        parent: None,
        represents: None,
    };
    let least = PowerOfAttorney {
        scope: Scope {
            acts: vec![ActKind::Consent],
            properties: None,
            price_floor: None,
            counterparties: None,
            self_dealing: true,
            substitutions: None,
        },
        issued: None,
        starts: None,
        expires: None,
        parent: None,
        represents: None,
    };
    let agent = AGENT.id.to_string();
    let power = writer.act(
        "power-of-attorney",
        SELLER,
        &agent,
        Body::PowerOfAttorney(full),
    );
    writer.act(
        "power-of-attorney-least",
        SPOUSE,
        &agent,
        Body::PowerOfAttorney(least),
    );
    let end = |ending| Body::Revocation(Revocation { ending });
    let subject = power.to_string();
    writer.act("revocation", SELLER, &subject, end(Ending::Revocation));
    writer.act(
        "revocation-renunciation",
        AGENT,
        &subject,
        end(Ending::Renunciation),
    );
    power
}

fn consents(writer: &mut Writer) {
    let full = SpousalConsent {
        disponor: SELLER.id,
        act: ActKind::Sell,
        counterparty: Some(BUYER.id),
        price_floor: Some(tenge(4_000_000_000)),
        expires: Seconds(NOW.0 + 86_400),
        power: Some(RecordId(filled("power"))),
    };
    let least = SpousalConsent {
        act: ActKind::Give,
        counterparty: None,
        price_floor: None,
        power: None,
        ..full.clone()
    };
    writer.act(
        "spousal-consent",
        AGENT,
        PROPERTY,
        Body::SpousalConsent(full),
    );
    writer.act(
        "spousal-consent-least",
        SPOUSE,
        PROPERTY,
        Body::SpousalConsent(least),
    );
}

fn transfers(writer: &mut Writer, power: RecordId) -> RecordId {
    let sale = Transfer {
        terms: Some(TERMS.to_owned()),
        ..Transfer::new(
            TransferKind::Sale,
            1,
            side(SELLER.id),
            side(BUYER.id),
            Some(tenge(PRICE)),
        )
    };
    let gift = Transfer {
        kind: TransferKind::Gift,
        price: None,
        terms: None,
        ..sale.clone()
    };
    let sale = writer.record("transfer-sale", SELLER, PROPERTY, Body::Transfer(sale));
    writer.record("transfer-gift", SELLER, PROPERTY, Body::Transfer(gift));
    let act = |role, power| {
        Body::Act(Act {
            role,
            power,
            represents: None,
        })
    };
    let subject = sale.to_string();
    writer.act(
        "act-disponor",
        SELLER,
        &subject,
        act(ActRole::Disponor, None),
    );
    writer.act(
        "act-by-power",
        AGENT,
        &subject,
        act(ActRole::Disponor, Some(power)),
    );
    writer.act(
        "act-acquirer",
        BUYER,
        &subject,
        act(ActRole::Acquirer, None),
    );
    writer.record(
        "withdrawal",
        SELLER,
        &subject,
        Body::Withdrawal(Withdrawal {}),
    );
    sale
}
