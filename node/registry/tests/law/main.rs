//! The law in domain words: who does what, and what the register says to it.

#[cfg(test)]
mod world;

#[cfg(test)]
mod agents;
#[cfg(test)]
mod authorities;
#[cfg(test)]
mod calendar;
#[cfg(test)]
mod caveats;
#[cfg(test)]
mod consents;
#[cfg(test)]
mod documents;
#[cfg(test)]
mod expiry;
#[cfg(test)]
mod freezes;
#[cfg(test)]
mod histories;
#[cfg(test)]
mod identity;
#[cfg(test)]
mod locks;
#[cfg(test)]
mod marriage;
#[cfg(test)]
mod powers;
#[cfg(test)]
mod priority;
#[cfg(test)]
mod profiles;
#[cfg(test)]
mod requisitions;
#[cfg(test)]
mod slots;
#[cfg(test)]
mod titles;
