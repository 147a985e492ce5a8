//! A set of pictures of one size, in memory, with what is known about them.

use image::RgbImage;

use super::DataError;

/// RGB pictures of one size as bytes, [N, height, width, 3] (channels last, rows from the top, sRGB values 0 to 255),
/// with labels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pictures {
    size: [usize; 2],
    bytes: Vec<u8>,
    labels: Labels,
}

/// What is known about each picture of a set: any number of attributes, possibly none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labels {
    /// In the order in which a batch carries them.
    pub attributes: Vec<Attribute>,
}

/// One attribute, such as the colour of the hair: the names of its classes and the class of every picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// What is told apart.
    pub name: String,
    /// `classes[c]` is the name of class `c`.
    pub classes: Vec<String>,
    /// `values[i]` is the class of picture `i`.
    pub values: Vec<u32>,
}

/// Memory for `count` pictures of [height, width], taken at once: to grow step by step would need twice as much on the
/// way.
pub(super) fn memory_for(count: usize, size: [usize; 2]) -> Result<Vec<u8>, DataError> {
    let mut bytes = Vec::new();
    let length = count.checked_mul(3 * size[0] * size[1]);
    let reserved = length.is_some_and(|length| bytes.try_reserve_exact(length).is_ok());
    if reserved { Ok(bytes) } else { Err(DataError::TooLarge { count, size }) }
}

impl Labels {
    /// No attributes: the labels of pictures of which nothing is known.
    pub fn none() -> Self {
        Self::default()
    }
}

impl Pictures {
    /// A set from its bytes, [N, height, width, 3]; `size` is [height, width].
    ///
    /// Panics where a side is 0, the bytes are not a whole number of pictures, there are 2³² pictures or more, an
    /// attribute has another number of values than there are pictures, or a value names no class.
    pub fn new(size: [usize; 2], bytes: Vec<u8>, labels: Labels) -> Self {
        let [height, width] = size;
        assert!(height > 0 && width > 0, "Pictures::new: a picture has at least 1×1 pixels, not {width}×{height}");
        let each = 3 * height * width;
        let (count, rest) = (bytes.len() / each, bytes.len() % each);
        assert!(
            rest == 0,
            "Pictures::new: {} bytes are no whole number of [{height}, {width}, 3] pictures",
            bytes.len()
        );
        assert!(u32::try_from(count).is_ok(), "Pictures::new: {count} pictures, more than 32 bits can number");
        for Attribute { name, classes, values } in &labels.attributes {
            assert!(values.len() == count, "Pictures::new: {} labels of {name} for {count} pictures", values.len());
            let known = |value: &u32| (*value as usize) < classes.len();
            assert!(
                values.iter().all(known),
                "Pictures::new: a label of {name} names none of its {} classes",
                classes.len()
            );
        }
        Self { size, bytes, labels }
    }

    /// So many white pictures of [height, width], of which nothing is known.
    ///
    /// Panics as [`Pictures::new`].
    pub fn blank(count: usize, size: [usize; 2]) -> Self {
        Self::new(size, vec![u8::MAX; count * 3 * size[0] * size[1]], Labels::none())
    }

    /// How many pictures there are.
    pub fn len(&self) -> usize {
        self.bytes.len() / self.bytes_each()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// [height, width] of every picture, in pixels.
    pub fn size(&self) -> [usize; 2] {
        self.size
    }

    /// Height of every picture, in pixels.
    pub fn height(&self) -> usize {
        self.size[0]
    }

    /// Width of every picture, in pixels.
    pub fn width(&self) -> usize {
        self.size[1]
    }

    /// The memory that the pixels take, in bytes: 3 · height · width for each picture.
    pub fn bytes(&self) -> usize {
        self.bytes.len()
    }

    /// All pixels, [N, height, width, 3].
    pub fn pixels(&self) -> &[u8] {
        &self.bytes
    }

    /// The pixels of one picture, [height, width, 3]. Panics where there is no such picture.
    pub fn picture(&self, index: usize) -> &[u8] {
        let each = self.bytes_each();
        &self.bytes[index * each..(index + 1) * each]
    }

    /// Takes the pictures from `first` on away, as a set of their own.
    ///
    /// Panics where there are fewer than `first`.
    pub fn split_off(&mut self, first: usize) -> Self {
        let bytes = self.bytes.split_off(first * self.bytes_each());
        let rest = |attribute: &mut Attribute| Attribute {
            name: attribute.name.clone(),
            classes: attribute.classes.clone(),
            values: attribute.values.split_off(first),
        };
        let attributes = self.labels.attributes.iter_mut().map(rest).collect();
        Self { size: self.size, bytes, labels: Labels { attributes } }
    }

    /// A copy of one picture. Panics where there is no such picture.
    pub fn image(&self, index: usize) -> RgbImage {
        let pixels = self.picture(index).to_vec();
        RgbImage::from_raw(self.width() as u32, self.height() as u32, pixels).expect("three bytes for each pixel")
    }

    /// What is known about the pictures.
    pub fn labels(&self) -> &Labels {
        &self.labels
    }

    /// The same pictures, nothing known about them.
    pub fn without_labels(self) -> Self {
        Self { labels: Labels::none(), ..self }
    }

    /// The same pictures with these labels, which must be as many.
    pub(super) fn with_labels(self, labels: Labels) -> Self {
        Self::new(self.size, self.bytes, labels)
    }

    /// Takes what is known about the pictures away.
    pub(super) fn take_labels(&mut self) -> Labels {
        std::mem::take(&mut self.labels)
    }

    fn bytes_each(&self) -> usize {
        3 * self.height() * self.width()
    }
}
