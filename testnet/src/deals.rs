//! Records of a sale, from what is meant to the signed bytes.
//!
//! Lives here: the recording of an act, its draft, and whole deeds for load. Does not live here:
//! who attests (`provider`) and who submits (`demo`, `replay`, `bench`).

use anyhow::{Context as _, Result};
use deedbook_client::drafting;
use deedbook_client::wallet::Wallet;
use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::{EvidenceRoot, LedgerId, RecordId};
use deedbook_schemas::evidence::{EvidenceManifest, Statement, Topic};
use deedbook_schemas::fraction::{Fraction, Money};
use deedbook_schemas::instrument::{Act, ActRole, PartyShare, Transfer, TransferKind};
use deedbook_schemas::party::PartyId;
use deedbook_schemas::property::{FirstRegistration, Ground, Holding, LandUse, SpatialUnit};
use deedbook_schemas::record::{Body, Draft, Record};

use crate::clip::{ClipShape, MEDIA_TYPE, write_clip};
use crate::provider::Provider;

/// What a recording in a test covers: everything the law can ask for.
const TOPICS: [Topic; 5] = [
    Topic::Identity,
    Topic::FreeWill,
    Topic::Object,
    Topic::Price,
    Topic::Date,
];
/// Years the test custodian promises.
const RETENTION_YEARS: u8 = 75;

/// An act that was recorded and is not signed yet.
#[derive(Debug)]
pub struct Recorded {
    /// What will be signed, with the manifest of the recording.
    pub draft: Draft,
    /// The recording.
    pub clip: Vec<u8>,
}

/// Records an act that `party` signs one second before `now`; the recording ends at `now`.
///
/// # Errors
/// If the system gives no random bytes, or the clip has no shape.
pub fn record_act(
    ledger: LedgerId,
    party: PartyId,
    subject: impl Into<String>,
    body: Body,
    shape: ClipShape,
    now: Seconds,
) -> Result<Recorded> {
    let signed_at = Seconds(now.0.saturating_sub(1));
    let mut draft = drafting::draft(ledger, party, subject, signed_at, body)?;
    let seed = blake3::derive_key("deedbook 2026 test clip", &draft.nonce.0);
    let clip = write_clip(shape, &seed)?;
    let duration_ms = shape.duration_ms();
    let part = |index: u64| duration_ms * index / 6;
    let statements = TOPICS.into_iter().zip(1..);
    draft.evidence = Some(EvidenceManifest {
        root: EvidenceRoot(*blake3::hash(&clip).as_bytes()),
        bytes: u64::try_from(clip.len())?,
        media_type: MEDIA_TYPE.to_owned(),
        started: Seconds(now.0.saturating_sub(duration_ms / 1000)),
        duration_ms,
        statements: statements
            .map(|(topic, index)| Statement {
                topic,
                offset_ms: part(index),
            })
            .collect(),
        retention_years: RETENTION_YEARS,
    });
    Ok(Recorded { draft, clip })
}

/// The record id of signed bytes.
///
/// # Errors
/// If they are not a record.
pub fn record_id(bytes: &[u8]) -> Result<RecordId> {
    let record = Record::decode(bytes).context("a record of our own does not read back")?;
    Ok(record.id)
}

/// A sale of the whole of one property by one holder to one buyer.
#[must_use]
pub fn sale(seller: PartyId, buyer: PartyId, title_version: u64, price: Money) -> Body {
    let whole = |party| {
        vec![PartyShare {
            party,
            share: Fraction::ONE,
        }]
    };
    Body::Transfer(Transfer::new(
        TransferKind::Sale,
        title_version,
        whole(seller),
        whole(buyer),
        Some(price),
    ))
}

/// The first registration of a property with one holder, bought at `acquired`.
#[must_use]
pub fn first_registration(
    land_use: LandUse,
    area_dm2: u64,
    address: String,
    holder: PartyId,
    acquired: Seconds,
    ground: Ground,
) -> Body {
    Body::FirstRegistration(FirstRegistration {
        unit: SpatialUnit {
            land_use,
            area_dm2,
            address,
        },
        holdings: vec![Holding {
            party: holder,
            share: Fraction::ONE,
            acquired,
            ground,
        }],
    })
}

/// Signs what carries no attestation: an authority's record, or a lodging.
///
/// # Errors
/// If the system gives no random bytes.
pub fn sign_plain(
    ledger: LedgerId,
    wallet: &Wallet,
    subject: impl Into<String>,
    body: Body,
    now: Seconds,
) -> Result<Vec<u8>> {
    let draft = drafting::draft(ledger, wallet.party, subject, now, body)?;
    Ok(draft.sign(wallet.key(), None))
}

/// A complete deed, ready to be submitted as one bundle.
#[derive(Debug)]
pub struct Deed {
    /// The instrument's id.
    pub instrument: RecordId,
    /// Transfer, disponor's act, acquirer's act.
    pub records: Vec<Vec<u8>>,
}

impl Deed {
    /// Bytes of its records.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.records.iter().map(Vec::len).sum()
    }
}

/// Where deeds for load are made: with the provider's key at hand, so that an attestation costs a
/// signature and no HTTP. The code that signs it is the provider's own.
#[derive(Debug, Clone, Copy)]
pub struct DeedOffice<'a> {
    /// The provider.
    pub provider: &'a Provider,
    /// Shape of the recordings.
    pub shape: ClipShape,
}

impl DeedOffice<'_> {
    /// Makes a whole deed: lodged by the seller, signed by both.
    ///
    /// # Errors
    /// If the system gives no random bytes.
    pub fn deed(
        &self,
        property: &str,
        seller: &Wallet,
        buyer: &Wallet,
        title_version: u64,
        price: Money,
        now: Seconds,
    ) -> Result<Deed> {
        let ledger = self.provider.ledger;
        let body = sale(seller.party, buyer.party, title_version, price);
        let transfer = sign_plain(ledger, seller, property, body, now)?;
        let instrument = record_id(&transfer)?;
        let records = vec![
            transfer,
            self.act(instrument, seller, ActRole::Disponor, now)?,
            self.act(instrument, buyer, ActRole::Acquirer, now)?,
        ];
        Ok(Deed {
            instrument,
            records,
        })
    }

    fn act(
        &self,
        instrument: RecordId,
        wallet: &Wallet,
        role: ActRole,
        now: Seconds,
    ) -> Result<Vec<u8>> {
        let act = Act {
            role,
            power: None,
            represents: None,
        };
        self.personal(instrument.to_string(), wallet, Body::Act(act), now)
    }

    /// Signs a person's act of any kind, with its attestation and its recording.
    ///
    /// # Errors
    /// If the system gives no random bytes.
    pub fn personal(
        &self,
        subject: impl Into<String>,
        wallet: &Wallet,
        body: Body,
        now: Seconds,
    ) -> Result<Vec<u8>> {
        let ledger = self.provider.ledger;
        let recorded = record_act(ledger, wallet.party, subject, body, self.shape, now)?;
        let digest = recorded.draft.act_digest(wallet.public());
        let attestation = self.provider.attest(wallet.party, digest, now);
        Ok(recorded.draft.sign(wallet.key(), Some(&attestation)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::people::now;

    #[test]
    fn a_deed_is_three_records_that_verify_with_its_attestations_bound_to_its_acts() {
        let wallet = || Wallet::generate(None).unwrap();
        let provider = Provider {
            wallet: wallet(),
            ledger: LedgerId([1; 32]),
        };
        let office = DeedOffice {
            provider: &provider,
            shape: ClipShape::TINY,
        };
        let price = Money {
            minor: 44_000_000,
            currency: "GBP".to_owned(),
        };
        let (seller, buyer) = (wallet(), wallet());
        let deed = office
            .deed("SW19-1AA:1", &seller, &buyer, 1, price, now())
            .unwrap();
        let records: Vec<_> = deed
            .records
            .iter()
            .map(|bytes| Record::decode(bytes).unwrap())
            .collect();
        assert!(records.iter().all(Record::verify));
        assert_eq!(records[0].id, deed.instrument);
        for act in &records[1..] {
            assert_eq!(act.subject(), deed.instrument.to_string());
            let signed = act.attestation.as_ref().unwrap();
            assert_eq!(signed.attestation.nonce, act.act_digest);
            let evidence = act.evidence.as_ref().unwrap();
            let signed_at = act.statement.header.issued_at.0;
            let end = evidence.started.0 + evidence.duration_ms / 1000;
            assert!((evidence.started.0..=end).contains(&signed_at));
            assert!(
                evidence
                    .statements
                    .iter()
                    .all(|s| s.offset_ms < evidence.duration_ms)
            );
        }
        let roots: Vec<_> = records[1..]
            .iter()
            .map(|act| act.evidence.as_ref().unwrap().root)
            .collect();
        assert_ne!(roots[0], roots[1]);
    }
}
