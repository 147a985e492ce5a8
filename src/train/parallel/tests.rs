//! Which adapter each process of a machine opens. No GPU.

use super::in_turn;
use crate::gpu::{AdapterInfo, AdapterKind, Limits};

fn machine(kinds: &[AdapterKind]) -> Vec<AdapterInfo> {
    let info = |(index, kind): (usize, &AdapterKind)| AdapterInfo {
        index,
        name: format!("{kind}, the {index}th"),
        kind: *kind,
        interface: String::new(),
        driver: String::new(),
        limits: Limits { binding_bytes: 0, workgroup_bytes: 0, invocations: 0, workgroups: 0, offset_alignment: 1 },
        features: Vec::new(),
        lanes: None,
        cooperative: false,
    };
    kinds.iter().enumerate().map(info).collect()
}

#[test]
fn processes_take_the_best_gpus_in_turn() {
    use AdapterKind::{Discrete, Integrated, Native, Software};
    let taken = |kinds: &[AdapterKind]| {
        let adapters = machine(kinds);
        [0, 1, 2].map(|local_rank| in_turn(local_rank, &adapters, None))
    };
    let some = |index: usize| Some(index.to_string());
    assert_eq!(taken(&[Integrated, Discrete, Discrete, Native]), [some(1), some(2), some(1)]);
    assert_eq!(taken(&[Integrated, Native, Native]), [some(0), some(0), some(0)]);
    assert_eq!(taken(&[Software, Native, Native]), [None, None, None], "instruction sets are not several machines");
}

#[test]
fn a_list_of_numbers_names_one_for_each() {
    let of = |local_rank, wanted: &str| in_turn(local_rank, &[], Some(wanted.to_owned())).expect("it was wanted");
    assert_eq!([0, 1, 2].map(|local_rank| of(local_rank, "3, 0")), ["3", "0", "3"]);
    assert_eq!([0, 1].map(|local_rank| of(local_rank, "1")), ["1", "1"]);
    assert_eq!([0, 1].map(|local_rank| of(local_rank, "2 cores, AVX2")), ["2 cores, AVX2"; 2]);
}
