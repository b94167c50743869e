//! A small world: authorities, people who sign real records, and blocks that the law executes.

use std::collections::{BTreeMap, BTreeSet};

use deedbook_registry::{
    Applied, ApplyError, BlockContext, Overlay, Requirement, StateError, StateRead, apply,
    begin_block, end_block, genesis_state, open_requirements, state,
};
use deedbook_schemas::attestation::Attestation;
use deedbook_schemas::block::{BlockTime, Height, Seconds};
use deedbook_schemas::digest::{
    ActDigest, Commitment, EvidenceRoot, LedgerId, RecordId, ValidatorSetId,
};
use deedbook_schemas::evidence::{EvidenceManifest, Statement, Topic};
use deedbook_schemas::fraction::Money;
use deedbook_schemas::genesis::{Genesis, GenesisAuthority};
use deedbook_schemas::instrument::{Instrument, PartyShare, Status};
use deedbook_schemas::keys::{PublicKey, SigningKey, sign};
use deedbook_schemas::outcome::Outcome;
use deedbook_schemas::party::{Accreditation, AuthorityRole, Enrolment, PartyId, possession_bytes};
use deedbook_schemas::profile::{BusinessCalendar, Profile};
use deedbook_schemas::property::{FirstRegistration, Ground, Holding, LandUse, SpatialUnit, Title};
use deedbook_schemas::record::{Body, Draft, Nonce, Record, SignedAttestation};
use deedbook_schemas::validators::{Approval, Validator, ValidatorSet, ValidatorSetChange};

/// 2026-03-02T10:00:00Z.
pub(crate) const START: u64 = 1_772_445_600;
/// 2015-01-01T00:00:00Z, when first holders acquired.
pub(crate) const LONG_AGO: Seconds = Seconds(1_420_070_400);
/// 2010-01-01T00:00:00Z, when people married or did not.
pub(crate) const BEFORE: Seconds = Seconds(1_262_304_000);
/// 2020-01-01T00:00:00Z.
pub(crate) const SINCE: Seconds = Seconds(1_577_836_800);
pub(crate) const DAY: u64 = 86_400;

pub(crate) const SUPERVISOR: &str = "supervisor";
pub(crate) const REGISTRAR: &str = "registrar";
pub(crate) const CIVIL: &str = "civil registry";
pub(crate) const PROVIDER: &str = "provider";
pub(crate) const RIVAL: &str = "rival provider";
pub(crate) const SECOND_REGISTRAR: &str = "second registrar";
pub(crate) const BUSINESS: &str = "business registry";
/// Everywhere; the person is Nurlan.
pub(crate) const NOTARY: &str = "notary";
pub(crate) const COURT: &str = "court";
/// Above [`COURT`].
pub(crate) const HIGH_COURT: &str = "high court";
pub(crate) const PROSECUTOR: &str = "prosecutor";
pub(crate) const MONITOR: &str = "financial monitor";
pub(crate) const GUARDIANS: &str = "guardianship authority";
pub(crate) const TAX: &str = "tax authority";
pub(crate) const ESCROW: &str = "escrow agent";

/// Set in the run in which worlds begin under the other profile.
pub(crate) const ELSEWHERE: &str = "DEEDBOOK_LAW_ELSEWHERE";

/// The profile under which worlds begin, unless they say otherwise: the default one, or in a run that
/// `elsewhere` started, the other one.
pub(crate) fn present() -> Profile {
    if std::env::var_os(ELSEWHERE).is_some() {
        return other_profile();
    }
    Profile::kazakhstan()
}

/// A profile in which every parameter is another one than in the default: a week from Sunday to Thursday
/// in UTC-3, longer powers, shorter notices, lower levels.
pub(crate) fn other_profile() -> Profile {
    Profile {
        name: "XX-2026".to_owned(),
        power_default_years: 2,
        power_max_years: 5,
        pending_days: 60,
        record_window_s: 600,
        attestation_window_s: 120,
        assurance_min: 2,
        liveness_min: 1,
        topics: vec![Topic::Identity, Topic::FreeWill, Topic::Object],
        retention_years: 10,
        contest_days: 180,
        preemption_days: 45,
        priority_business_days: 7,
        requisition_business_days: 4,
        appeal_days: 30,
        lock_cooling_hours: 25,
        lock_assurance: 3,
        caveat_max_days: 30,
        substitutions_max: 3,
        area_tolerance_permille: 5,
        duties: Vec::new(),
        notarial_acts: Vec::new(),
        calendar: BusinessCalendar {
            utc_offset_h: -3,
            weekend: vec![5, 6],
            // 4 and 8 March 2026.
            holidays: vec![20_516, 20_520],
        },
    }
}

/// The committed state, in memory.
#[derive(Default, Clone, PartialEq, Eq)]
pub(crate) struct Memory {
    pub(crate) values: BTreeMap<Vec<u8>, Vec<u8>>,
    pub(crate) marks: BTreeSet<[u8; 32]>,
}

impl StateRead for Memory {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StateError> {
        Ok(self.values.get(key).cloned())
    }

    fn seen(&self, mark: &[u8; 32]) -> Result<bool, StateError> {
        Ok(self.marks.contains(mark))
    }
}

#[derive(Clone)]
pub(crate) struct World {
    pub(crate) ledger: LedgerId,
    pub(crate) state: Memory,
    pub(crate) height: u64,
    /// Time of the last block.
    pub(crate) time_ms: u64,
    /// What began the last block.
    pub(crate) began: Vec<Outcome>,
    pub(crate) keys: BTreeMap<String, SigningKey>,
    counter: u64,
}

pub(crate) type Answer = Result<Applied, ApplyError>;

pub(crate) fn key_of(name: &str) -> SigningKey {
    SigningKey::from_bytes(&Commitment::new(&[1; 32], name.as_bytes()).0)
}

/// A person's id depends on nothing but their name.
pub(crate) fn id(name: &str) -> PartyId {
    let hash = Commitment::new(&[2; 32], name.as_bytes()).0;
    PartyId(hash[..16].try_into().unwrap())
}

/// Who decides in the beginning.
pub(crate) const SEATS: [&str; 4] = [
    "registrar.example",
    "justice.example",
    "notaries.example",
    "bank.example",
];

/// A validator, with the share of the log's key that it got when it was dealt for the `deal`th time.
pub(crate) fn seat(name: &str, deal: u32) -> Validator {
    let key = |role: &str| PublicKey::of(&key_of(&format!("{role} of {name}")));
    Validator {
        name: name.to_owned(),
        consensus_key: key("consensus key"),
        note_key: key("note key"),
        log_share: key(&format!("share {deal}")),
        power: 1,
    }
}

/// The word of these validators that `next` shall follow, as a record carries it.
pub(crate) fn seating(
    ledger: &LedgerId,
    number: u32,
    mut next: Vec<Validator>,
    approving: &[&str],
) -> ValidatorSetChange {
    next.sort_by_key(Validator::address);
    // What is no set has no id: then any will do.
    let set = ValidatorSet::new(next.clone()).map(|set| set.id());
    let set = set.unwrap_or(ValidatorSetId([0; 32]));
    let mut approvals: Vec<Approval> = approving
        .iter()
        .map(|name| {
            let key = key_of(&format!("consensus key of {name}"));
            Approval::sign(&key, ledger, number, set)
        })
        .collect();
    approvals.sort_by_key(|approval| approval.validator);
    ValidatorSetChange {
        number,
        validators: next,
        approvals,
    }
}

pub(crate) fn money(minor: u64) -> Money {
    Money {
        minor,
        currency: "KZT".to_owned(),
    }
}

pub(crate) fn shares(list: &[(&str, &str)]) -> Vec<PartyShare> {
    list.iter()
        .map(|(name, share)| PartyShare {
            party: id(name),
            share: share.parse().unwrap(),
        })
        .collect()
}

pub(crate) fn record_id(bytes: &[u8]) -> RecordId {
    Record::decode(bytes).unwrap().id
}

pub(crate) fn accreditation(name: &str, role: AuthorityRole, suspended: bool) -> Accreditation {
    let methods = if role == AuthorityRole::IdentityProvider {
        vec!["video-identification".to_owned()]
    } else {
        Vec::new()
    };
    Accreditation {
        role,
        name: name.to_owned(),
        key: PublicKey::of(&key_of(name)),
        methods,
        suspended,
        superior: None,
        territory: None,
        person: None,
    }
}

/// Everything that goes into one act; tests spoil one thing at a time.
pub(crate) struct Sheet {
    pub(crate) draft: Draft,
    pub(crate) signer: SigningKey,
    pub(crate) attestation: Option<Attestation>,
    pub(crate) attested: PartyId,
    pub(crate) provider: String,
    pub(crate) nonce: Option<ActDigest>,
}

impl Sheet {
    pub(crate) fn evidence(&mut self) -> &mut EvidenceManifest {
        self.draft.evidence.as_mut().unwrap()
    }

    pub(crate) fn attestation(&mut self) -> &mut Attestation {
        self.attestation.as_mut().unwrap()
    }

    pub(crate) fn seal(&self) -> Vec<u8> {
        let digest = self.draft.act_digest(PublicKey::of(&self.signer));
        let signed = self.attestation.as_ref().map(|attestation| {
            let attestation = Attestation {
                nonce: self.nonce.unwrap_or(digest),
                ..attestation.clone()
            };
            let provider = key_of(&self.provider);
            SignedAttestation::sign(id(&self.provider), self.attested, &attestation, &provider)
        });
        self.draft.sign(&self.signer, signed.as_deref())
    }
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with_profile(present())
    }

    pub(crate) fn with_profile(profile: Profile) -> Self {
        let mut authorities: Vec<_> = [
            (SUPERVISOR, AuthorityRole::Supervisor),
            (REGISTRAR, AuthorityRole::Registrar),
            (CIVIL, AuthorityRole::CivilRegistry),
            (PROVIDER, AuthorityRole::IdentityProvider),
            (RIVAL, AuthorityRole::IdentityProvider),
            (SECOND_REGISTRAR, AuthorityRole::Registrar),
            (BUSINESS, AuthorityRole::BusinessRegistry),
            (NOTARY, AuthorityRole::Notary),
            (COURT, AuthorityRole::Court),
            (HIGH_COURT, AuthorityRole::Court),
            (PROSECUTOR, AuthorityRole::Prosecutor),
            (MONITOR, AuthorityRole::FinancialMonitor),
            (GUARDIANS, AuthorityRole::GuardianshipAuthority),
            (TAX, AuthorityRole::TaxAuthority),
            (ESCROW, AuthorityRole::EscrowAgent),
        ]
        .iter()
        .map(|(name, role)| GenesisAuthority {
            id: id(name),
            accreditation: Accreditation {
                superior: (*name == COURT).then(|| id(HIGH_COURT)),
                person: (*name == NOTARY).then(|| id("Nurlan")),
                ..accreditation(name, *role, false)
            },
        })
        .collect();
        authorities.sort_by_key(|authority| authority.id);
        let genesis = Genesis {
            origin: "ledger.example/deeds".to_owned(),
            time: BlockTime((START - 60) * 1000),
            validators: SEATS.map(|name| seat(name, 0)).to_vec(),
            authorities,
            profile,
            log_key: PublicKey::of(&key_of("the log")),
        };
        Self {
            ledger: genesis.ledger_id(),
            state: Memory {
                values: genesis_state(&genesis),
                marks: BTreeSet::new(),
            },
            height: 0,
            time_ms: START * 1000,
            began: Vec::new(),
            keys: BTreeMap::new(),
            counter: 0,
        }
    }

    /// A world in which these people are enrolled and known to be unmarried since 2010.
    pub(crate) fn of_singles(names: &[&str]) -> Self {
        let mut world = Self::new();
        world.enrol(names);
        world.unmarried(names, BEFORE);
        world
    }

    pub(crate) fn now(&self) -> Seconds {
        Seconds(self.time_ms / 1000)
    }

    pub(crate) fn pass(&mut self, seconds: u64) {
        self.time_ms += seconds * 1000;
    }

    /// The profile that judges what is lodged in the next block.
    pub(crate) fn profile(&self) -> Profile {
        let number = state::profile_at(&self.state, Height(self.height + 1)).unwrap();
        Profile::clone(&state::profile(&self.state, number).unwrap())
    }

    /// A day longer than an instrument stays pending and than an offer to co-owners runs.
    pub(crate) fn outlast_periods(&mut self) {
        let profile = self.profile();
        let days = profile.pending_days.max(profile.preemption_days);
        self.pass((u64::from(days) + 1) * DAY);
    }

    /// Executes one block, `step_ms` after the last, and commits it.
    pub(crate) fn block_after(&mut self, step_ms: u64, records: &[Vec<u8>]) -> Vec<Answer> {
        self.height += 1;
        self.time_ms += step_ms;
        let block = BlockContext {
            ledger: self.ledger,
            height: Height(self.height),
            time: BlockTime(self.time_ms),
        };
        let mut overlay = Overlay::new(&self.state);
        self.began = begin_block(&mut overlay, &block).unwrap();
        let answers = records
            .iter()
            .map(|bytes| {
                let record = Record::decode(bytes).unwrap();
                apply(&mut overlay, &block, &record, &Record::verify)
            })
            .collect();
        end_block(&mut overlay, &block).unwrap();
        let (changes, marks) = (overlay.changes(), overlay.marks().clone());
        for (key, value) in changes {
            match value {
                Some(value) => drop(self.state.values.insert(key, value)),
                None => drop(self.state.values.remove(&key)),
            }
        }
        self.state.marks.extend(marks);
        answers
    }

    pub(crate) fn block(&mut self, records: &[Vec<u8>]) -> Vec<Answer> {
        self.block_after(1000, records)
    }

    pub(crate) fn submit(&mut self, record: &[u8]) -> Answer {
        self.block(&[record.to_vec()]).remove(0)
    }

    /// Submits what must be accepted; gives its outcomes.
    pub(crate) fn accept(&mut self, record: &[u8]) -> Vec<Outcome> {
        let applied = self.submit(record).expect("it is let in");
        assert_eq!(applied.refusal, None, "it is lawful");
        applied.outcomes
    }

    /// Submits what must be refused by the law, and logged, for exactly these reasons.
    pub(crate) fn refuse(&mut self, record: &[u8], codes: &[&str]) {
        let applied = self.submit(record).expect("it is let in");
        let refusal = applied.refusal.expect("it is refused");
        assert_eq!(refusal.to_strings(), codes);
        let outcome = applied.outcomes.first().unwrap();
        assert_eq!(outcome.record, record_id(record));
        assert_eq!(
            (outcome.status, &outcome.codes),
            (Status::Refused, &refusal.to_strings())
        );
    }

    /// Submits what must be turned away at the door for exactly these reasons, without a trace.
    pub(crate) fn turn_away(&mut self, record: &[u8], codes: &[&str]) {
        let before = self.state.clone();
        match self.submit(record) {
            Err(ApplyError::Door(rejection)) => assert_eq!(rejection.to_strings(), codes),
            other => panic!("{codes:?} expected, got {other:?}"),
        }
        assert!(self.state == before, "nothing changes at the door");
    }

    fn fresh(&mut self) -> [u8; 16] {
        self.counter += 1;
        u128::from(self.counter).to_be_bytes()
    }

    pub(crate) fn draft(&mut self, signer: &str, subject: &str, body: Body) -> Draft {
        Draft {
            ledger: self.ledger,
            issuer: id(signer),
            subject: subject.to_owned(),
            issued_at: self.now(),
            nonce: Nonce(self.fresh()),
            body,
            evidence: None,
        }
    }

    /// A record without attestation and evidence.
    pub(crate) fn plain(&mut self, signer: &str, subject: &str, body: Body) -> Vec<u8> {
        let draft = self.draft(signer, subject, body);
        draft.sign(&self.key(signer), None)
    }

    pub(crate) fn key(&self, name: &str) -> SigningKey {
        self.keys.get(name).cloned().unwrap_or_else(|| key_of(name))
    }

    /// An act with everything it needs.
    pub(crate) fn sheet(&mut self, signer: &str, subject: &str, body: Body) -> Sheet {
        let mut draft = self.draft(signer, subject, body);
        let now = self.now();
        let mut root = [7; 32];
        root[..16].copy_from_slice(&self.fresh());
        let said = [
            Topic::Identity,
            Topic::FreeWill,
            Topic::Object,
            Topic::Price,
            Topic::Date,
        ];
        draft.evidence = Some(EvidenceManifest {
            root: EvidenceRoot(root),
            bytes: 1_000_000,
            media_type: "video/mp4".to_owned(),
            started: Seconds(now.0 - 30),
            duration_ms: 40_000,
            statements: (0u64..)
                .zip(said)
                .map(|(index, topic)| Statement {
                    topic,
                    offset_ms: 5_000 * index,
                })
                .collect(),
            retention_years: 75,
        });
        Sheet {
            signer: self.key(signer),
            attestation: Some(Attestation {
                ledger: self.ledger,
                nonce: ActDigest([0; 32]),
                method: "video-identification".to_owned(),
                assurance: 3,
                liveness: 2,
                time: now,
            }),
            attested: id(signer),
            provider: PROVIDER.to_owned(),
            nonce: None,
            draft,
        }
    }

    pub(crate) fn attested(&mut self, signer: &str, subject: &str, body: Body) -> Vec<u8> {
        self.sheet(signer, subject, body).seal()
    }

    pub(crate) fn enrolment(&mut self, name: &str) -> Vec<u8> {
        self.enrolment_with(PROVIDER, name, &key_of(name))
    }

    pub(crate) fn enrolment_with(
        &mut self,
        provider: &str,
        name: &str,
        key: &SigningKey,
    ) -> Vec<u8> {
        let public = PublicKey::of(key);
        let body = Enrolment {
            key: public,
            personal: Commitment::new(&[3; 32], name.as_bytes()),
            possession: sign(key, &possession_bytes(&self.ledger, &id(name), &public)),
        };
        self.plain(provider, &id(name).to_string(), Body::Enrolment(body))
    }

    pub(crate) fn enrol(&mut self, names: &[&str]) {
        for name in names {
            let record = self.enrolment(name);
            self.accept(&record);
        }
    }

    pub(crate) fn registration(
        &mut self,
        property: &str,
        holders: &[(&str, &str, Ground)],
    ) -> Vec<u8> {
        let holdings = holders
            .iter()
            .map(|(name, share, ground)| Holding {
                party: id(name),
                share: share.parse().unwrap(),
                acquired: LONG_AGO,
                ground: *ground,
            })
            .collect();
        let unit = SpatialUnit {
            land_use: LandUse::Flat,
            area_dm2: 5_400,
            address: "12 Abay Avenue".to_owned(),
        };
        let body = FirstRegistration { unit, holdings };
        self.plain(REGISTRAR, property, Body::FirstRegistration(body))
    }

    pub(crate) fn property(&mut self, property: &str, holders: &[(&str, &str)]) {
        let holders: Vec<_> = holders
            .iter()
            .map(|(name, share)| (*name, *share, Ground::Purchase))
            .collect();
        let record = self.registration(property, &holders);
        self.accept(&record);
    }

    pub(crate) fn title(&self, property: &str) -> Title {
        state::title(&self.state, property).unwrap().unwrap()
    }

    /// The holders by name and share, in the title's order.
    pub(crate) fn holders(&self, property: &str, names: &[&str]) -> Vec<(String, String)> {
        let name = |party: PartyId| names.iter().find(|name| id(name) == party).unwrap();
        self.title(property)
            .holdings
            .iter()
            .map(|h| ((*name(h.party)).to_owned(), h.share.to_string()))
            .collect()
    }

    pub(crate) fn instrument(&self, id: &RecordId) -> Instrument {
        state::instrument(&self.state, id).unwrap().unwrap()
    }

    /// Codes of what an instrument still needs.
    pub(crate) fn open(&self, instrument: &RecordId) -> Vec<&'static str> {
        let open = self.requirements(instrument);
        open.iter().map(|requirement| requirement.code).collect()
    }

    pub(crate) fn requirements(&self, instrument: &RecordId) -> Vec<Requirement> {
        open_requirements(
            &self.state,
            self.now(),
            instrument,
            &self.instrument(instrument),
        )
        .unwrap()
    }
}
