//! The beginning of a test ledger: its authorities, its law, its validators.

use anyhow::{Context as _, Result};
use deedbook_client::wallet::Wallet;
use deedbook_schemas::block::BlockTime;
use deedbook_schemas::genesis::{Genesis, GenesisAuthority};
use deedbook_schemas::keys::PublicKey;
use deedbook_schemas::party::{Accreditation, AuthorityRole};
use deedbook_schemas::profile::Profile;
use deedbook_schemas::validators::Validator;

use crate::people::now;
use crate::provider::{ASSURANCE, LIVENESS, METHOD};

/// The log's name on every test network.
pub const ORIGIN: &str = "deedbook.example/testnet";

/// Institutions that run the first validators.
const INSTITUTIONS: [&str; 4] = [
    "registrar.example",
    "justice.example",
    "notaries.example",
    "bank.example",
];

/// The name of the validator at `index`.
#[must_use]
pub fn institution(index: usize) -> String {
    INSTITUTIONS.get(index).map_or_else(
        || format!("validator{}.example", index + 1),
        ToString::to_string,
    )
}

/// The law of a test network: Kazakhstan's, with the levels lowered to what the reference provider
/// truly does. Its name says so.
#[must_use]
pub fn profile() -> Profile {
    Profile {
        name: format!("test network (KZ-2026, assurance {ASSURANCE}, liveness {LIVENESS})"),
        assurance_min: ASSURANCE,
        liveness_min: LIVENESS,
        lock_assurance: ASSURANCE,
        ..Profile::kazakhstan()
    }
}

/// The keys of everybody whom the genesis accredits.
#[derive(Debug)]
pub struct Authorities {
    /// Accredits the others.
    pub supervisor: Wallet,
    /// Registers properties.
    pub registrar: Wallet,
    /// Keeps civil status.
    pub civil_registry: Wallet,
    /// Enrols people and attests their acts.
    pub identity_provider: Wallet,
    /// Keeps legal entities.
    pub business_registry: Wallet,
}

impl Authorities {
    /// Fresh keys for all of them.
    ///
    /// # Errors
    /// If the system gives no random bytes.
    pub fn generate() -> Result<Self> {
        let wallet = || Wallet::generate(None);
        Ok(Self {
            supervisor: wallet()?,
            registrar: wallet()?,
            civil_registry: wallet()?,
            identity_provider: wallet()?,
            business_registry: wallet()?,
        })
    }

    /// Everybody whom the genesis accredits, sorted by id.
    pub(crate) fn accredited(&self) -> Vec<GenesisAuthority> {
        let named = [
            (&self.supervisor, AuthorityRole::Supervisor, "Supervisor"),
            (&self.registrar, AuthorityRole::Registrar, "Registrar"),
            (
                &self.civil_registry,
                AuthorityRole::CivilRegistry,
                "Civil registry",
            ),
            (
                &self.identity_provider,
                AuthorityRole::IdentityProvider,
                "Reference identity provider: key possession only",
            ),
            (
                &self.business_registry,
                AuthorityRole::BusinessRegistry,
                "Business registry",
            ),
        ];
        let mut authorities: Vec<_> = named
            .into_iter()
            .map(|(wallet, role, name)| GenesisAuthority {
                id: wallet.party,
                accreditation: Accreditation {
                    role,
                    name: name.to_owned(),
                    key: wallet.public(),
                    methods: match role {
                        AuthorityRole::IdentityProvider => vec![METHOD.to_owned()],
                        _ => Vec::new(),
                    },
                    suspended: false,
                    superior: None,
                    territory: None,
                    person: None,
                },
            })
            .collect();
        authorities.sort_by_key(|authority| authority.id);
        authorities
    }

    /// The genesis of a ledger that begins now.
    ///
    /// # Errors
    /// If the validators do not make a genesis.
    pub fn genesis(&self, validators: Vec<Validator>, log_key: PublicKey) -> Result<Genesis> {
        let genesis = Genesis {
            origin: ORIGIN.to_owned(),
            time: BlockTime(now().0.saturating_sub(1) * 1000),
            validators,
            authorities: self.accredited(),
            profile: profile(),
            log_key,
        };
        genesis.check().context("the genesis of the test network")?;
        Ok(genesis)
    }
}
