//! `deedbook explain`: what a refusal's code means.

use deedbook_schemas::api::Reason;
use deedbook_schemas::rejection::Code;

use crate::output::{Context, Failure};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The code, such as consent.missing
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    code: Option<String>,
    /// List every code, in the order in which refusals name them
    #[arg(long)]
    all: bool,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let Some(asked) = &args.code else {
        let all: Vec<Reason> = Code::ALL.iter().copied().map(Reason::from).collect();
        return context.print(&all, || table(&all));
    };
    let found = Code::ALL.iter().find(|code| code.as_str() == asked);
    let reason = found.copied().map(Reason::from).ok_or_else(|| {
        Failure::usage(format!("there is no code {asked:?}"))
            .hint("deedbook explain --all lists them")
    })?;
    context.print(&reason, || {
        let (code, text, source) = (&reason.code, &reason.text, &reason.source);
        format!(
            "{code}\n  {text}\n  rule {} of the law of the ledger; {source}",
            reason.rule
        )
    })
}

fn table(reasons: &[Reason]) -> String {
    let width = reasons
        .iter()
        .map(|reason| reason.code.len())
        .max()
        .unwrap_or(0);
    let line = |reason: &Reason| {
        format!(
            "{:width$}  rule {:2}  {}  [{}]\n",
            reason.code, reason.rule, reason.text, reason.source
        )
    };
    reasons.iter().map(line).collect()
}
