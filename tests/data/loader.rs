//! Batches: complete, repeatable from any position, and ready in time.

use std::{collections::BTreeSet, sync::Arc, thread, time::Duration};

use sumi::data::{Attribute, Batch, Labels, Loader, LoaderConfig, Pictures};

/// Pictures of 2×2 pixels; the bytes of picture i are 12·i to 12·i + 11, its two labels i mod 3 and i mod 2.
fn set(count: usize) -> Arc<Pictures> {
    let attribute = |name: &str, classes: usize| Attribute {
        name: name.into(),
        classes: (0..classes).map(|c| c.to_string()).collect(),
        values: (0..count).map(|i| (i % classes) as u32).collect(),
    };
    let labels = Labels { attributes: vec![attribute("three", 3), attribute("two", 2)] };
    Arc::new(Pictures::new(2, (0..12 * count).map(|byte| byte as u8).collect(), labels))
}

fn config(batch: usize) -> LoaderConfig {
    LoaderConfig { batch, seed: 1, flip: false, drop_last: true }
}

fn take(loader: &mut Loader, count: usize) -> Vec<Batch> {
    (0..count).map(|_| loader.next_batch()).collect()
}

fn indices(batches: &[Batch]) -> Vec<u32> {
    batches.iter().flat_map(|batch| batch.indices.clone()).collect()
}

#[test]
fn an_epoch_holds_every_picture_once_in_an_order_of_its_own() {
    let mut loader = Loader::new(set(12), config(4));
    let epochs: Vec<Vec<u32>> = (0..5)
        .map(|epoch| {
            let batches = take(&mut loader, 3);
            assert!(batches.iter().all(|batch| batch.epoch == epoch));
            indices(&batches)
        })
        .collect();
    for order in &epochs {
        assert_eq!(order.iter().copied().collect::<BTreeSet<_>>(), (0..12).collect());
    }
    assert_eq!(epochs.iter().collect::<BTreeSet<_>>().len(), 5, "{epochs:?}");
    let other = indices(&take(&mut Loader::new(set(12), LoaderConfig { seed: 2, ..config(4) }), 3));
    assert_ne!(other, epochs[0], "another seed, another order");
}

#[test]
fn pixels_and_labels_are_those_of_the_indices() {
    let mut loader = Loader::new(set(12), config(5));
    for batch in take(&mut loader, 6) {
        let pixels: Vec<u8> = batch.indices.iter().flat_map(|i| (12 * i..12 * i + 12).map(|byte| byte as u8)).collect();
        assert_eq!(batch.pixels, pixels);
        let labels = [3, 2].map(|classes| batch.indices.iter().map(|i| i % classes).collect::<Vec<_>>());
        assert_eq!(batch.labels, labels);
    }
    let unlabelled = Arc::new(Pictures::new(2, vec![0; 24], Labels::none()));
    assert!(Loader::new(unlabelled, config(2)).next_batch().labels.is_empty());
}

#[test]
fn the_rest_of_an_epoch_is_dropped_or_filled_up() {
    let mut dropping = Loader::new(set(10), config(4));
    assert_eq!((dropping.batches_in(1), dropping.batches_in(3)), (2, 6));
    let batches = take(&mut dropping, 6);
    assert_eq!(batches.iter().map(|batch| batch.epoch).collect::<Vec<_>>(), [0, 0, 1, 1, 2, 2]);
    for epoch in batches.chunks(2) {
        assert_eq!(indices(epoch).into_iter().collect::<BTreeSet<_>>().len(), 8);
    }

    let mut filling = Loader::new(set(10), LoaderConfig { drop_last: false, ..config(4) });
    assert_eq!((filling.batches_in(1), filling.batches_in(2)), (3, 5));
    let batches = take(&mut filling, 5);
    assert!(batches.iter().all(|batch| batch.indices.len() == 4));
    assert_eq!(batches.iter().map(|batch| batch.epoch).collect::<Vec<_>>(), [0, 0, 0, 1, 1]);
    for epoch in indices(&batches).chunks(10) {
        assert_eq!(epoch.iter().copied().collect::<BTreeSet<_>>().len(), 10);
    }
}

#[test]
fn a_set_smaller_than_a_batch_goes_round() {
    for count in [1, 3] {
        let mut loader = Loader::new(set(count), config(7));
        let all = indices(&take(&mut loader, 3));
        for epoch in all.chunks_exact(count) {
            assert_eq!(epoch.iter().copied().collect::<BTreeSet<_>>().len(), count, "{all:?}");
        }
        assert_eq!(loader.next_batch().epoch, 21 / count as u64);
    }
}

#[test]
fn any_position_goes_on_as_if_never_interrupted() {
    for (batch, drop_last) in [(4, true), (4, false), (25, true), (3, true)] {
        let config = LoaderConfig { batch, seed: 9, flip: true, drop_last };
        let whole = take(&mut Loader::new(set(10), config), 20);
        let mut loader = Loader::new(set(10), config);
        for position in [0, 13, 2, 19, 7, 8] {
            loader.seek(position as u64);
            assert_eq!(loader.position(), position as u64);
            assert_eq!(loader.next_batch(), whole[position]);
            assert_eq!(Loader::at(set(10), config, position as u64).next_batch(), whole[position]);
        }
        assert_eq!(take(&mut loader, 11), whole[9..]);
        assert_eq!(loader.position(), 20);
    }
}

#[test]
fn half_of_the_pictures_are_mirrored() {
    let config = LoaderConfig { flip: true, ..config(10) };
    let pictures = set(20);
    let (mut mirrored, mut changes) = (0, BTreeSet::new());
    for batch in take(&mut Loader::new(pictures.clone(), config), 100) {
        for (got, &index) in batch.pixels.chunks_exact(12).zip(&batch.indices) {
            let p = pictures.picture(index as usize);
            let mirror = [&p[3..6], &p[0..3], &p[9..12], &p[6..9]].concat();
            assert!(got == p || got == mirror);
            mirrored += usize::from(got == mirror);
            changes.insert((index, got == mirror));
        }
    }
    assert!((420..580).contains(&mirrored), "{mirrored} of 1000");
    assert_eq!(changes.len(), 40, "each picture is met both ways");
}

#[test]
fn batches_are_ready_when_steps_take_time() {
    let mut loader = Loader::new(set(20), config(4));
    loader.next_batch();
    let first = loader.waited();
    assert!(first > Duration::ZERO);
    for _ in 0..8 {
        thread::sleep(Duration::from_millis(25));
        loader.next_batch();
    }
    assert!(loader.waited() - first < Duration::from_millis(100), "waited {:?}", loader.waited() - first);
}

#[test]
fn a_loader_may_go_at_any_time() {
    for taken in [0, 1, 5] {
        let pictures = set(20);
        let mut loader = Loader::new(pictures.clone(), config(4));
        take(&mut loader, taken);
        drop(loader);
        assert_eq!(Arc::strong_count(&pictures), 1, "the thread has ended and given its share back");
    }
}

#[test]
#[should_panic(expected = "there are no pictures")]
fn an_empty_set_is_refused() {
    Loader::new(Arc::new(Pictures::new(2, Vec::new(), Labels::none())), config(4));
}

#[test]
#[should_panic(expected = "at least one picture")]
fn an_empty_batch_is_refused() {
    Loader::new(set(4), config(0));
}
