//! People and authorities whose keys follow from their names, and the records they sign.

use deedbook_schemas::attestation::Attestation;
use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::{Commitment, EvidenceRoot, LedgerId, RecordId};
use deedbook_schemas::evidence::{EvidenceManifest, Statement, Topic};
use deedbook_schemas::fraction::{Fraction, Money};
use deedbook_schemas::instrument::{
    Act, ActKind, ActRole, PartyShare, PowerOfAttorney, Scope, Transfer, TransferKind,
};
use deedbook_schemas::keys::{PublicKey, SigningKey, sign};
use deedbook_schemas::party::{
    Accreditation, AuthorityRole, CivilStatus, Enrolment, PartyId, possession_bytes,
};
use deedbook_schemas::property::{FirstRegistration, Ground, Holding, LandUse, SpatialUnit};
use deedbook_schemas::record::{Body, Draft, Nonce, Record, SignedAttestation};

pub(crate) const METHOD: &str = "video-identification";
pub(crate) const PROPERTY: &str = "20-315-001";
/// 2010-01-01T00:00:00Z.
const LONG_AGO: Seconds = Seconds(1_262_304_000);

pub(crate) fn key(name: &str) -> SigningKey {
    SigningKey::from_bytes(&Commitment::new(&[1; 32], name.as_bytes()).0)
}

pub(crate) fn id(name: &str) -> PartyId {
    PartyId(
        Commitment::new(&[2; 32], name.as_bytes()).0[..16]
            .try_into()
            .unwrap(),
    )
}

pub(crate) fn accreditation(name: &str, role: AuthorityRole) -> Accreditation {
    let provider = role == AuthorityRole::IdentityProvider;
    Accreditation {
        role,
        name: name.to_owned(),
        key: PublicKey::of(&key(name)),
        methods: if provider {
            vec![METHOD.to_owned()]
        } else {
            Vec::new()
        },
        suspended: false,
        superior: None,
        territory: None,
        person: None,
    }
}

pub(crate) fn record_id(bytes: &[u8]) -> RecordId {
    Record::decode(bytes).unwrap().id
}

/// Makes records for one ledger; every one has another nonce.
pub(crate) struct Pen {
    ledger: LedgerId,
    counter: u64,
    /// The recording of the next act, and its length; otherwise one that nobody made.
    film: Option<(EvidenceRoot, u64)>,
}

impl Pen {
    pub(crate) fn new(ledger: LedgerId) -> Self {
        Self {
            ledger,
            counter: 0,
            film: None,
        }
    }

    /// Leaves one number out, as if a record had been drafted and thrown away.
    pub(crate) fn skip(&mut self) {
        self.counter += 1;
    }

    pub(crate) fn draft(&mut self, by: &str, subject: String, at: Seconds, body: Body) -> Draft {
        self.counter += 1;
        let mut nonce = [0; 16];
        nonce[..8].copy_from_slice(&self.counter.to_be_bytes());
        let (ledger, issuer, nonce) = (self.ledger, id(by), Nonce(nonce));
        Draft {
            ledger,
            issuer,
            subject,
            issued_at: at,
            nonce,
            body,
            evidence: None,
        }
    }

    fn bare(&mut self, by: &str, subject: String, at: Seconds, body: Body) -> Vec<u8> {
        self.draft(by, subject, at, body).sign(&key(by), None)
    }

    /// A natural person's act: recorded on video, attested by the provider.
    fn personal(&mut self, by: &str, subject: String, at: Seconds, body: Body) -> Vec<u8> {
        let mut draft = self.draft(by, subject, at, body);
        let topics = [
            Topic::Identity,
            Topic::FreeWill,
            Topic::Object,
            Topic::Price,
            Topic::Date,
        ];
        let said = |topic| Statement {
            topic,
            offset_ms: 1_000,
        };
        let invented = EvidenceRoot(Commitment::new(&[3; 32], &self.counter.to_be_bytes()).0);
        let (root, bytes) = self.film.take().unwrap_or((invented, 1_000_000));
        draft.evidence = Some(EvidenceManifest {
            root,
            bytes,
            media_type: "video/mp4".to_owned(),
            started: Seconds(at.0 - 10),
            duration_ms: 20_000,
            statements: topics.into_iter().map(said).collect(),
            retention_years: 75,
        });
        let signer = key(by);
        let attestation = Attestation {
            ledger: self.ledger,
            nonce: draft.act_digest(PublicKey::of(&signer)),
            method: METHOD.to_owned(),
            assurance: 3,
            liveness: 2,
            time: at,
        };
        let provider =
            SignedAttestation::sign(id("provider"), id(by), &attestation, &key("provider"));
        draft.sign(&signer, Some(&provider))
    }

    pub(crate) fn enrolment(&mut self, name: &str, at: Seconds) -> Vec<u8> {
        let (secret, party) = (key(name), id(name));
        let public = PublicKey::of(&secret);
        let body = Enrolment {
            key: public,
            personal: Commitment::new(&[4; 32], name.as_bytes()),
            possession: sign(&secret, &possession_bytes(&self.ledger, &party, &public)),
        };
        self.bare("provider", party.to_string(), at, Body::Enrolment(body))
    }

    pub(crate) fn unmarried(&mut self, names: &[&str], at: Seconds) -> Vec<u8> {
        let mut parties: Vec<PartyId> = names.iter().map(|name| id(name)).collect();
        parties.sort();
        let body = CivilStatus::Unmarried {
            parties,
            from: LONG_AGO,
        };
        self.bare(
            "civil",
            id("civil").to_string(),
            at,
            Body::CivilStatus(body),
        )
    }

    pub(crate) fn first_registration(&mut self, holder: &str, at: Seconds) -> Vec<u8> {
        let address = "Abay Avenue 7, flat 4".to_owned();
        let unit = SpatialUnit {
            land_use: LandUse::Flat,
            area_dm2: 6_400,
            address,
        };
        let holding = Holding {
            party: id(holder),
            share: Fraction::ONE,
            acquired: Seconds(LONG_AGO.0 + 1),
            ground: Ground::Purchase,
        };
        let body = FirstRegistration {
            unit,
            holdings: vec![holding],
        };
        self.bare(
            "registrar",
            PROPERTY.to_owned(),
            at,
            Body::FirstRegistration(body),
        )
    }

    pub(crate) fn sale(&mut self, from: &str, to: &str, version: u64, at: Seconds) -> Vec<u8> {
        let share = |name| {
            vec![PartyShare {
                party: id(name),
                share: Fraction::ONE,
            }]
        };
        let price = Money {
            minor: 4_200_000_000,
            currency: "KZT".to_owned(),
        };
        let body = Transfer::new(
            TransferKind::Sale,
            version,
            share(from),
            share(to),
            Some(price),
        );
        self.bare(from, PROPERTY.to_owned(), at, Body::Transfer(body))
    }

    pub(crate) fn act(&mut self, by: &str, deed: RecordId, role: ActRole, at: Seconds) -> Vec<u8> {
        self.personal(
            by,
            deed.to_string(),
            at,
            Body::Act(Act {
                role,
                power: None,
                represents: None,
            }),
        )
    }

    /// A power whose recording has this content.
    pub(crate) fn power_recorded(
        &mut self,
        from: &str,
        to: &str,
        at: Seconds,
        film: (EvidenceRoot, u64),
    ) -> Vec<u8> {
        self.film = Some(film);
        self.power(from, to, at)
    }

    pub(crate) fn power(&mut self, from: &str, to: &str, at: Seconds) -> Vec<u8> {
        let scope = Scope {
            acts: vec![ActKind::Sell],
            properties: Some(vec![PROPERTY.to_owned()]),
            price_floor: None,
            counterparties: None,
            self_dealing: false,
            substitutions: None,
        };
        let body = PowerOfAttorney {
            scope,
            issued: Some(at),
            starts: None,
            expires: None,
            parent: None,
            represents: None,
        };
        self.personal(from, id(to).to_string(), at, Body::PowerOfAttorney(body))
    }
}
