//! What every step of the demo needs: the network, the people's devices, and a voice.
//!
//! Lives here: acting, submitting, looking, telling. Does not live here: the story (`story`).

use std::collections::BTreeMap;
use std::time::Instant;

use anyhow::{Context as _, Result, bail, ensure};
use deedbook_client::http::{ApiError, Client};
use deedbook_schemas::api::{InstrumentView, Reason, TitleView};
use deedbook_schemas::digest::{LedgerId, RecordId};
use deedbook_schemas::instrument::Status;
use deedbook_schemas::party::PartyId;
use deedbook_schemas::record::Body;
use serde::Serialize;

use crate::clip::ClipShape;
use crate::deals::{record_act, record_id};
use crate::people::{Person, now};
use crate::provider::device::ProviderDesk;
use crate::submit::accepted;
use crate::web::Service;

/// A step that held, for the summary.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Step {
    /// Seconds since the demo began.
    seconds: f64,
    /// What happened.
    text: String,
}

/// A refusal that was shown.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Shown {
    /// What was tried.
    pub(super) tried: String,
    /// Rule codes, in their order.
    pub(super) codes: Vec<String>,
}

/// The stage.
#[derive(Debug)]
pub(super) struct Stage {
    pub(super) ledger: LedgerId,
    pub(super) client: Client,
    pub(super) desk: ProviderDesk,
    pub(super) custodian: Service,
    pub(super) steps: Vec<Step>,
    pub(super) refusals: Vec<Shown>,
    names: BTreeMap<PartyId, String>,
    began: Instant,
    silent: bool,
}

impl Stage {
    pub(super) fn new(
        ledger: LedgerId,
        client: Client,
        (desk, custodian): (ProviderDesk, Service),
        (began, silent): (Instant, bool),
    ) -> Self {
        Self {
            ledger,
            client,
            desk,
            custodian,
            steps: Vec::new(),
            refusals: Vec::new(),
            names: BTreeMap::new(),
            began,
            silent,
        }
    }

    pub(super) fn seconds(&self) -> f64 {
        self.began.elapsed().as_secs_f64()
    }

    /// Tells a step that held.
    pub(super) fn tell(&mut self, text: impl Into<String>) {
        let (seconds, text) = (self.seconds(), text.into());
        if !self.silent {
            println!("[{seconds:6.2} s] {text}");
        }
        self.steps.push(Step { seconds, text });
    }

    /// Adds a detail to the step before.
    pub(super) fn detail(&self, text: impl AsRef<str>) {
        if !self.silent {
            for line in text.as_ref().lines() {
                println!("             {line}");
            }
        }
    }

    /// Begins a chapter.
    pub(super) fn chapter(&self, title: &str) {
        if !self.silent {
            println!("\n{title}");
        }
    }

    pub(super) fn name(&self, party: &PartyId) -> String {
        let known = self.names.get(party).cloned();
        known.unwrap_or_else(|| party.to_string())
    }

    /// Shows a refusal with its codes.
    pub(super) fn refused(&mut self, tried: &str, codes: Vec<String>) {
        self.tell(format!("REFUSED: {tried}  [{}]", codes.join(", ")));
        let tried = tried.to_owned();
        for reason in Reason::from_codes(&codes) {
            if reason.rule > 0 {
                let Reason {
                    rule, source, text, ..
                } = reason;
                self.detail(format!("{text} (rule {rule}; {source})"));
            }
        }
        self.refusals.push(Shown { tried, codes });
    }

    /// Has the provider enrol a person.
    pub(super) async fn enrol(&mut self, person: &Person) -> Result<()> {
        let record = self.desk.enrol(person).await?;
        accepted(&self.client, &[record]).await?;
        self.names.insert(person.wallet.party, person.name.clone());
        let party = person.wallet.party;
        self.tell(format!(
            "{} is enrolled by the identity provider as party {party}",
            person.name
        ));
        Ok(())
    }

    /// A person's act: recorded on video, which the custodian keeps; checked by the provider for
    /// this act; signed.
    pub(super) async fn act(&self, who: &Person, subject: &str, body: Body) -> Result<Vec<u8>> {
        let party = who.wallet.party;
        let recorded = record_act(self.ledger, party, subject, body, ClipShape::DEMO, now())?;
        let manifest = recorded.draft.evidence.as_ref().context("a recorded act")?;
        let path = format!("/v1/evidence/{}", manifest.root);
        self.custodian.put(&path, recorded.clip).await?;
        let digest = recorded.draft.act_digest(who.wallet.public());
        let attestation = self.desk.attest(&who.wallet, digest).await?;
        Ok(recorded.draft.sign(who.wallet.key(), Some(&attestation)))
    }

    /// Submits one record that must be accepted: its id.
    pub(super) async fn submit(&self, record: Vec<u8>) -> Result<RecordId> {
        let id = record_id(&record)?;
        accepted(&self.client, &[record]).await?;
        Ok(id)
    }

    /// Submits records that must be refused: the codes, whether at the door or in the log.
    pub(super) async fn submit_refused(&self, records: &[Vec<u8>]) -> Result<Vec<String>> {
        let wait = Some(crate::limits::FINALITY_TIMEOUT);
        let view = match self.client.submit(records, wait).await {
            Err(ApiError::Refused { problem, .. }) => return Ok(problem.codes),
            other => other?,
        };
        let refused = view
            .records
            .iter()
            .find(|it| it.outcome == Some(Status::Refused));
        let refused = refused.context("the ledger accepted what it must refuse")?;
        Ok(refused
            .reasons
            .iter()
            .map(|reason| reason.code.clone())
            .collect())
    }

    /// What an instrument still needs, as codes.
    pub(super) async fn open(&self, id: &RecordId) -> Result<Vec<String>> {
        let view = self.client.instrument(id, None).await?;
        ensure!(
            view.status == Status::Pending,
            "the instrument is {:?}, not pending",
            view.status
        );
        self.detail("still missing:");
        for open in &view.open {
            let who = open
                .party
                .map(|party| self.name(&party))
                .unwrap_or_default();
            self.detail(format!("  {}  {}  {}", open.code, who, open.text));
        }
        Ok(view.open.into_iter().map(|open| open.code).collect())
    }

    /// Waits until an instrument has ended in this way.
    pub(super) async fn ended(&self, id: &RecordId, status: Status) -> Result<InstrumentView> {
        let wait = Some(crate::limits::FINALITY_TIMEOUT);
        let view = self.client.instrument(id, wait).await?;
        if view.status != status {
            let open: Vec<_> = view.open.iter().map(|open| open.code.as_str()).collect();
            bail!(
                "the instrument is {:?} and not {status:?}; open: {}",
                view.status,
                open.join(", ")
            );
        }
        Ok(view)
    }

    /// Reads a title and shows it.
    pub(super) async fn title(&self, number: &str) -> Result<TitleView> {
        let view = self.client.title(number).await?;
        self.detail(format!("title {number}, version {}:", view.title.version));
        for holding in &view.title.holdings {
            let (holder, share) = (self.name(&holding.party), holding.share);
            self.detail(format!("  {holder} holds {share} ({:?})", holding.ground));
        }
        Ok(view)
    }
}
