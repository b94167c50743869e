//! The proof side of the schemas: tree, tiles, notes, policies, receipts, and vectors made by others.

#[cfg(test)]
mod compact;
mod cose_receipt;
#[cfg(test)]
mod grade;
#[cfg(test)]
mod merkle;
#[cfg(test)]
mod network;
#[cfg(test)]
mod note;
#[cfg(test)]
mod policy;
#[cfg(test)]
mod receipt;
#[cfg(test)]
mod tile;
#[cfg(test)]
mod vectors;
#[cfg(test)]
mod witness;
