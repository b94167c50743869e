//! `deedbook audit`: the whole log again, once or for as long as it is asked to watch.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use deedbook_client::anchor::{Anchors, State, read_authorities};
use deedbook_client::audit::{
    Anchored, AuditError, Audited, Follower, Options, Recording, Recordings, Report, Seen,
    Signatures, Source, Stop, audit, check_anchors,
};
use deedbook_client::time::{rfc3339, rfc3339_ms};
use deedbook_schemas::block::Seconds;
use deedbook_schemas::genesis::Genesis;
use deedbook_schemas::limits::GENESIS_BYTES_MAX;
use deedbook_schemas::policy::Policy;
use serde::Serialize;
use serde_json::json;

use super::verify::read_policy;
use crate::output::{Context, Failure, Unit, heed_interrupts, interrupted, read_file};

/// Read the whole log again: every hash, every signature, every decision of the law.
///
/// The log comes from a node (--node), a mirror of its files (--tiles, a folder or an address), or
/// the data folder of a stopped node (--data). An audit that remembers its progress (--state) can be
/// stopped and goes on where it stood; it also remembers every checkpoint it was shown, and says so
/// when the log is no longer the one that it audited. With --follow it keeps watching, and compares
/// what all nodes, mirrors and witnesses show.
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Address of the node, instead of --node
    url: Option<String>,
    /// Mirror: a folder or an address with checkpoint, genesis and tile/…
    #[arg(long, value_name = "DIR|URL")]
    tiles: Vec<String>,
    /// Home of a stopped node; read by the deedbook-node program beside this one
    #[arg(long, value_name = "DIR", conflicts_with_all = ["url", "tiles", "follow"])]
    data: Option<PathBuf>,
    /// Whose word counts for the checkpoint; without it, two thirds of the genesis' validators'
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// The ledger's genesis, from someone you trust; without it, as the source tells it
    #[arg(long, value_name = "FILE")]
    genesis: Option<PathBuf>,
    /// Remember progress and checkpoints here; go on from here
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// Seconds between two writings of the progress
    #[arg(long, value_name = "SECONDS", default_value_t = 20, requires = "state",
        value_parser = clap::value_parser!(u64).range(0..=25))]
    save_every: u64,
    /// Verify signatures one by one, in the very form that validators accept
    #[arg(long)]
    strict: bool,
    /// Recordings to hash again and to find on the log; their names do not matter
    #[arg(long, value_name = "DIR", conflicts_with = "follow")]
    evidence: Option<PathBuf>,
    /// Folder of anchors (deedbook anchor): was this log what was stamped then?
    #[arg(
        long,
        value_name = "DIR",
        requires = "tsa_ca",
        conflicts_with = "follow"
    )]
    anchors: Option<PathBuf>,
    /// Certificates (PEM) of the time-stamping authorities that you trust
    #[arg(long, value_name = "FILE", requires = "anchors")]
    tsa_ca: Option<PathBuf>,
    /// Keep watching all sources and compare their checkpoints
    #[arg(long)]
    follow: bool,
    /// A page where a witness shows its newest checkpoint of this log
    #[arg(long, value_name = "URL", requires = "follow")]
    witness: Vec<String>,
    /// Seconds between two looks
    #[arg(long, value_name = "SECONDS", default_value_t = 10, requires = "follow",
        value_parser = clap::value_parser!(u64).range(1..=86_400))]
    every: u64,
    /// Where contradicting checkpoints are kept as evidence
    #[arg(long, value_name = "DIR", default_value = "split-view")]
    alarms: PathBuf,
}

#[derive(Serialize)]
struct Sound<'a> {
    sound: bool,
    #[serde(flatten)]
    report: &'a Report,
    vouched_by: &'a [String],
    evidence: &'a [Recording],
    anchors: &'a [Anchored],
    genesis_from_source: bool,
    milliseconds: u128,
}

/// What is audited, against what.
struct Subject {
    sources: Vec<Source>,
    genesis: Genesis,
    genesis_from_source: bool,
    policy: Policy,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    heed_interrupts()?;
    let exported = args
        .data
        .as_deref()
        .map(super::export::exported)
        .transpose()?;
    let sources = sources(
        args,
        context,
        exported.as_ref().map(super::export::Exported::path),
    )?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Failure::no)?;
    let stop = Stop::default();
    let asked = stop.clone();
    runtime.block_on(async {
        let work = async {
            let subject = subject(args, sources).await?;
            let options = options(args, context, stop)?;
            if args.follow {
                follow(args, context, subject, options).await
            } else {
                once(args, context, &subject, options).await
            }
        };
        let watch = async {
            interrupted().await;
            asked.ask();
            // The audit writes down where it stands; a request that hangs is given up.
            tokio::time::sleep(Duration::from_secs(30)).await;
        };
        tokio::select! {
            result = work => result,
            () = watch => Err(Failure::stopped("interrupted; what was written last is kept")),
        }
    })
}

fn sources(
    args: &Args,
    context: &Context,
    exported: Option<&Path>,
) -> Result<Vec<Source>, Failure> {
    if let Some(folder) = exported {
        return Ok(vec![Source::mirror(&folder.display().to_string())?]);
    }
    let nodes: Vec<&str> = args
        .url
        .iter()
        .chain(context.nodes())
        .map(String::as_str)
        .collect();
    let mut sources = Vec::new();
    if args.follow {
        for node in nodes {
            sources.push(Source::node(&[node])?.impatient());
        }
    } else if !nodes.is_empty() && args.tiles.is_empty() {
        let node = args
            .url
            .as_ref()
            .map_or(nodes.as_slice(), |_| nodes.get(..1).unwrap_or_default());
        sources.push(Source::node(node)?);
    }
    for mirror in &args.tiles {
        sources.push(Source::mirror(mirror)?);
    }
    for witness in &args.witness {
        sources.push(Source::witness(witness)?.impatient());
    }
    match sources.len() {
        0 => {
            let hint =
                "name a node (--node http://host:port), a mirror (--tiles) or a home (--data)";
            Err(Failure::usage("there is nothing to audit").hint(hint))
        }
        1 => Ok(sources),
        _ if args.follow => Ok(sources),
        _ => Err(Failure::usage(
            "one log at a time; --follow compares several",
        )),
    }
}

async fn subject(args: &Args, sources: Vec<Source>) -> Result<Subject, Failure> {
    let genesis = args.genesis.as_deref().map(read_genesis).transpose()?;
    let genesis_from_source = genesis.is_none();
    let genesis = match (genesis, sources.first()) {
        (Some(genesis), _) => genesis,
        (None, Some(source)) => {
            let told = source.genesis().await;
            told.map_err(|error| failure(error.into(), &args.alarms))?
        }
        (None, None) => return Err(Failure::usage("there is nothing to audit")),
    };
    let policy = match args.policy.as_deref().map(read_policy).transpose()? {
        Some(policy) => policy,
        None => Policy::of_genesis(&genesis)
            .map_err(|error| Failure::no(format!("the genesis: {error}")))?,
    };
    Ok(Subject {
        sources,
        genesis,
        genesis_from_source,
        policy,
    })
}

fn options(args: &Args, context: &Context, stop: Stop) -> Result<Options, Failure> {
    let recordings = match &args.evidence {
        None => Recordings::default(),
        Some(folder) => {
            let mut bar = context.progress(0, Unit::Bytes);
            Recordings::of_folder(folder, &mut |done| bar.step(done)).map_err(Failure::no)?
        }
    };
    Ok(Options {
        signatures: if args.strict {
            Signatures::Strict
        } else {
            Signatures::Batched
        },
        state: args.state.clone(),
        save_every: Duration::from_secs(args.save_every),
        recordings,
        now: now(),
        stop,
    })
}

/// This machine's clock.
fn now() -> Seconds {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    Seconds(since.map_or(0, |since| since.as_secs()))
}

async fn once(
    args: &Args,
    context: &Context,
    subject: &Subject,
    options: Options,
) -> Result<(), Failure> {
    let Subject {
        sources,
        genesis,
        genesis_from_source,
        policy,
    } = subject;
    let Some(source) = sources.first() else {
        return Err(Failure::usage("there is nothing to audit"));
    };
    let started = Instant::now();
    let mut bar = context.progress(0, Unit::Leaves);
    let audited = audit(source, genesis, policy, options, |stage| {
        bar.set_of(stage.done, stage.total);
    });
    let audited = audited
        .await
        .map_err(|error| failure(error, &args.alarms))?;
    drop(bar);
    let Audited {
        report,
        vouched_by,
        evidence,
    } = &audited;
    let anchors = anchors(args, source, policy, report).await?;
    let sound = Sound {
        sound: true,
        report,
        vouched_by,
        evidence,
        anchors: &anchors,
        genesis_from_source: *genesis_from_source,
        milliseconds: started.elapsed().as_millis(),
    };
    let unfit = evidence
        .iter()
        .filter(|it| !it.on_log || it.wrong.is_some());
    let (unfit, all) = (unfit.count(), evidence.len());
    let against = anchors.iter().filter(|anchor| anchor.wrong.is_some());
    let against = against.count();
    if unfit + against == 0 {
        return context.print(&sound, || told(&sound));
    }
    if against > 0 {
        let line = format!("{against} of {} anchors do not hold", anchors.len());
        let fields = serde_json::to_value(&sound).map_err(Failure::no)?;
        return Err(Failure::no(line).showing(fields, told(&sound)));
    }
    let line = format!("{unfit} of {all} files are no recording that a record on this log names");
    let fields = serde_json::to_value(&sound).map_err(Failure::no)?;
    Err(Failure::no(line).showing(fields, told(&sound)))
}

/// The anchors that are to be held against the log, if any.
async fn anchors(
    args: &Args,
    source: &Source,
    policy: &Policy,
    report: &Report,
) -> Result<Vec<Anchored>, Failure> {
    let (Some(folder), Some(authorities)) = (&args.anchors, &args.tsa_ca) else {
        return Ok(Vec::new());
    };
    let authorities = read_authorities(authorities).map_err(Failure::no)?;
    let anchors = Anchors::new(folder);
    let (size, root) = (report.leaves, &report.root);
    let held = check_anchors(&anchors, &authorities, source, policy, size, root).await;
    held.map_err(Failure::no)
}

async fn follow(
    args: &Args,
    context: &Context,
    subject: Subject,
    options: Options,
) -> Result<(), Failure> {
    let stop = options.stop.clone();
    let Subject {
        sources,
        genesis,
        policy,
        ..
    } = subject;
    let alarm = |error| failure(error, &args.alarms);
    let follower = Follower::new(&genesis, policy, sources, options);
    let mut follower = follower.map_err(alarm)?;
    loop {
        let mut bar = context.progress(0, Unit::Leaves);
        let mut events = Vec::new();
        let progress = |stage: deedbook_client::audit::Stage| bar.set_of(stage.done, stage.total);
        let round = follower
            .round(now(), |seen| events.push(seen), progress)
            .await;
        drop(bar);
        for seen in &events {
            context.print_line(&event(seen), || event_told(seen))?;
        }
        let watched = round.map_err(alarm)?;
        let (audited, shown) = (watched.audited, watched.shown);
        let round = json!({ "event": "round", "audited": audited, "shown": shown });
        context.print_line(&round, || {
            format!("{audited} leaves audited; {shown} sources agree")
        })?;
        let deadline = Instant::now() + Duration::from_secs(args.every);
        while Instant::now() < deadline {
            if stop.is_asked() {
                return Ok(());
            }
            let left = deadline.saturating_duration_since(Instant::now());
            tokio::time::sleep(left.min(Duration::from_millis(200))).await;
        }
    }
}

fn event(seen: &Seen) -> serde_json::Value {
    match seen {
        Seen::Agrees { source, size } => {
            json!({ "event": "agrees", "source": source, "size": size })
        }
        Seen::Audited(report) => json!({ "event": "audited", "report": report }),
        Seen::Validators { names } => json!({ "event": "validators", "names": names }),
        Seen::Warning { source, what } => {
            json!({ "event": "warning", "source": source, "what": what })
        }
    }
}

fn event_told(seen: &Seen) -> String {
    match seen {
        Seen::Agrees { source, size } => format!("{source} agrees at {size} leaves"),
        Seen::Audited(report) => format!(
            "sound up to {} leaves, block {} of {}",
            report.leaves,
            report.height,
            rfc3339_ms(report.time)
        ),
        Seen::Validators { names } => {
            format!(
                "the validators are now {}; the policy follows them",
                names.join(", ")
            )
        }
        Seen::Warning { source, what } => format!("warning: {source}: {what}"),
    }
}

fn failure(error: AuditError, alarms: &Path) -> Failure {
    match error {
        AuditError::Source(deedbook_client::audit::SourceError::Api(error)) => error.into(),
        stopped @ AuditError::Stopped { .. } => Failure::stopped(stopped),
        AuditError::Finding(finding) => Failure::no(format!("the log is not sound: {finding}"))
            .showing(json!({ "sound": false, "finding": finding }), String::new()),
        AuditError::Split(split) => match split.keep(alarms) {
            Ok(report) => {
                let files: Vec<String> = report
                    .evidence
                    .iter()
                    .map(|path| path.display().to_string())
                    .collect();
                let hint = format!("keep and show to others: {}", files.join(", "));
                let fields = json!({ "sound": false, "split_view": report });
                Failure::no(split).hint(hint).showing(fields, String::new())
            }
            Err(error) => {
                let line = format!("{split}; the evidence could not be written: {error}");
                Failure::no(line).showing(json!({ "sound": false }), String::new())
            }
        },
        other => Failure::no(other).showing(json!({ "sound": false }), String::new()),
    }
}

fn read_genesis(path: &Path) -> Result<Genesis, Failure> {
    serde_json::from_slice(&read_file(path, GENESIS_BYTES_MAX)?)
        .map_err(|error| Failure::usage(format!("{}: {error}", path.display())))
}

fn told(sound: &Sound<'_>) -> String {
    let report = sound.report;
    let time = rfc3339_ms(report.time);
    let mut lines = vec![
        format!("SOUND: log {}, all {} leaves", report.origin, report.leaves),
        format!(
            "  root {}, vouched for by {}",
            report.root,
            sound.vouched_by.join(", ")
        ),
        format!(
            "  {} blocks under {} precommits",
            report.blocks, report.precommits
        ),
        format!("  the last is {} of {time}", report.height),
        format!(
            "  {} records and {} attestations",
            report.records, report.attestations
        ),
        format!("  signatures {}", report.signatures),
        format!(
            "  {} outcomes, decided again from genesis by the law",
            report.outcomes
        ),
        format!("  state root {}, computed again", report.state_root),
        format!("  in {} ms", sound.milliseconds),
    ];
    if report.resumed > 0 {
        let resumed = report.resumed;
        lines.push(format!("  the first {resumed} leaves by an earlier run"));
    }
    lines.extend(sound.evidence.iter().map(evidence_told));
    lines.extend(sound.anchors.iter().map(anchor_told));
    if sound.genesis_from_source {
        let ledger = report.ledger;
        lines.push(format!(
            "Note: the genesis is the source's own; compare its ledger id {ledger}"
        ));
    }
    lines.join("\n")
}

fn anchor_told(anchor: &Anchored) -> String {
    let what = match (&anchor.wrong, &anchor.state) {
        (Some(wrong), _) => wrong.clone(),
        (None, State::Confirmed(stamp)) => {
            format!("stamped {} by {}", rfc3339(stamp.time), stamp.authority)
        }
        (None, State::Pending { reason } | State::Failed { reason }) => {
            format!("pending: {reason}")
        }
    };
    format!("  anchor of {} leaves: {what}", anchor.size)
}

fn evidence_told(recording: &Recording) -> String {
    let path = recording.path.display();
    let what = match (&recording.wrong, recording.record, recording.on_log) {
        (Some(wrong), _, _) => wrong.clone(),
        (None, Some(record), _) => format!("the recording of record {record}"),
        (None, None, true) => "the recording of a record that an earlier run audited".to_owned(),
        (None, None, false) => "no record on this log names its content".to_owned(),
    };
    format!("  evidence {path}: {what}")
}
