//! A resharing as people hold it. Lives here: which files a step reads and writes. Does not live here:
//! how files are named, read and written (`files`), and what is checked (`ceremony::resharing`).

use std::path::PathBuf;

use deedbook_schemas::validators::ValidatorSet;

use super::{
    CeremonyFileError, first_name, read_firsts, read_seconds, read_step, remove, write_json,
    write_seconds,
};
use crate::keys::{PublicKeys, log_shares, next_log_share_path, write_next_log_share};
use crate::log_key::ceremony::Fingerprint;
use crate::log_key::ceremony::resharing::{self, Begun, Candidate, Dealt, FirstPackage, Terms};

const BEGUN: &str = "resharing-begun.secret";
const DEALT: &str = "resharing-dealt.secret";

/// One participant's side of a resharing.
#[derive(Debug, Clone)]
pub struct Resharing {
    /// Folder of the node's keys.
    pub keys: PathBuf,
    /// Folder of what is exchanged.
    pub exchange: PathBuf,
}

impl Resharing {
    /// First step; returns the file that goes to all others. A member will have `power` as a
    /// validator, and the keys in the folder; a dealer deals the share in it.
    ///
    /// # Errors
    /// [`CeremonyFileError`] if it was done already, there is a next share already, or `name` takes
    /// no part or lacks what its part needs.
    pub fn begin(
        &self,
        name: &str,
        terms: &Terms,
        power: u64,
    ) -> Result<PathBuf, CeremonyFileError> {
        let next = next_log_share_path(&self.keys);
        if terms.is_member(name) && next.exists() {
            return Err(CeremonyFileError::NextShare(next));
        }
        let public = PublicKeys::of(&self.keys, name)?;
        let candidate = Candidate {
            consensus_key: public.consensus_key,
            note_key: public.note_key,
            power,
        };
        let shares = match terms.is_dealer(name) {
            true => log_shares(&self.keys)?,
            false => Vec::new(),
        };
        let begun = resharing::begin(name, terms, &shares, &candidate)?;
        write_json(&self.keys.join(BEGUN), &begun, 0o600)?;
        let path = self.exchange.join(first_name(&terms.participants(), name));
        write_json(&path, &begun.own, 0o644)?;
        Ok(path)
    }

    /// Second step; returns what the participants read out to each other, and the validator set that
    /// they make.
    ///
    /// # Errors
    /// [`CeremonyFileError`] names whose package is missing or wrong.
    pub fn compare(&self) -> Result<(Fingerprint, ValidatorSet), CeremonyFileError> {
        let begun = self.begun()?;
        Ok(begun.compare(&self.firsts(&begun)?)?)
    }

    /// Third step; returns the files to send, each to the one whose name it bears. None, if this
    /// participant is no dealer.
    ///
    /// # Errors
    /// [`CeremonyFileError`] names whose package is missing or wrong.
    pub fn deal(&self, agreed: &Fingerprint) -> Result<Vec<PathBuf>, CeremonyFileError> {
        let begun = self.begun()?;
        let (dealt, seconds) = begun.deal(&self.firsts(&begun)?, agreed)?;
        write_json(&self.keys.join(DEALT), &dealt, 0o600)?;
        write_seconds(&self.exchange, &begun.terms.participants(), &seconds)
    }

    /// Last step: writes a member's next share beside the node's keys, where the present one stays,
    /// and removes the ceremony's secrets; returns the next validator set.
    ///
    /// # Errors
    /// [`CeremonyFileError`] names whose package is missing or wrong.
    pub fn finish(&self) -> Result<ValidatorSet, CeremonyFileError> {
        let Begun { own, terms, .. } = self.begun()?;
        let dealt: Dealt = read_step(&self.keys.join(DEALT), "deal first")?;
        // Who gets no share reads none.
        let deals = |from: &str| terms.is_member(&own.from) && terms.is_dealer(from);
        let names = terms.participants();
        let seconds = read_seconds(&self.exchange, &names, &own.from, deals)?;
        let (share, next) = dealt.finish(&seconds)?;
        if let Some(share) = share {
            write_next_log_share(&self.keys, &share)?;
        }
        remove(&self.keys, [BEGUN, DEALT])?;
        Ok(next)
    }

    fn begun(&self) -> Result<Begun, CeremonyFileError> {
        read_step(&self.keys.join(BEGUN), "begin first")
    }

    fn firsts(&self, begun: &Begun) -> Result<Vec<FirstPackage>, CeremonyFileError> {
        read_firsts(&self.exchange, &begun.terms.participants())
    }
}
