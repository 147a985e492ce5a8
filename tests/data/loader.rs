//! Batches: complete, repeatable from any position, and ready in time.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    thread,
    time::Duration,
};

use sumi::{
    data::{Attribute, Batch, Labels, Loader, LoaderConfig, Pictures},
    philox::Philox,
};

/// Pictures of 2×2 pixels; the bytes of picture i are 12·i to 12·i + 11, its two labels i mod 3 and i mod 2.
fn set(count: usize) -> Arc<Pictures> {
    let attribute = |name: &str, classes: usize| Attribute {
        name: name.into(),
        classes: (0..classes).map(|c| c.to_string()).collect(),
        values: (0..count).map(|i| (i % classes) as u32).collect(),
    };
    let labels = Labels { attributes: vec![attribute("three", 3), attribute("two", 2)] };
    Arc::new(Pictures::new([2, 2], (0..12 * count).map(|byte| byte as u8).collect(), labels))
}

fn config(batch: usize) -> LoaderConfig {
    LoaderConfig { batch, seed: 1, domain: 0, crop: None, flip: false, drop_last: true }
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
    let unlabelled = Arc::new(Pictures::new([2, 2], vec![0; 24], Labels::none()));
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
        let config = LoaderConfig { seed: 9, flip: true, drop_last, ..config(batch) };
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
    Loader::new(Arc::new(Pictures::new([2, 2], Vec::new(), Labels::none())), config(4));
}

#[test]
#[should_panic(expected = "at least one picture")]
fn an_empty_batch_is_refused() {
    Loader::new(set(4), config(0));
}

/// Runs that were begun before there were domains and crops go on in the same order.
#[test]
fn the_first_domain_draws_from_the_streams_it_always_had() {
    let batches = take(&mut Loader::new(set(12), LoaderConfig { flip: true, ..config(4) }), 6);
    for (epoch, order) in (0..).zip(indices(&batches).chunks(12)) {
        let mut want: Vec<u32> = (0..12).collect();
        Philox::new(1, (1 << 40) + epoch).shuffle(&mut want);
        assert_eq!(order, want);
    }
    let pixels: Vec<u8> = batches.iter().flat_map(|batch| batch.pixels.clone()).collect();
    for (place, (picture, index)) in (0..).zip(pixels.chunks_exact(12).zip(indices(&batches))) {
        let mirrored = Philox::at(1, 2 << 40, place).next_u32() >> 31 == 1;
        assert_eq!(picture[0] as u32, (12 * index + if mirrored { 3 } else { 0 }) & 255, "place {place}");
    }
}

#[test]
fn domains_draw_independently() {
    let domain = |domain| LoaderConfig { domain, crop: Some([1, 1]), flip: true, ..config(64) };
    let [first, second] = [0, 1].map(|d| take(&mut Loader::new(set(64), domain(d)), 4));
    let same = indices(&first).iter().zip(indices(&second)).filter(|&(&a, b)| a == b).count();
    assert!(same < 20, "{same} of 256 pictures at the same place");
    // Which of its four pixels is shown: alike by chance in a quarter of the cases.
    let pixel = |batches: &[Batch]| -> Vec<u8> {
        let pixels = batches.iter().flat_map(|batch| batch.pixels.chunks_exact(3).zip(&batch.indices));
        pixels.map(|(pixel, index)| (pixel[0].wrapping_sub((12 * index) as u8)) / 3).collect()
    };
    let alike = pixel(&first).into_iter().zip(pixel(&second)).filter(|(a, b)| a == b).count();
    assert!((30..100).contains(&alike), "{alike} of 256 crops alike");
}

/// Pictures of 4×5 pixels that say where they are: [row, column, picture].
fn maps(count: u8) -> Arc<Pictures> {
    let bytes = (0..count).flat_map(|i| (0..20).flat_map(move |p| [p / 5, p % 5, i])).collect();
    Arc::new(Pictures::new([4, 5], bytes, Labels::none()))
}

#[test]
fn crops_are_whole_cuts_from_everywhere() {
    let config = LoaderConfig { crop: Some([2, 3]), flip: true, ..config(6) };
    let mut loader = Loader::new(maps(6), config);
    assert_eq!(loader.size(), [2, 3]);
    let batches = take(&mut loader, 100);
    let mut counts = BTreeMap::new();
    for (crop, &index) in batches.iter().flat_map(|batch| batch.pixels.chunks_exact(18).zip(&batch.indices)) {
        let (top, mirrored) = (crop[0], crop[1] > crop[4]);
        let left = if mirrored { crop[7] } else { crop[1] };
        for (place, pixel) in (0_u8..).zip(crop.chunks_exact(3)) {
            let column = if mirrored { 2 - place % 3 } else { place % 3 };
            assert_eq!(pixel, [top + place / 3, left + column, index as u8]);
        }
        *counts.entry((top, left, mirrored)).or_insert(0) += 1;
    }
    assert_eq!(counts.len(), 18, "three rows, three columns, both ways");
    assert!(counts.values().all(|count| (10..62).contains(count)), "600 crops: {counts:?}");
    for position in [41, 3] {
        assert_eq!(Loader::at(maps(6), config, position).next_batch(), batches[position as usize]);
    }
}

#[test]
fn whole_pictures_need_not_be_square() {
    let mut loader = Loader::new(maps(3), LoaderConfig { flip: true, ..config(3) });
    assert_eq!(loader.size(), [4, 5]);
    for batch in take(&mut loader, 10) {
        for (picture, &index) in batch.pixels.chunks_exact(60).zip(&batch.indices) {
            let mirrored = picture[1] == 4;
            let column = |p: u8| if mirrored { 4 - p % 5 } else { p % 5 };
            assert_eq!(picture, (0..20).flat_map(|p| [p / 5, column(p), index as u8]).collect::<Vec<_>>());
        }
    }
}

#[test]
#[should_panic(expected = "a crop of 3×5 pixels from pictures of 5×4")]
fn a_crop_larger_than_the_pictures_is_refused() {
    Loader::new(maps(1), LoaderConfig { crop: Some([5, 3]), ..config(1) });
}
