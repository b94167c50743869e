//! Identity checks in progress: one challenge, one act, one answer, a short time.
//!
//! Lives here: the rules of a session. Does not live here: HTTP, or the provider's key.

use std::collections::BTreeMap;

use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::{ActDigest, LedgerId};
use deedbook_schemas::keys::{PublicKey, Signature};
use deedbook_schemas::party::PartyId;

use crate::limits::{PROVIDER_SESSION_S, PROVIDER_SESSIONS_MAX};

/// Name of a session, 16 random bytes in lower-case hexadecimal.
pub type SessionId = String;

/// What a person signs to answer:
/// `"deedbook/identity-session/v1" ‖ ledger ‖ party ‖ act digest ‖ challenge`.
#[must_use]
pub fn answer_bytes(
    ledger: &LedgerId,
    party: &PartyId,
    act: &ActDigest,
    challenge: &[u8; 32],
) -> Vec<u8> {
    [
        b"deedbook/identity-session/v1".as_slice(),
        &ledger.0,
        &party.0,
        &act.0,
        challenge,
    ]
    .concat()
}

/// One open check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Who is checked.
    pub party: PartyId,
    /// The key that must answer.
    pub key: PublicKey,
    /// For which act.
    pub act: ActDigest,
    /// What makes the answer fresh.
    pub challenge: [u8; 32],
    /// The answer must come before this time.
    pub expires: Seconds,
}

/// Why a session gives no attestation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SessionError {
    /// Never opened, answered already, or thrown away.
    #[error("there is no such session; each can be answered once")]
    Unknown,
    /// Too late.
    #[error("the session expired at {}, it is {}", .expired.0, .now.0)]
    Expired {
        /// When it expired.
        expired: Seconds,
        /// When the answer came.
        now: Seconds,
    },
    /// Not by the enrolled key over this challenge, act, party and ledger.
    #[error("the answer does not verify under the enrolled key")]
    Answer,
    /// More than [`PROVIDER_SESSIONS_MAX`] open.
    #[error("{0} sessions are open; try again later")]
    TooMany(usize),
}

/// All open checks of one provider.
#[derive(Debug)]
pub struct Sessions {
    ledger: LedgerId,
    open: BTreeMap<SessionId, Session>,
}

impl Sessions {
    /// None yet.
    #[must_use]
    pub fn new(ledger: LedgerId) -> Self {
        Self {
            ledger,
            open: BTreeMap::new(),
        }
    }

    /// Opens a check; forgets those that expired.
    ///
    /// # Errors
    /// [`SessionError::TooMany`].
    pub fn open(
        &mut self,
        id: SessionId,
        subject: (PartyId, PublicKey),
        act: ActDigest,
        challenge: [u8; 32],
        now: Seconds,
    ) -> Result<Session, SessionError> {
        if self.open.len() >= PROVIDER_SESSIONS_MAX {
            self.open.retain(|_, session| session.expires > now);
        }
        if self.open.len() >= PROVIDER_SESSIONS_MAX {
            return Err(SessionError::TooMany(self.open.len()));
        }
        let session = Session {
            party: subject.0,
            key: subject.1,
            act,
            challenge,
            expires: Seconds(now.0.saturating_add(PROVIDER_SESSION_S)),
        };
        self.open.insert(id, session.clone());
        Ok(session)
    }

    /// Takes the one answer. Whatever it is, the session is over.
    ///
    /// # Errors
    /// [`SessionError`] if there is no such session, it expired, or the answer is wrong.
    pub fn answer(
        &mut self,
        id: &str,
        signature: &Signature,
        now: Seconds,
    ) -> Result<Session, SessionError> {
        let session = self.open.remove(id).ok_or(SessionError::Unknown)?;
        if session.expires <= now {
            return Err(SessionError::Expired {
                expired: session.expires,
                now,
            });
        }
        let message = answer_bytes(
            &self.ledger,
            &session.party,
            &session.act,
            &session.challenge,
        );
        if session.key.verify(&message, signature) {
            Ok(session)
        } else {
            Err(SessionError::Answer)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use deedbook_client::wallet::Wallet;
    use deedbook_schemas::keys::sign;

    const LEDGER: LedgerId = LedgerId([1; 32]);
    const ACT: ActDigest = ActDigest([2; 32]);
    const CHALLENGE: [u8; 32] = [3; 32];
    const NOW: Seconds = Seconds(1_000);

    fn opened(signer: &Wallet) -> Sessions {
        let mut sessions = Sessions::new(LEDGER);
        let subject = (signer.party, signer.public());
        sessions
            .open("s".to_owned(), subject, ACT, CHALLENGE, NOW)
            .unwrap();
        sessions
    }

    fn answer(signer: &Wallet, ledger: LedgerId, act: ActDigest, challenge: [u8; 32]) -> Signature {
        sign(
            signer.key(),
            &answer_bytes(&ledger, &signer.party, &act, &challenge),
        )
    }

    #[test]
    fn the_enrolled_key_answers_once_and_only_once() {
        let signer = Wallet::generate(None).unwrap();
        let mut sessions = opened(&signer);
        let good = answer(&signer, LEDGER, ACT, CHALLENGE);
        assert_eq!(sessions.answer("s", &good, NOW).unwrap().act, ACT);
        assert_eq!(sessions.answer("s", &good, NOW), Err(SessionError::Unknown));
    }

    #[test]
    fn an_answer_for_another_ledger_act_challenge_or_by_another_key_ends_the_session() {
        let signer = Wallet::generate(None).unwrap();
        let stranger = Wallet::generate(Some(signer.party)).unwrap();
        let good = answer(&signer, LEDGER, ACT, CHALLENGE);
        for bad in [
            answer(&signer, LedgerId([9; 32]), ACT, CHALLENGE),
            answer(&signer, LEDGER, ActDigest([9; 32]), CHALLENGE),
            answer(&signer, LEDGER, ACT, [9; 32]),
            answer(&stranger, LEDGER, ACT, CHALLENGE),
        ] {
            let mut sessions = opened(&signer);
            assert_eq!(sessions.answer("s", &bad, NOW), Err(SessionError::Answer));
            assert_eq!(
                sessions.answer("s", &good, NOW),
                Err(SessionError::Unknown),
                "a session cannot be tried again"
            );
        }
    }

    #[test]
    fn a_late_answer_is_no_answer() {
        let signer = Wallet::generate(None).unwrap();
        let late = Seconds(NOW.0 + PROVIDER_SESSION_S);
        let good = answer(&signer, LEDGER, ACT, CHALLENGE);
        assert!(matches!(
            opened(&signer).answer("s", &good, late),
            Err(SessionError::Expired { .. })
        ));
    }

    #[test]
    fn open_sessions_are_bounded_and_expired_ones_make_room() {
        let signer = Wallet::generate(None).unwrap();
        let subject = (signer.party, signer.public());
        let mut sessions = Sessions::new(LEDGER);
        for index in 0..PROVIDER_SESSIONS_MAX {
            sessions
                .open(index.to_string(), subject, ACT, CHALLENGE, NOW)
                .unwrap();
        }
        let mut open = |now| sessions.open("last".to_owned(), subject, ACT, CHALLENGE, now);
        assert!(matches!(open(NOW), Err(SessionError::TooMany(_))));
        assert!(open(Seconds(NOW.0 + PROVIDER_SESSION_S)).is_ok());
    }
}
