//! The ledger's answers in plain words.
//!
//! Does not live here: what a receipt proves (`deedbook_client::verified` says that itself).

use deedbook_client::time::{rfc3339, rfc3339_ms};
use deedbook_client::verified::{describe_right, words};
use deedbook_schemas::api::{
    AccessView, Health, InstrumentView, PartyView, PowerView, Reason, RecordState, RecordView,
    TitleView, WitnessedView, WitnessesView,
};
use deedbook_schemas::block::Seconds;
use deedbook_schemas::instrument::{ActRole, Matter, Status};
use deedbook_schemas::party::Nature;

pub(crate) fn status(status: Status) -> &'static str {
    match status {
        Status::Pending => "pending",
        Status::Registered => "registered",
        Status::Refused => "refused",
        Status::Withdrawn => "withdrawn",
        Status::Expired => "expired",
    }
}

fn reasons(lines: &mut Vec<String>, reasons: &[Reason]) {
    for reason in reasons {
        let Reason {
            code,
            rule,
            source,
            text,
        } = reason;
        lines.push(format!("  {code}: {text} (rule {rule}, {source})"));
    }
}

pub(crate) fn record(view: &RecordView) -> String {
    let place = match (view.state, view.leaf_index) {
        (RecordState::Queued, _) => "waiting for a block".to_owned(),
        (RecordState::Logged, Some(index)) => format!("on the ledger, leaf {index}"),
        (RecordState::Logged, None) => "on the ledger".to_owned(),
    };
    let became = view
        .outcome
        .map_or_else(String::new, |outcome| format!(", {}", status(outcome)));
    let mut lines = vec![
        format!("{} {}", view.kind, view.id),
        format!("  {place}{became}"),
        format!("  signed by {} about {}", view.issuer, view.subject),
    ];
    reasons(&mut lines, &view.reasons);
    lines.join("\n")
}

pub(crate) fn instrument(view: &InstrumentView) -> String {
    let (state, height) = (status(view.status), view.lodged);
    let mut lines = vec![
        format!("instrument {}", view.id),
        format!("  on property {}", view.property),
        format!(
            "  {state} since {}, lodged in block {height}",
            rfc3339_ms(view.changed)
        ),
    ];
    for act in &view.acts {
        let role = match act.role {
            ActRole::Disponor => "disponor",
            ActRole::Acquirer => "acquirer",
            ActRole::Mortgagee => "mortgagee",
        };
        let agent = match act.power {
            None if act.signer == act.party => String::new(),
            None => format!(", by their officer or guardian {}", act.signer),
            Some(_) => format!(", by their agent {}", act.signer),
        };
        lines.push(format!("  done: {} acted as {role}{agent}", act.party));
    }
    for supplement in &view.supplements {
        let (record, matter) = (supplement.record, matter(&supplement.matter));
        lines.push(format!("  brought: {matter} [{record}]"));
    }
    for requirement in &view.open {
        let who = requirement
            .party
            .map_or_else(String::new, |party| format!(", from {party}"));
        lines.push(format!(
            "  open: {} [{}{who}]",
            requirement.text, requirement.code
        ));
    }
    if let Some(expires) = view.expires {
        lines.push(format!(
            "  expires at {} unless it is complete",
            rfc3339(expires)
        ));
    }
    reasons(&mut lines, &view.reasons);
    lines.join("\n")
}

fn until(time: Option<Seconds>) -> String {
    time.map_or_else(String::new, |time| format!(" until {}", rfc3339(time)))
}

fn matter(matter: &Matter) -> String {
    match matter {
        Matter::MortgageeConsent {
            mortgage,
            mortgagee,
        } => format!("{mortgagee} lets the property pass with mortgage {mortgage}"),
        Matter::Discharge {
            encumbrance,
            holder,
            property,
        } => format!("{holder} gives up encumbrance {encumbrance} on property {property}"),
        Matter::GuardianPermission { ward, expires } => {
            let until = until(Some(*expires));
            format!("permission of the guardianship authority for {ward}{until}")
        }
        Matter::Notarisation { notary } => format!("certificate of notary {notary}"),
        Matter::Funding { agent } => format!("escrow agent {agent} holds the sum"),
        Matter::Duty { duty } => format!("settled: {}", words(duty)),
        Matter::Requisition { due, answer: None } => {
            format!("requisition, to be answered{}", until(Some(*due)))
        }
        Matter::Requisition {
            answer: Some(answer),
            ..
        } => format!("requisition, answered by {answer}"),
    }
}

pub(crate) fn title(view: &TitleView) -> String {
    let title = &view.title;
    let mut lines = vec![
        format!("property {}", view.cadastral_number),
        format!("  {}", title.unit.address),
        format!(
            "  title version {} since {}, made by {}",
            title.version,
            rfc3339_ms(title.begin_lifespan_version),
            title.source
        ),
    ];
    for holding in &title.holdings {
        let ground = format!("{:?}", holding.ground).to_lowercase();
        lines.push(format!(
            "  {} holds {}, by {ground}, since {}",
            holding.party,
            holding.share,
            rfc3339(holding.acquired)
        ));
    }
    if let Some(slot) = title.slot {
        lines.push(format!(
            "  instrument {slot} is pending and holds the priority slot"
        ));
    }
    for consent in &title.consents {
        lines.push(format!("  spousal consent {consent}"));
    }
    for encumbrance in &title.encumbrances {
        let (id, right) = (encumbrance.id, describe_right(&encumbrance.right));
        lines.push(format!("  {right} [{id}]"));
    }
    for parent in &title.parents {
        lines.push(format!("  made of property {parent}"));
    }
    if title.cancelled {
        lines.push("  cancelled: its property has become others".to_owned());
    }
    lines.join("\n")
}

pub(crate) fn power(view: &PowerView) -> String {
    let power = &view.power;
    let force = if view.in_force {
        "in force"
    } else {
        "not in force"
    };
    let acts: Vec<String> = power.scope.acts.iter().map(words).collect();
    let properties = power.scope.properties.as_ref();
    let mut lines = vec![
        format!("power of attorney {}: {force}", view.id),
        format!("  from {} to {}", power.principal, power.agent),
        format!("  to {}", acts.join(", ")),
        format!(
            "  for {}",
            properties.map_or_else(|| "every property".to_owned(), |list| list.join(", "))
        ),
        format!(
            "  from {} until {}",
            rfc3339(power.starts),
            rfc3339(power.expires)
        ),
    ];
    if let Some(floor) = &power.scope.price_floor {
        lines.push(format!("  not below {floor}"));
    }
    if let Some(ended) = &power.ended {
        lines.push(format!(
            "  ended at {} by {}",
            rfc3339_ms(ended.at),
            ended.record
        ));
    }
    reasons(&mut lines, &view.reasons);
    lines.join("\n")
}

pub(crate) fn party(view: &PartyView) -> String {
    let can = if view.can_act {
        "can act"
    } else {
        "cannot act (dead, under age, incapable or dissolved)"
    };
    let mut lines = vec![
        format!("party {}: {can}", view.id),
        format!("  enrolled by {}", view.provider),
    ];
    lines.extend(view.keys.iter().map(|key| format!("  key {key}")));
    if let Some(guardian) = view.guardian {
        lines.push(format!("  guardian {guardian}"));
    }
    match &view.nature {
        Nature::Natural => {}
        Nature::Legal(entity) => {
            let count = entity.signatures;
            lines.push(format!(
                "  legal entity {}: {count} sign together",
                entity.name
            ));
            let officers = entity.officers.iter();
            lines.extend(officers.map(|officer| format!("  officer {officer}")));
        }
        Nature::Group(group) => lines.extend(group.members.iter().map(|member| {
            let share = member
                .share
                .map_or_else(|| "jointly".to_owned(), |share| share.to_string());
            format!("  member {} ({share})", member.party)
        })),
    }
    lines.join("\n")
}

pub(crate) fn accesses(views: &[AccessView]) -> String {
    if views.is_empty() {
        return "nobody has read this party's rights".to_owned();
    }
    let line = |view: &AccessView| {
        let basis = match (&view.entry.consent, &view.entry.legal_ground) {
            (Some(consent), _) => format!("with consent {consent}"),
            (None, Some(ground)) => format!("by law: {ground}"),
            (None, None) => "without a ground".to_owned(),
        };
        let (at, purpose) = (rfc3339(view.at), words(&view.entry.purpose));
        format!(
            "{at} {} for {purpose}, {basis} [{}]",
            view.reader, view.record
        )
    };
    views.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn witness_line(view: &Health) -> String {
    let (count, failing) = (view.witnesses, view.witnesses_failing);
    match (count, view.witness_alarms) {
        (0, _) => "  no witnesses".to_owned(),
        (_, 0) => format!(
            "  witnessed up to leaf {}; of {count} witnesses {failing} failing",
            view.witnessed_size
        ),
        (_, alarms) => format!("  ALARM of {alarms} witnesses: deedbook log witnesses"),
    }
}

pub(crate) fn witnesses(view: &WitnessesView) -> String {
    let lines = view.witnesses.iter().map(|witness| {
        let state = match (&witness.failing, &witness.witnessed) {
            (Some(trouble), _) => format!(
                "failing since {}: {}",
                rfc3339(trouble.since),
                trouble.reason
            ),
            (None, Some(WitnessedView { size, time })) => {
                format!("witnessed {size} leaves at {}", rfc3339(*time))
            }
            (None, None) => "pending".to_owned(),
        };
        let alarm = witness.alarm.as_ref().map(|trouble| {
            let (since, reason) = (rfc3339(trouble.since), &trouble.reason);
            format!("\n  ALARM since {since}: {reason}")
        });
        let (name, url) = (&witness.name, &witness.url);
        format!("{name} at {url}\n  {state}{}", alarm.unwrap_or_default())
    });
    let lines: Vec<_> = lines.collect();
    if lines.is_empty() {
        return "this node pushes to no witness".to_owned();
    }
    lines.join("\n")
}

pub(crate) fn health(view: &Health) -> String {
    [
        format!("node {} of ledger {}", view.node, view.ledger),
        format!(
            "  accepts records: {}",
            if view.ready { "yes" } else { "no" }
        ),
        format!("  block {} at {}", view.height, rfc3339_ms(view.time)),
        format!(
            "  log {} of {} leaves, root {}",
            view.origin, view.tree_size, view.tree_root
        ),
        format!(
            "  receipts up to leaf {}, signed by the log's key up to leaf {}",
            view.cosigned_size, view.log_signed_size
        ),
        witness_line(view),
        format!("  state root {}", view.state_root),
        format!("  {} peers, {} records waiting", view.peers, view.queued),
    ]
    .join("\n")
}
