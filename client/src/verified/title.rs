//! A verified title certificate in plain words.
//!
//! Does not live here: any check. Nothing is said here that `title_certificate::verify` did not
//! establish.

use deedbook_schemas::api::TitleView;
use deedbook_schemas::instrument::ActRole;
use deedbook_schemas::policy::Policy;
use deedbook_schemas::standing::in_force;
use deedbook_schemas::state_receipt::VerifiedState;
use deedbook_schemas::title_certificate::{
    Against, PendingInstrument, PowerStatus, ProvenPower, VerifiedTitle,
};

use super::rights::{describe_right, words};
use super::words::{POLICY_LIMIT, Words, vouched};
use crate::time::rfc3339;

/// What a verified title certificate proves, who vouches, and what it does not prove.
#[must_use]
pub fn title_words(verified: &VerifiedTitle, policy: &Policy) -> Words {
    let VerifiedTitle {
        property,
        time,
        height,
        ..
    } = verified;
    let at = rfc3339(*time);
    let headline = match (&verified.title, verified.clean) {
        (None, _) => format!("There was no property {property} on the register at {at}."),
        (Some(_), true) => {
            format!("The title of property {property} was clean at {at}: nothing stood against it.")
        }
        (Some(_), false) => format!(
            "The title of property {property} was NOT clean at {at}: {} against it.",
            count(verified.against.len())
        ),
    };
    let mut details: Vec<String> = verified.against.iter().map(against).collect();
    details.extend(verified.title.iter().flat_map(|view| held(verified, view)));
    details.extend(verified.pending.iter().flat_map(pending));
    details.extend(verified.powers.iter().flat_map(|one| power(one, property)));
    details.push(format!(
        "state of block {height}, at the end of {} leaves of the log {}, root {}",
        verified.tree_size, verified.origin, verified.root
    ));
    Words {
        headline,
        details,
        vouched: vouched(
            &verified.origin,
            &verified.witnesses,
            verified.grade,
            policy,
        ),
        limits: limits(verified, &at),
    }
}

/// What a verified state receipt of one object proves, who vouches, and what it does not prove.
#[must_use]
pub fn state_words(verified: &VerifiedState, policy: &Policy) -> Words {
    let (at, whose) = (rfc3339(verified.seal.time.seconds()), &verified.vouched);
    let details = verified.objects.iter().map(|(key, value)| {
        let held = value.as_ref().map_or_else(
            || "nothing".to_owned(),
            |value| format!("the {} bytes {}", value.len(), hex::encode(value)),
        );
        format!("key {} held {held}", hex::encode(key))
    });
    Words {
        headline: format!("The register's state at {at} is proven for one key."),
        details: details.collect(),
        vouched: vouched(&whose.origin, &whose.witnesses, whose.grade, policy),
        limits: vec![POLICY_LIMIT.to_owned()],
    }
}

fn count(things: usize) -> String {
    if things == 1 {
        "1 thing stood".to_owned()
    } else {
        format!("{things} things stood")
    }
}

fn against(against: &Against) -> String {
    let id = against.id.map_or_else(String::new, |id| format!(" {id}"));
    match against.what {
        "cancelled" => {
            "against it: the title is cancelled, its property has become others".to_owned()
        }
        "slot" => format!("against it: instrument{id} is pending and holds the priority slot"),
        what => format!("against it: {}{id}", what.replace('_', " ")),
    }
}

fn held(verified: &VerifiedTitle, view: &TitleView) -> Vec<String> {
    let title = &view.title;
    let mut lines: Vec<String> = title
        .holdings
        .iter()
        .map(|holding| format!("owner: {} holds {}", holding.party, holding.share))
        .collect();
    if title.encumbrances.is_empty() {
        lines.push("no mortgage, servitude, lease, freeze, caveat, lock or notice".to_owned());
    }
    for encumbrance in &title.encumbrances {
        let over = if in_force(&encumbrance.right, verified.time) {
            ""
        } else {
            " (lapsed)"
        };
        let right = describe_right(&encumbrance.right);
        lines.push(format!("encumbrance: {right}{over} [{}]", encumbrance.id));
    }
    if !title.encumbrances.is_empty() {
        lines.push("and no other encumbrance".to_owned());
    }
    let consents = title.consents.iter();
    lines.extend(consents.map(|consent| format!("spousal consent on the title: {consent}")));
    let parents = title.parents.iter();
    lines.extend(parents.map(|parent| format!("made of property {parent}")));
    lines.push(format!(
        "title version {}, made by {}; {}",
        title.version, title.source, title.unit.address
    ));
    lines
}

fn pending(pending: &PendingInstrument) -> Vec<String> {
    let kind = pending.kind.unwrap_or("instrument");
    let expires = pending.expires.map_or_else(
        || "no longer pending".to_owned(),
        |expires| format!("pending, expires at {}", rfc3339(expires)),
    );
    let mut lines = vec![format!("{kind} {}: {expires}", pending.id)];
    lines.extend(pending.acts.iter().map(|act| {
        let role = match act.role {
            ActRole::Disponor => "disponor",
            ActRole::Acquirer => "acquirer",
            ActRole::Mortgagee => "mortgagee",
        };
        format!("  signed for {} as {role} by {}", act.party, act.signer)
    }));
    lines
}

fn power(proven: &ProvenPower, property: &str) -> Vec<String> {
    let id = proven.id;
    let Some(power) = &proven.power else {
        return vec![format!("power {id}: was never registered")];
    };
    let since = proven.since.map_or_else(String::new, rfc3339);
    let status = match proven.status {
        PowerStatus::Absent => "was never registered".to_owned(),
        PowerStatus::InForce => format!("IN FORCE, until {}", rfc3339(power.expires)),
        PowerStatus::Revoked => format!("REVOKED or renounced at {since}"),
        PowerStatus::Expired => format!("EXPIRED at {since}"),
        PowerStatus::Ended => format!("ENDED: {}", proven.codes.join(", ")),
        PowerStatus::NotYet => format!("NOT YET in force: {}", proven.codes.join(", ")),
    };
    let acts: Vec<String> = power.scope.acts.iter().map(words).collect();
    let (principal, agent) = (power.principal, power.agent);
    let mut lines = vec![
        format!("power {id}: {status}"),
        format!("  from {principal} to {agent}, to {}", acts.join(", ")),
    ];
    if let Some(floor) = &power.scope.price_floor {
        lines.push(format!("  not below {floor}"));
    }
    if !proven.covers_property {
        lines.push(format!("  it does NOT cover property {property}"));
    }
    lines
}

fn limits(verified: &VerifiedTitle, at: &str) -> Vec<String> {
    let mut limits = vec![format!(
        "It says how things stood at {at}; ask for a new one before you rely on it later."
    )];
    let latest = verified.witnesses.iter().map(|witness| witness.time).max();
    let over = verified.powers.iter().any(|one| {
        let expires = one.power.as_ref().map(|power| power.expires);
        one.status == PowerStatus::InForce && expires.is_some_and(|end| latest >= Some(end))
    });
    if over {
        limits.push(
            "By the clocks of those who vouch, the term of a power that was in force has ended since."
                .to_owned(),
        );
    }
    limits.push(
        "Deeds that no owner has signed yet hold no slot and are not in it; nor are marriages, so it \
         does not say whose consent a sale needs."
            .to_owned(),
    );
    limits.push("Parties are pseudonyms: it does not say who they are.".to_owned());
    limits.push(POLICY_LIMIT.to_owned());
    limits
}
