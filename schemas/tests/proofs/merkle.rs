//! The tree against the recursive definitions of RFC 9162, on every size from 0 to 90.

use std::collections::BTreeMap;
use std::convert::Infallible;

use deedbook_schemas::digest::TreeHash;
use deedbook_schemas::limits::TREE_SIZE_MAX;
use deedbook_schemas::merkle::{
    Frontier, ProofError, ProveError, consistency_proof, empty_root, inclusion_proof, leaf_hash,
    node_hash, verify_consistency, verify_inclusion,
};

const SIZES: u64 = 90;

fn leaves(count: u64) -> Vec<TreeHash> {
    (0..count)
        .map(|index| leaf_hash(format!("entry {index}").as_bytes()))
        .collect()
}

/// `MTH` as RFC 9162 §2.1.1 writes it.
fn naive_root(leaves: &[TreeHash]) -> TreeHash {
    match leaves {
        [] => empty_root(),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(naive_split(leaves.len()));
            node_hash(&naive_root(left), &naive_root(right))
        }
    }
}

fn naive_split(leaves: usize) -> usize {
    let mut split = 1;
    while split * 2 < leaves {
        split *= 2;
    }
    split
}

/// `PATH` as RFC 9162 §2.1.3.1 writes it.
fn naive_path(index: usize, leaves: &[TreeHash]) -> Vec<TreeHash> {
    if leaves.len() <= 1 {
        return Vec::new();
    }
    let split = naive_split(leaves.len());
    let (left, right) = leaves.split_at(split);
    let (mut path, sibling) = if index < split {
        (naive_path(index, left), naive_root(right))
    } else {
        (naive_path(index - split, right), naive_root(left))
    };
    path.push(sibling);
    path
}

/// `SUBPROOF` as RFC 9162 §2.1.4.1 writes it.
fn naive_subproof(old: usize, leaves: &[TreeHash], whole: bool) -> Vec<TreeHash> {
    if old == leaves.len() {
        return if whole {
            Vec::new()
        } else {
            vec![naive_root(leaves)]
        };
    }
    let split = naive_split(leaves.len());
    let (left, right) = leaves.split_at(split);
    let (mut proof, sibling) = if old <= split {
        (naive_subproof(old, left, whole), naive_root(right))
    } else {
        (naive_subproof(old - split, right, false), naive_root(left))
    };
    proof.push(sibling);
    proof
}

/// Stores complete subtrees, and none but these, as a node would.
fn store(leaves: &[TreeHash]) -> (Frontier, BTreeMap<(u8, u64), TreeHash>) {
    let mut frontier = Frontier::default();
    let mut stored = BTreeMap::new();
    for leaf in leaves {
        frontier.append_with(*leaf, |level, index, hash| {
            assert_eq!(stored.insert((level, index), hash), None, "stored once");
        });
    }
    (frontier, stored)
}

fn reader(
    stored: &BTreeMap<(u8, u64), TreeHash>,
) -> impl FnMut(u8, u64) -> Result<TreeHash, Infallible> {
    |level, index| Ok(stored[&(level, index)])
}

fn size(leaves: usize) -> u64 {
    u64::try_from(leaves).unwrap_or(u64::MAX)
}

/// Every proof that differs in one hash: flipped, missing, doubled, added, or swapped with another.
fn mutations(proof: &[TreeHash]) -> Vec<Vec<TreeHash>> {
    let mut all = vec![[proof, &[TreeHash([0; 32])]].concat()];
    for position in 0..proof.len() {
        let mut flipped = proof.to_vec();
        flipped[position].0[31] ^= 1;
        let mut missing = proof.to_vec();
        let hash = missing.remove(position);
        let mut doubled = proof.to_vec();
        doubled.insert(position, hash);
        all.extend([flipped, missing, doubled]);
        if position > 0 && proof[position] != proof[position - 1] {
            let mut swapped = proof.to_vec();
            swapped.swap(position, position - 1);
            all.push(swapped);
        }
    }
    all
}

#[test]
fn the_frontier_has_the_root_of_the_recursive_definition() {
    let all = leaves(600);
    let mut frontier = Frontier::default();
    assert_eq!(frontier.root(), naive_root(&[]));
    for (position, leaf) in all.iter().enumerate() {
        frontier.append(*leaf);
        assert_eq!(frontier.size(), size(position) + 1);
        assert_eq!(frontier.root(), naive_root(&all[..=position]));
    }
}

#[test]
fn a_frontier_loaded_from_stored_hashes_goes_on_like_the_one_that_wrote_them() {
    let all = leaves(300);
    for count in 0..300 {
        let (mut frontier, stored) = store(&all[..count]);
        let mut loaded = Frontier::load(size(count), reader(&stored)).unwrap();
        assert_eq!(loaded, frontier);
        frontier.append(all[count]);
        loaded.append(all[count]);
        assert_eq!(loaded, frontier);
    }
}

#[test]
fn every_inclusion_proof_is_the_definitions_and_no_mutation_of_it_verifies() {
    let all = leaves(SIZES);
    for count in 1..=all.len() {
        let (frontier, stored) = store(&all[..count]);
        let (root, tree) = (frontier.root(), size(count));
        for index in 0..count {
            let at = size(index);
            let proof = inclusion_proof(at, tree, reader(&stored)).unwrap();
            assert_eq!(proof, naive_path(index, &all[..count]));
            assert_eq!(
                verify_inclusion(&all[index], at, tree, &proof, &root),
                Ok(())
            );
            for wrong in mutations(&proof) {
                assert!(verify_inclusion(&all[index], at, tree, &wrong, &root).is_err());
            }
            for other in (0..count).filter(|other| *other != index) {
                assert!(verify_inclusion(&all[index], size(other), tree, &proof, &root).is_err());
                assert!(verify_inclusion(&all[other], at, tree, &proof, &root).is_err());
            }
            assert!(verify_inclusion(&all[index], at, tree, &proof, &empty_root()).is_err());
        }
        let beyond = ProofError::Index {
            index: tree,
            size: tree,
        };
        assert_eq!(
            verify_inclusion(&all[0], tree, tree, &[], &root),
            Err(beyond)
        );
        let beyond = ProveError::Index {
            index: tree,
            size: tree,
        };
        assert_eq!(inclusion_proof(tree, tree, reader(&stored)), Err(beyond));
    }
}

#[test]
fn every_consistency_proof_is_the_definitions_and_no_mutation_of_it_verifies() {
    let all = leaves(SIZES);
    let roots: Vec<_> = (0..=all.len())
        .map(|count| naive_root(&all[..count]))
        .collect();
    let (_, stored) = store(&all);
    for new in 0..=all.len() {
        for old in 0..=new {
            let (from, to) = (size(old), size(new));
            let proof = consistency_proof(from, to, reader(&stored)).unwrap();
            let naive = if old == 0 {
                Vec::new()
            } else {
                naive_subproof(old, &all[..new], true)
            };
            assert_eq!(proof, naive, "{old} to {new}");
            assert_eq!(
                verify_consistency(from, to, &roots[old], &roots[new], &proof),
                Ok(())
            );
            for wrong in mutations(&proof) {
                assert!(verify_consistency(from, to, &roots[old], &roots[new], &wrong).is_err());
            }
            let forged = TreeHash([7; 32]);
            assert!(verify_consistency(from, to, &forged, &roots[new], &proof).is_err());
            if old != 0 {
                assert!(verify_consistency(from, to, &roots[old], &forged, &proof).is_err());
            }
        }
        let (old, new) = (size(new) + 1, size(new));
        let sizes = ProofError::Sizes { old, new };
        assert_eq!(
            verify_consistency(old, new, &roots[0], &roots[0], &[]),
            Err(sizes)
        );
        let sizes = ProveError::Sizes { old, new };
        assert_eq!(consistency_proof(old, new, reader(&stored)), Err(sizes));
    }
}

#[test]
fn an_inner_node_is_never_taken_for_a_leaf() {
    let all = leaves(4);
    let root = naive_root(&all);
    let as_entry = [all[0].0, all[1].0].concat();
    let right = node_hash(&all[2], &all[3]);
    assert!(verify_inclusion(&leaf_hash(&as_entry), 0, 2, &[right], &root).is_err());
}

#[test]
fn the_largest_tree_is_handled_and_a_larger_one_refused() {
    let leaf = TreeHash([1; 32]);
    let same = |level: u8, _: u64| {
        Ok::<_, Infallible>((0..level).fold(leaf, |hash, _| node_hash(&hash, &hash)))
    };
    let frontier = Frontier::load(TREE_SIZE_MAX, same).unwrap();
    let last = TREE_SIZE_MAX - 1;
    let proof = inclusion_proof(last, TREE_SIZE_MAX, same).unwrap();
    assert_eq!(proof.len(), 62);
    assert_eq!(
        verify_inclusion(&leaf, last, TREE_SIZE_MAX, &proof, &frontier.root()),
        Ok(())
    );
    let first = inclusion_proof(0, TREE_SIZE_MAX, same).unwrap();
    assert_eq!(first.len(), 63);
    assert_eq!(
        verify_inclusion(&leaf, 0, TREE_SIZE_MAX, &first, &frontier.root()),
        Ok(())
    );
    assert!(matches!(
        Frontier::load(1 << 63, same),
        Err(ProveError::TooLarge(_))
    ));
    assert!(matches!(
        inclusion_proof(0, u64::MAX, same),
        Err(ProveError::TooLarge(_))
    ));
    assert!(matches!(
        consistency_proof(0, u64::MAX, same),
        Err(ProveError::TooLarge(_))
    ));
    assert!(verify_inclusion(&leaf, 0, u64::MAX, &first, &frontier.root()).is_err());
    assert!(verify_consistency(1, u64::MAX, &leaf, &leaf, &first).is_err());
}

#[test]
fn what_the_store_says_of_a_hash_it_cannot_read_reaches_the_caller() {
    let broken = |level: u8, index: u64| Err(std::io::Error::other(format!("{level}/{index}")));
    let error = inclusion_proof(5, 9, broken).unwrap_err();
    assert_eq!(error.to_string(), "cannot read a hash of the tree: 0/8");
}
