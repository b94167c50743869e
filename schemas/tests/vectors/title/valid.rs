//! Certificates and state receipts that prove something.

use std::collections::BTreeMap;

use deedbook_schemas::block::{BlockTime, Height, Seconds};
use deedbook_schemas::digest::{Commitment, RecordId};
use deedbook_schemas::encumbrance::{Encumbrance, Interest, Right, ServitudeKind};
use deedbook_schemas::fraction::Fraction;
use deedbook_schemas::instrument::{
    ActDone, ActKind, ActRole, Ended, Ending, Instrument, PartyShare, Pending, Power, Scope,
    Status, Text, Transfer, TransferKind,
};
use deedbook_schemas::keys::PublicKey;
use deedbook_schemas::party::{LegalEntity, Nature, Party, PartyId};
use deedbook_schemas::property::{Ground, Holding, LandUse, SpatialUnit, Title};
use deedbook_schemas::state_receipt::{Kind, StateReceipt};
use deedbook_schemas::title_certificate::{instrument_key, party_key, power_key, title_key};

use super::world::{BAR, QUORUM, State, VALIDATOR, receipt, stored};
use crate::people::{
    AGENT, BANK, BUYER, COURT, NOW, OFFICER, OTHER_BANK, PROVIDER, SELLER, SPOUSE,
};
use crate::valid::{filled, fraction, tenge};

pub(super) const CLEAN: &str = "KZ-ALA-20-317-118-247";
pub(super) const ENCUMBERED: &str = "KZ-ALA-20-317-118-250";
pub(super) const CANCELLED: &str = "KZ-AST-21-318-001";
pub(super) const ABSENT: &str = "KZ-AST-99-999-999";

pub(super) fn id(name: &str) -> RecordId {
    RecordId(filled(name))
}

fn title(holdings: Vec<Holding>) -> Title {
    Title {
        version: 2,
        unit: SpatialUnit {
            land_use: LandUse::Flat,
            area_dm2: 6_450,
            address: "г. Алматы, ул. Розыбакиева, д. 247, кв. 118".to_owned(),
        },
        holdings,
        source: id("source"),
        begin_lifespan_version: BlockTime(NOW.0 * 1000 - 86_400_123),
        slot: None,
        consents: Vec::new(),
        encumbrances: Vec::new(),
        parents: Vec::new(),
        cancelled: false,
    }
}

fn holding(party: PartyId, share: Fraction) -> Holding {
    Holding {
        party,
        share,
        acquired: Seconds(1_500_000_000),
        ground: Ground::Purchase,
    }
}

fn on_title(name: &str, right: Right) -> Encumbrance {
    Encumbrance {
        id: id(name),
        registered: BlockTime(NOW.0 * 1000 - 3_600_000),
        right,
    }
}

/// Every right there is, one of them lapsed at the very second of the block.
fn rights() -> Vec<Encumbrance> {
    let later = Seconds(NOW.0 + 86_400);
    let mortgage = |mortgagee, minor, rank| Right::Mortgage {
        mortgagee,
        amount: tenge(minor),
        rank,
    };
    let caveat = |until| Right::Caveat {
        claimant: SPOUSE.id,
        interest: Interest::Marriage,
        until,
    };
    vec![
        on_title("mortgage", mortgage(BANK, 2_000_000_000, 1)),
        on_title("second mortgage", mortgage(OTHER_BANK, 100, 2)),
        on_title(
            "servitude",
            Right::Servitude {
                beneficiary: AGENT.id,
                kind: ServitudeKind::Way,
                until: None,
            },
        ),
        on_title(
            "lease",
            Right::Lease {
                lessee: OFFICER.id,
                until: later,
            },
        ),
        on_title(
            "freeze",
            Right::Freeze {
                authority: COURT.id,
                until: Some(later),
            },
        ),
        on_title("caveat", caveat(later)),
        on_title("lapsed caveat", caveat(NOW)),
        on_title(
            "lock",
            Right::SelfLock {
                holder: SELLER.id,
                opens: None,
            },
        ),
        on_title(
            "notice",
            Right::PriorityNotice {
                buyer: BUYER.id,
                instrument: id("sale"),
                until: later,
            },
        ),
        on_title(
            "offer",
            Right::PreemptionNotice {
                disponor: SELLER.id,
                share: fraction(2, 3),
                price: Some(tenge(4_500_000_000)),
                terms: Some("Keys on the day of registration.".to_owned()),
                until: NOW,
                waived: vec![SPOUSE.id],
            },
        ),
    ]
}

fn pending_sale(parcel: &str) -> Instrument {
    let side = |party| {
        vec![PartyShare {
            party,
            share: fraction(2, 3),
        }]
    };
    let sale = Transfer::new(
        TransferKind::Sale,
        2,
        side(SELLER.id),
        side(BUYER.id),
        Some(tenge(4_500_000_000)),
    );
    let act = |party, role, signer, power| ActDone {
        party,
        role,
        signer,
        record: RecordId(filled(&format!("act of {signer}"))),
        power,
        by_office: false,
        party_turn: 0,
        signer_turn: 0,
    };
    Instrument {
        property: parcel.to_owned(),
        status: Status::Pending,
        lodged: Height(5),
        changed: BlockTime(NOW.0 * 1000 - 60_001),
        pending: Some(Pending {
            text: Text::Transfer(Box::new(sale)),
            lodger: BUYER.id,
            expires: Seconds(NOW.0 + 30 * 86_400),
            acts: vec![
                act(SELLER.id, ActRole::Disponor, AGENT.id, Some(id("power"))),
                act(BUYER.id, ActRole::Acquirer, BUYER.id, None),
            ],
            profile: 0,
            supplements: Vec::new(),
        }),
        codes: Vec::new(),
    }
}

pub(super) fn power(agent: PartyId) -> Power {
    Power {
        principal: SELLER.id,
        agent,
        scope: Scope {
            acts: vec![ActKind::Sell, ActKind::Mortgage],
            properties: Some(vec![CLEAN.to_owned(), ENCUMBERED.to_owned()]),
            price_floor: Some(tenge(4_200_000_000)),
            counterparties: None,
            self_dealing: false,
            substitutions: Some(1),
        },
        starts: NOW,
        expires: Seconds(NOW.0 + 86_400),
        ended: None,
        parent: None,
        notarised: None,
        principal_turn: 0,
        agent_turn: 0,
    }
}

fn ended(ending: Ending) -> Option<Ended> {
    Some(Ended {
        ending,
        record: id("revocation"),
        at: BlockTime(NOW.0 * 1000 - 1_001),
    })
}

fn party(seed: u8) -> Party {
    Party {
        provider: PROVIDER.id,
        keys: vec![PublicKey(Commitment::new(&[seed; 32], b"key").0)],
        enrolment: RecordId(filled(&format!("enrolment {seed}"))),
        marriages: Vec::new(),
        unmarried: vec![Seconds(1_300_000_000)],
        died: None,
        incapable: None,
        minor_until: None,
        guardian: None,
        nature: Nature::Natural,
        turn: 0,
        in_office: Vec::new(),
    }
}

fn parties() -> Vec<(PartyId, Party)> {
    let dissolved = Nature::Legal(LegalEntity {
        name: "Dissolved Bank".to_owned(),
        officers: Vec::new(),
        signatures: 1,
        dissolved: true,
    });
    vec![
        (SELLER.id, party(1)),
        (BUYER.id, party(2)),
        (
            SPOUSE.id,
            Party {
                died: Some(Seconds(NOW.0 - 1)),
                ..party(3)
            },
        ),
        (AGENT.id, party(4)),
        // An incapacity that ended: what was before does not revive.
        (
            OFFICER.id,
            Party {
                turn: 2,
                ..party(5)
            },
        ),
        // Comes of age in the very second.
        (
            COURT.id,
            Party {
                minor_until: Some(NOW),
                ..party(6)
            },
        ),
        (
            BANK,
            Party {
                keys: Vec::new(),
                nature: dissolved,
                ..party(7)
            },
        ),
    ]
}

/// Powers by name, in every status.
#[allow(clippy::too_many_lines, reason = "a table")]
pub(super) fn powers() -> Vec<(&'static str, Power)> {
    let plain = power(AGENT.id);
    let sub = |parent: &str, agent| Power {
        parent: Some(id(parent)),
        notarised: Some(id("notarisation")),
        ..power(agent)
    };
    let scoped = |properties| Power {
        scope: Scope {
            properties,
            ..plain.scope.clone()
        },
        ..plain.clone()
    };
    vec![
        ("power", plain.clone()),
        ("power for all", scoped(None)),
        (
            "power for another",
            scoped(Some(vec![CANCELLED.to_owned()])),
        ),
        ("power of one come of age", power(COURT.id)),
        (
            "revoked",
            Power {
                ended: ended(Ending::Revocation),
                ..plain.clone()
            },
        ),
        (
            "renounced",
            Power {
                ended: ended(Ending::Renunciation),
                expires: NOW,
                ..plain.clone()
            },
        ),
        (
            "expired",
            Power {
                expires: NOW,
                ..plain.clone()
            },
        ),
        ("dead agent", power(SPOUSE.id)),
        ("agent who was incapable", power(OFFICER.id)),
        (
            "dissolved principal",
            Power {
                principal: BANK,
                ..plain.clone()
            },
        ),
        (
            "not begun",
            Power {
                starts: Seconds(NOW.0 + 1),
                ..plain.clone()
            },
        ),
        ("sub-power", sub("power", BUYER.id)),
        ("sub-power of a revoked one", sub("revoked", BUYER.id)),
        (
            "sub-power of that",
            sub("sub-power of a revoked one", AGENT.id),
        ),
        (
            "sub-power not certified",
            Power {
                notarised: None,
                ..sub("power", BUYER.id)
            },
        ),
    ]
}

/// Everything the certificates are about. `filled` as in [`State`].
pub(super) fn state(filled_to: usize) -> State {
    let two = || {
        vec![
            holding(SELLER.id, fraction(2, 3)),
            holding(SPOUSE.id, fraction(1, 3)),
        ]
    };
    let one = vec![holding(SELLER.id, Fraction::ONE)];
    let mut values = BTreeMap::new();
    values.insert(title_key(CLEAN), stored(&title(two())));
    let encumbered = Title {
        slot: Some(id("sale")),
        consents: vec![id("consent")],
        encumbrances: rights(),
        parents: vec![CANCELLED.to_owned()],
        ..title(two())
    };
    values.insert(title_key(ENCUMBERED), stored(&encumbered));
    let cancelled = Title {
        cancelled: true,
        ..title(one)
    };
    values.insert(title_key(CANCELLED), stored(&cancelled));
    values.insert(
        instrument_key(&id("sale")),
        stored(&pending_sale(ENCUMBERED)),
    );
    for (name, power) in powers() {
        values.insert(power_key(&id(name)), stored(&power));
    }
    for (party, held) in parties() {
        values.insert(party_key(&party), stored(&held));
    }
    State {
        values,
        filled: filled_to,
    }
}

/// The keys that a certificate about some powers needs, found by hand.
pub(super) fn keys_of_powers(names: &[&str]) -> Vec<Vec<u8>> {
    let all = powers();
    let mut keys = Vec::new();
    let mut asked: Vec<RecordId> = names.iter().map(|name| id(name)).collect();
    while let Some(one) = asked.pop() {
        keys.push(power_key(&one));
        if let Some((_, power)) = all.iter().find(|(name, _)| id(name) == one) {
            keys.push(party_key(&power.principal));
            keys.push(party_key(&power.agent));
            asked.extend(power.parent);
        }
    }
    keys.sort();
    keys.dedup();
    keys
}

fn with(title: &str, more: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    std::iter::once(title_key(title)).chain(more).collect()
}

/// Two owners, a mortgage, a lease, a pending sale and the seller's power, among 2^27 objects and
/// leaves.
pub(super) fn typical() -> StateReceipt {
    let mut state = state(27);
    let title = Title {
        slot: Some(id("sale")),
        encumbrances: rights()
            .into_iter()
            .filter(|one| [id("mortgage"), id("lease")].contains(&one.id))
            .collect(),
        ..title(vec![
            holding(SELLER.id, fraction(2, 3)),
            holding(SPOUSE.id, fraction(1, 3)),
        ])
    };
    state.values.insert(title_key(CLEAN), stored(&title));
    let sale = vec![instrument_key(&id("sale"))];
    let keys = with(CLEAN, [sale, keys_of_powers(&["power"])].concat());
    receipt(Kind::Title, &state, 1 << 27, &keys, &QUORUM)
}

/// Every valid file by name: its kind, and its bytes.
pub(super) fn receipts() -> Vec<(&'static str, StateReceipt)> {
    let small = state(0);
    let sale = || vec![instrument_key(&id("sale"))];
    let of = |keys: &[Vec<u8>], cosigners: &[u8]| receipt(Kind::Title, &small, 11, keys, cosigners);
    let names: Vec<_> = powers().into_iter().map(|(name, _)| name).collect();
    let every = keys_of_powers(&[names.as_slice(), &["never registered"]].concat());
    let typical = [sale(), keys_of_powers(&["power"])].concat();
    let object = |key: Vec<u8>| receipt(Kind::Object, &small, 11, &[key], &QUORUM);
    let witnessed = [&QUORUM[..], &[BAR]].concat();
    let mut all = vec![
        ("clean", of(&with(CLEAN, vec![]), &QUORUM)),
        ("clean-witnessed", of(&with(CLEAN, vec![]), &witnessed)),
        (
            "clean-all-validators",
            of(
                &with(CLEAN, vec![]),
                &[VALIDATOR, VALIDATOR + 1, VALIDATOR + 2, VALIDATOR + 3],
            ),
        ),
        ("absent", of(&with(ABSENT, vec![]), &QUORUM)),
        ("cancelled", of(&with(CANCELLED, vec![]), &QUORUM)),
        ("encumbered", of(&with(ENCUMBERED, sale()), &QUORUM)),
        ("powers", of(&with(CLEAN, every), &QUORUM)),
        (
            "absent-with-power",
            of(&with(ABSENT, keys_of_powers(&["revoked"])), &QUORUM),
        ),
    ];
    // As large as they come: 2^27 objects, and as many leaves of the log.
    let large = state(27);
    for (name, title, more) in [
        ("large-clean", CLEAN, keys_of_powers(&["power"])),
        ("large-encumbered", ENCUMBERED, typical),
    ] {
        let keys = with(title, more);
        all.push((name, receipt(Kind::Title, &large, 1 << 27, &keys, &QUORUM)));
    }
    all.push(("object", object(party_key(&SELLER.id))));
    all.push(("object-absent", object(b"Znothing".to_vec())));
    all
}
