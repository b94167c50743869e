//! Receipts and a certificate: fetched while the nodes run, verified by the `deedbook` command when none does.

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use deedbook_client::files::{Access, Existing, write};
use deedbook_schemas::digest::RecordId;
use serde::Serialize;

use super::stage::Stage;
use crate::limits::FINALITY_TIMEOUT;
use crate::network::Network;
use crate::network::process::{run_any, sibling};
use crate::network::witnesses::majority;

/// What the demo leaves behind.
pub(super) const POLICY: &str = "network.policy";
pub(super) const DEAL: &str = "deal.json";
pub(super) const RECEIPTS: [&str; 3] = [
    "transfer.tlog-proof",
    "poa.tlog-proof",
    "consent.tlog-proof",
];
/// The certificate of the property that was sold, with the seller's power.
const CERTIFICATE: &str = "title.deedbook-title";

/// A file that was verified offline.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Verified {
    file: String,
    /// What a receipt is about; a certificate is about a property.
    record: Option<RecordId>,
    /// Of the whole `deedbook verify` process.
    milliseconds: f64,
}

/// Fetches the receipts and the property's certificate, and writes them with the policy.
pub(super) async fn collect(
    stage: &mut Stage,
    out: &Path,
    network: &Network,
    property: &str,
    records: [RecordId; 3],
) -> Result<Vec<(PathBuf, Option<RecordId>)>> {
    save(&out.join(POLICY), network.policy.to_text().as_bytes())?;
    let witnesses = u8::try_from(majority(network.witnesses.len()))?;
    let mut files = Vec::new();
    for (name, record) in RECEIPTS.into_iter().zip(records) {
        let wait = Some(FINALITY_TIMEOUT);
        let receipt = stage.client.witnessed_receipt(&record, witnesses, wait);
        let receipt = receipt.await;
        let receipt = receipt.with_context(|| format!("the receipt {name}"))?;
        save(&out.join(name), receipt.as_bytes())?;
        files.push((out.join(name), Some(record)));
    }
    let [_, power, _] = records;
    let wait = Some(FINALITY_TIMEOUT);
    let powers = [power];
    let certificate = stage.client.title_certificate(property, &powers, wait);
    let certificate = certificate.await.context("the certificate of the title")?;
    save(&out.join(CERTIFICATE), &certificate)?;
    files.push((out.join(CERTIFICATE), None));
    stage.tell(format!(
        "receipts of transfer, power and consent, witnessed, and the title's certificate are in {}",
        out.display()
    ));
    Ok(files)
}

pub(super) fn save(path: &Path, bytes: &[u8]) -> Result<()> {
    write(path, bytes, Access::Public, Existing::Replace)
        .with_context(|| format!("writing {}", path.display()))
}

/// Runs `deedbook verify` on every file. All nodes are stopped.
pub(super) async fn verify(
    stage: &mut Stage,
    out: &Path,
    receipts: Vec<(PathBuf, Option<RecordId>)>,
) -> Result<Vec<Verified>> {
    let deedbook = sibling("deedbook")?;
    let mut verified = Vec::new();
    for (path, record) in receipts {
        let began = Instant::now();
        let output = run_any(&deedbook, arguments(&path, &out.join(POLICY))).await?;
        let milliseconds = began.elapsed().as_secs_f64() * 1000.0;
        let file = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        ensure!(output.success, "{file} does not verify: {}", output.text);
        stage.tell(format!("{file} verifies offline, in {milliseconds:.1} ms"));
        stage.detail(&output.text);
        verified.push(Verified {
            file,
            record,
            milliseconds,
        });
    }
    Ok(verified)
}

fn arguments<'a>(receipt: &'a Path, policy: &'a Path) -> [&'a std::ffi::OsStr; 4] {
    [
        "verify".as_ref(),
        receipt.as_ref(),
        "--policy".as_ref(),
        policy.as_ref(),
    ]
}

/// Fourth refusal: one character of the record in the receipt is another.
pub(super) async fn tamper(stage: &mut Stage, out: &Path, scratch: &Path) -> Result<()> {
    let source = out.join(RECEIPTS[0]);
    let text = std::fs::read_to_string(&source)
        .with_context(|| format!("reading {}", source.display()))?;
    let forged = scratch.join("tampered.tlog-proof");
    save(&forged, alter(&text)?.as_bytes())?;
    let policy = out.join(POLICY);
    let output = run_any(&sibling("deedbook")?, arguments(&forged, &policy)).await?;
    ensure!(
        !output.success,
        "a tampered receipt verified: {}",
        output.text
    );
    stage.refused(
        "a receipt in which one character was changed",
        vec!["verify.failed".to_owned()],
    );
    stage.detail(output.text);
    Ok(())
}

/// Changes one base64 character in the middle of the `extra` line, which carries the record.
fn alter(receipt: &str) -> Result<String> {
    let line = receipt.lines().find(|line| line.starts_with("extra "));
    let line = line.context("the receipt has no extra line")?;
    let middle = line.len() / 2;
    let (head, tail) = line.split_at_checked(middle).context("a line of ASCII")?;
    let mut rest = tail.chars();
    let other = if rest.next() == Some('A') { 'B' } else { 'A' };
    let altered = format!("{head}{other}{}", rest.as_str());
    Ok(receipt.replacen(line, &altered, 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_character_of_the_record_is_changed_and_nothing_else() {
        let receipt = "c2sp.org/tlog-proof@v1\nextra AAAABBBB\nindex 7\n";
        let forged = alter(receipt).unwrap();
        assert_eq!(forged.len(), receipt.len());
        let different = receipt.chars().zip(forged.chars()).filter(|(a, b)| a != b);
        assert_eq!(different.count(), 1);
        assert!(forged.starts_with("c2sp.org/tlog-proof@v1\nextra "));
        assert!(alter("index 7\n").is_err());
    }
}
