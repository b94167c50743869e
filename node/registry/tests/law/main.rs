//! The law in domain words: who does what, and what the register says to it.

#[cfg(test)]
mod world;

#[cfg(test)]
mod access;
#[cfg(test)]
mod agents;
#[cfg(test)]
mod authorities;
#[cfg(test)]
mod consents;
#[cfg(test)]
mod discharges;
#[cfg(test)]
mod documents;
#[cfg(test)]
mod duties;
#[cfg(test)]
mod escrows;
#[cfg(test)]
mod expiry;
#[cfg(test)]
mod histories;
#[cfg(test)]
mod identity;
#[cfg(test)]
mod lenders;
#[cfg(test)]
mod marriage;
#[cfg(test)]
#[cfg(test)]
mod mortgages;
mod notaries;
mod one_step;
mod powers;
mod ranks;
mod servitudes;
mod settlement;
#[cfg(test)]
mod retention;
#[cfg(test)]
mod slots;
#[cfg(test)]
mod sub_powers;
#[cfg(test)]
mod succession;
#[cfg(test)]
mod titles;
