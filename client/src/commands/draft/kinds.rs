//! The kinds of draft that have flags of their own, and the bodies these flags mean.
//!
//! Does not live here: the signer, the ledger, the nonce (`super`).

use std::path::{Path, PathBuf};

use deedbook_client::drafting::parse_money;
use deedbook_client::time;
use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::fraction::Money;
use deedbook_schemas::instrument::{
    Act, ActKind, ActRole, Ending, PartyShare, PowerOfAttorney, Revocation, Scope, SpousalConsent,
    Transfer, TransferKind, Withdrawal,
};
use deedbook_schemas::party::{OfficerApproval, PartyId};
use deedbook_schemas::record::{Body, Draft};
use deedbook_schemas::validators::{Approval, Validator, ValidatorSetChange, ValidatorsInOffice};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::read_json;
use crate::output::{Context, Failure};

#[derive(Debug, clap::Subcommand)]
pub(super) enum What {
    /// Anything, from JSON: {"subject": …, "body": {"kind": …, …}}; what is missing is filled in
    Json {
        /// The file; - is stdin
        #[arg(default_value = "-")]
        file: PathBuf,
    },
    /// A power of attorney
    Power(Box<PowerFlags>),
    /// A spouse's consent
    Consent(ConsentFlags),
    /// A sale or a gift; it binds nobody until the parties act on it
    Transfer(TransferFlags),
    /// The act of signing an instrument
    Act {
        /// The instrument
        instrument: RecordId,
        /// disponor, acquirer or mortgagee
        #[arg(long, value_name = "ROLE", value_parser = word::<ActRole>)]
        role: ActRole,
        /// Under this power, for its principal
        #[arg(long, value_name = "RECORD")]
        power: Option<RecordId>,
        /// For this legal entity or ward, whose officer or guardian the signer is
        #[arg(long, value_name = "PARTY", conflicts_with = "power")]
        represents: Option<PartyId>,
    },
    /// An officer's approval of what another one will sign alone for their legal entity
    OfficerApproval {
        /// The other officer's draft, JSON; - is stdin
        draft: PathBuf,
    },
    /// The end of a power, a consent or an approval
    Revocation {
        /// The power, the consent or the approval
        record: RecordId,
        /// The agent gives the power back
        #[arg(long)]
        renounce: bool,
    },
    /// Other validators, approved by those in office; for the supervisor
    Validators {
        /// Who is in office: what deedbook validators --out wrote
        #[arg(long, value_name = "FILE")]
        present: PathBuf,
        /// All who shall be: what deedbook-node ceremony reshare finish printed
        #[arg(long, value_name = "FILE")]
        next: PathBuf,
        /// What a validator's deedbook-node approve printed; once for each
        #[arg(long = "approval", value_name = "FILE", required = true)]
        approvals: Vec<PathBuf>,
    },
    /// The withdrawal of a pending instrument
    Withdrawal {
        /// The instrument
        instrument: RecordId,
    },
}

#[derive(Debug, clap::Args)]
pub(super) struct PowerFlags {
    /// Who may act
    #[arg(long, value_name = "PARTY")]
    agent: PartyId,
    /// What they may do: sell, give, acquire, consent, mortgage, manage, exchange, servitude, lease, reparcel, release,
    /// sever
    #[arg(long, value_name = "ACT", required = true, value_delimiter = ',')]
    #[arg(value_parser = word::<ActKind>)]
    acts: Vec<ActKind>,
    /// For which property; without it, for every one
    #[arg(long, value_name = "CADASTRAL")]
    property: Vec<String>,
    /// Not below this price
    #[arg(long, value_name = "AMOUNT", value_parser = parse_money)]
    price_floor: Option<Money>,
    /// Only with this party; without it, with anyone
    #[arg(long, value_name = "PARTY")]
    counterparty: Vec<PartyId>,
    /// Let the agent deal with themselves
    #[arg(long)]
    self_dealing: bool,
    /// Let the agent pass the power on, this many times in a row
    #[arg(long, value_name = "N")]
    substitutions: Option<u8>,
    /// Pass on this power, whose agent the signer is; a notary has to certify it
    #[arg(long, value_name = "RECORD")]
    parent: Option<RecordId>,
    /// Give it for this legal entity, whose officer the signer is
    #[arg(long, value_name = "PARTY")]
    represents: Option<PartyId>,
    /// From when; without it, from now
    #[arg(long, value_name = "TIME", value_parser = time::parse)]
    starts: Option<Seconds>,
    /// Until when; without it, for the law's default term
    #[arg(long, value_name = "TIME", value_parser = time::parse)]
    expires: Option<Seconds>,
}

#[derive(Debug, clap::Args)]
pub(super) struct ConsentFlags {
    /// For which property
    #[arg(long, value_name = "CADASTRAL")]
    property: String,
    /// Whose disposition it permits
    #[arg(long, value_name = "PARTY")]
    disponor: PartyId,
    /// Which act: sell, give, exchange, mortgage, servitude, lease or reparcel
    #[arg(long, value_name = "ACT", default_value = "sell", value_parser = word::<ActKind>)]
    act: ActKind,
    /// To whom; without it, to anyone
    #[arg(long, value_name = "PARTY")]
    counterparty: Option<PartyId>,
    /// Not below this price
    #[arg(long, value_name = "AMOUNT", value_parser = parse_money)]
    price_floor: Option<Money>,
    /// Until when
    #[arg(long, value_name = "TIME", value_parser = time::parse)]
    expires: Seconds,
    /// Given for the spouse under this power
    #[arg(long, value_name = "RECORD")]
    power: Option<RecordId>,
}

#[derive(Debug, clap::Args)]
pub(super) struct TransferFlags {
    /// Of which property
    #[arg(long, value_name = "CADASTRAL")]
    property: String,
    /// sale, gift, exchange, inheritance, court_sale or severance; what needs more fields: draft json
    #[arg(long, value_name = "KIND", default_value = "sale", value_parser = word::<TransferKind>)]
    kind: TransferKind,
    /// Who gives how much of the whole: PARTY=1/2
    #[arg(long, value_name = "PARTY=SHARE", required = true, value_parser = share)]
    from: Vec<PartyShare>,
    /// Who receives how much of the whole: PARTY=1/2
    #[arg(long, value_name = "PARTY=SHARE", required = true, value_parser = share)]
    to: Vec<PartyShare>,
    /// At what price
    #[arg(long, value_name = "AMOUNT", value_parser = parse_money)]
    price: Option<Money>,
    /// The title's version that the parties saw; without it, a node is asked for the present one
    #[arg(long, value_name = "N")]
    title_version: Option<u64>,
    /// Other terms, for people
    #[arg(long, value_name = "TEXT")]
    terms: Option<String>,
}

impl What {
    /// The subject and the body that the flags mean.
    pub(super) fn body(
        self,
        now: Seconds,
        issuer: PartyId,
        context: &Context,
    ) -> Result<(String, Body), Failure> {
        Ok(match self {
            Self::Json { .. } => return Err(Failure::usage("a JSON draft brings its own body")),
            Self::Power(flags) => flags.body(now),
            Self::Consent(flags) => flags.body(),
            Self::Transfer(flags) => flags.body(context)?,
            Self::Act {
                instrument,
                role,
                power,
                represents,
            } => {
                let act = Act {
                    role,
                    power,
                    represents,
                };
                (instrument.to_string(), Body::Act(act))
            }
            Self::OfficerApproval { draft } => approval(&draft)?,
            Self::Revocation { record, renounce } => {
                let ending = if renounce {
                    Ending::Renunciation
                } else {
                    Ending::Revocation
                };
                (record.to_string(), Body::Revocation(Revocation { ending }))
            }
            Self::Validators {
                present,
                next,
                approvals,
            } => {
                let change = validator_set_change(&present, &next, &approvals)?;
                (issuer.to_string(), Body::ValidatorSetChange(change))
            }
            Self::Withdrawal { instrument } => {
                (instrument.to_string(), Body::Withdrawal(Withdrawal {}))
            }
        })
    }
}

impl PowerFlags {
    fn body(self, now: Seconds) -> (String, Body) {
        let scope = Scope {
            acts: sorted(self.acts).unwrap_or_default(),
            properties: sorted(self.property),
            price_floor: self.price_floor,
            counterparties: sorted(self.counterparty),
            self_dealing: self.self_dealing,
            substitutions: self.substitutions,
        };
        let (starts, expires) = (self.starts, self.expires);
        let body = PowerOfAttorney {
            scope,
            issued: Some(now),
            starts,
            expires,
            parent: self.parent,
            represents: self.represents,
        };
        (self.agent.to_string(), Body::PowerOfAttorney(body))
    }
}

impl ConsentFlags {
    fn body(self) -> (String, Body) {
        let body = SpousalConsent {
            disponor: self.disponor,
            act: self.act,
            counterparty: self.counterparty,
            price_floor: self.price_floor,
            expires: self.expires,
            power: self.power,
        };
        (self.property, Body::SpousalConsent(body))
    }
}

impl TransferFlags {
    fn body(self, context: &Context) -> Result<(String, Body), Failure> {
        let title_version = match self.title_version {
            Some(version) => version,
            None => present_version(&self.property, context)?,
        };
        let body = Transfer {
            terms: self.terms,
            ..Transfer::new(self.kind, title_version, self.from, self.to, self.price)
        };
        Ok((self.property, Body::Transfer(body)))
    }
}

fn validator_set_change(
    present: &Path,
    next: &Path,
    approvals: &[PathBuf],
) -> Result<ValidatorSetChange, Failure> {
    let present: ValidatorsInOffice = read_json(present)?;
    let mut validators: Vec<Validator> = read_json(next)?;
    validators.sort_by_key(Validator::address);
    let mut given: Vec<Approval> = approvals
        .iter()
        .map(|path| read_json(path))
        .collect::<Result<_, _>>()?;
    given.sort_by_key(|approval| approval.validator);
    given.dedup();
    Ok(ValidatorSetChange {
        number: present.number.saturating_add(1),
        validators,
        approvals: given,
    })
}

/// The approval of a draft, for the legal entity that it binds.
fn approval(file: &Path) -> Result<(String, Body), Failure> {
    let draft: Draft = read_json(file)?;
    let entity = draft.body.binds().ok_or_else(|| {
        let kind = draft.body.kind();
        Failure::usage(format!("this {kind} is not signed alone for a legal entity"))
            .hint("officers approve a discharge, a consent, a waiver or a power that names whom it represents")
    })?;
    let approves = draft.body.digest(&draft.subject);
    let body = Body::OfficerApproval(OfficerApproval { approves });
    Ok((entity.to_string(), body))
}

fn present_version(property: &str, context: &Context) -> Result<u64, Failure> {
    let client = context.client()?;
    context.online("a node", async {
        Ok(client.title(property).await?.title.version)
    })
}

/// A list as the record has it: sorted, without repetitions; absent if empty.
fn sorted<T: Ord>(mut list: Vec<T>) -> Option<Vec<T>> {
    list.sort_unstable();
    list.dedup();
    (!list.is_empty()).then_some(list)
}

/// Reads a word as JSON spells it.
fn word<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_json::from_value(Value::from(text)).map_err(|error| error.to_string())
}

fn share(text: &str) -> Result<PartyShare, String> {
    let (party, share) = text.split_once('=').ok_or("write PARTY=1/2")?;
    Ok(PartyShare {
        party: party.parse()?,
        share: share.parse()?,
    })
}
