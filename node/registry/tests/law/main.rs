//! The law in domain words: who does what, and what the register says to it.

#[cfg(test)]
mod access;
#[cfg(test)]
mod agents;
#[cfg(test)]
mod appeals;
#[cfg(test)]
mod approvals;
#[cfg(test)]
mod authorities;
#[cfg(test)]
mod business_registry;
#[cfg(test)]
mod calendar;
#[cfg(test)]
mod capacity;
#[cfg(test)]
mod caveats;
#[cfg(test)]
mod certificates;
#[cfg(test)]
mod chains;
#[cfg(test)]
mod consents;
#[cfg(test)]
mod corrections;
#[cfg(test)]
mod courts;
#[cfg(test)]
mod discharges;
#[cfg(test)]
mod displaced;
#[cfg(test)]
mod documents;
#[cfg(test)]
mod duties;
#[cfg(test)]
mod elsewhere;
#[cfg(test)]
mod entities;
#[cfg(test)]
mod escrows;
#[cfg(test)]
mod exchanges;
#[cfg(test)]
mod expiry;
#[cfg(test)]
mod freezes;
#[cfg(test)]
mod groups;
#[cfg(test)]
mod guardians;
#[cfg(test)]
mod histories;
#[cfg(test)]
mod identity;
#[cfg(test)]
mod joint;
#[cfg(test)]
mod lenders;
#[cfg(test)]
mod lifted;
#[cfg(test)]
mod locks;
#[cfg(test)]
mod marriage;
#[cfg(test)]
mod members;
#[cfg(test)]
mod mergers;
#[cfg(test)]
mod mortgage_histories;
#[cfg(test)]
mod mortgagees;
#[cfg(test)]
mod mortgages;
#[cfg(test)]
mod notaries;
#[cfg(test)]
mod offices;
#[cfg(test)]
mod one_step;
#[cfg(test)]
mod parcels;
#[cfg(test)]
mod persons;
#[cfg(test)]
mod powers;
#[cfg(test)]
mod preemption;
#[cfg(test)]
mod priority;
#[cfg(test)]
mod profiles;
#[cfg(test)]
mod purchase_mortgages;
#[cfg(test)]
mod ranks;
#[cfg(test)]
mod reforms;
#[cfg(test)]
mod releases;
#[cfg(test)]
mod requisitions;
#[cfg(test)]
mod retention;
#[cfg(test)]
mod schedule;
#[cfg(test)]
mod servitudes;
#[cfg(test)]
mod settlement;
#[cfg(test)]
mod slots;
#[cfg(test)]
mod sub_powers;
#[cfg(test)]
mod succession;
#[cfg(test)]
mod terms;
#[cfg(test)]
mod titles;
#[cfg(test)]
mod validators;
#[cfg(test)]
mod waiting;
#[cfg(test)]
mod waivers;
#[cfg(test)]
mod world;
