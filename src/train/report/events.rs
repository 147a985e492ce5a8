//! TensorBoard's event files: a record for each scalar and each sheet, in `tensorboard/`.
//!
//! A record is the length of its data in 8 bytes, the masked CRC-32C of these, the data, and the masked CRC-32C of the
//! data; numbers little endian. The data is a protocol buffer, `Event` of TensorFlow's `event.proto`, of which the
//! messages here have the fields that are used. Every process that goes on with a run begins a file of its own.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use prost::Message;

/// What the first record of a file says.
const VERSION: &str = "brain.Event:2";

/// `SessionLog.START`: what was there of later steps is void.
const START: i32 = 1;

#[derive(Clone, PartialEq, Message)]
struct Event {
    /// Seconds since 1970.
    #[prost(double, tag = "1")]
    wall_time: f64,
    #[prost(int64, tag = "2")]
    step: i64,
    #[prost(string, optional, tag = "3")]
    file_version: Option<String>,
    #[prost(message, optional, tag = "5")]
    summary: Option<Summary>,
    #[prost(message, optional, tag = "7")]
    session_log: Option<SessionLog>,
}

#[derive(Clone, PartialEq, Message)]
struct Summary {
    #[prost(message, repeated, tag = "1")]
    value: Vec<Value>,
}

#[derive(Clone, PartialEq, Message)]
struct Value {
    #[prost(string, tag = "1")]
    tag: String,
    #[prost(float, optional, tag = "2")]
    simple_value: Option<f32>,
    #[prost(message, optional, tag = "4")]
    image: Option<Image>,
}

#[derive(Clone, PartialEq, Message)]
struct Image {
    #[prost(int32, tag = "1")]
    height: i32,
    #[prost(int32, tag = "2")]
    width: i32,
    /// 3 is RGB.
    #[prost(int32, tag = "3")]
    colorspace: i32,
    /// A PNG file.
    #[prost(bytes = "vec", tag = "4")]
    encoded_image_string: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
struct SessionLog {
    #[prost(int32, tag = "1")]
    status: i32,
}

/// An event file. Records that the disk had no room for are kept and tried again.
pub struct Events {
    file: File,
    path: PathBuf,
    unwritten: Vec<u8>,
}

impl Events {
    /// A new file in a folder, which is made where it is missing, for a run that goes on after `step`.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn create(folder: &Path, step: u64) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let seconds = now() as u64;
        let name = |number: u32| folder.join(format!("events.out.tfevents.{seconds:010}.sumi.{number}"));
        let (file, path) = (0..)
            .map(|number| (OpenOptions::new().write(true).create_new(true).open(name(number)), name(number)))
            .find(|(file, _)| !file.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::AlreadyExists))
            .expect("numbers do not end");
        let mut events = Self { file: file?, path, unwritten: Vec::new() };
        let (version, session) = (Some(VERSION.to_owned()), Some(SessionLog { status: START }));
        events.push(Event { file_version: version, ..Event::default() });
        // TensorBoard then leaves out what an interrupted run had written of steps behind this one.
        events.push(Event { step: step as i64 + 1, session_log: session, ..Event::default() });
        events.flush()?;
        Ok(events)
    }

    /// Where it stands.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Adds scalars of a step.
    pub fn scalars(&mut self, step: u64, scalars: impl IntoIterator<Item = (String, f32)>) {
        let value = |(tag, value)| Value { tag, simple_value: Some(value), image: None };
        self.summary(step, scalars.into_iter().map(value).collect());
    }

    /// Adds a picture, a PNG file of so many pixels.
    pub fn picture(&mut self, step: u64, tag: &str, png: Vec<u8>, [height, width]: [u32; 2]) {
        let image = Image { height: height as i32, width: width as i32, colorspace: 3, encoded_image_string: png };
        self.summary(step, vec![Value { tag: tag.to_owned(), simple_value: None, image: Some(image) }]);
    }

    fn summary(&mut self, step: u64, value: Vec<Value>) {
        self.push(Event { step: step as i64, summary: Some(Summary { value }), ..Event::default() });
    }

    fn push(&mut self, event: Event) {
        let data = Event { wall_time: now(), ..event }.encode_to_vec();
        let length = (data.len() as u64).to_le_bytes();
        for part in [&length[..], &masked(&length), &data, &masked(&data)] {
            self.unwritten.extend_from_slice(part);
        }
    }

    /// Writes the records that were added.
    ///
    /// # Errors
    /// When the disk does not take them all; the rest is tried again by the next call.
    pub fn flush(&mut self) -> io::Result<()> {
        while !self.unwritten.is_empty() {
            match self.file.write(&self.unwritten) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                // A record may be cut here and go on with the next write.
                Ok(written) => drop(self.unwritten.drain(..written)),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// The CRC-32C of some bytes, turned and shifted as TFRecord files want it.
fn masked(bytes: &[u8]) -> [u8; 4] {
    crc32c::crc32c(bytes).rotate_right(15).wrapping_add(0xa282_ead8).to_le_bytes()
}

fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |time| time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The events of a file, whose checksums are right.
    fn events(path: &Path) -> Vec<Event> {
        let bytes = fs::read(path).expect("it was written");
        let (mut rest, mut events) = (&bytes[..], Vec::new());
        while !rest.is_empty() {
            let (length, after) = rest.split_at(8);
            let count = u64::from_le_bytes(length.try_into().expect("eight bytes")) as usize;
            assert_eq!(after[..4], masked(length));
            let data = &after[4..4 + count];
            assert_eq!(after[4 + count..][..4], masked(data));
            events.push(Event::decode(data).expect("it is an event"));
            rest = &after[8 + count..];
        }
        events
    }

    #[test]
    fn checksums_are_those_of_the_format() {
        // The CRC-32C of "123456789" is e3069283 in every table of such sums.
        assert_eq!(crc32c::crc32c(b"123456789"), 0xe306_9283);
        assert_eq!(u32::from_le_bytes(masked(b"123456789")), 0xc78a_b0e5);
    }

    #[test]
    fn what_was_added_is_read_back_and_a_resume_begins_a_file() {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let mut first = Events::create(folder.path(), 0).expect("the folder can be written");
        first.scalars(7, [("losses/d".to_owned(), 0.5), ("losses/g".to_owned(), f32::INFINITY)]);
        first.picture(7, "samples", vec![1, 2, 3], [20, 30]);
        first.flush().expect("the folder can be written");
        let second = Events::create(folder.path(), 7).expect("the folder can be written");
        assert_ne!(first.path(), second.path());
        let read = events(first.path());
        assert_eq!(read[0].file_version.as_deref(), Some(VERSION));
        assert!(read[0].wall_time > 1.7e9 && read.len() == 4);
        let scalars = read[2].summary.as_ref().expect("scalars");
        assert_eq!(
            (read[2].step, scalars.value[0].tag.as_str(), scalars.value[0].simple_value),
            (7, "losses/d", Some(0.5))
        );
        let picture = read[3].summary.as_ref().expect("a picture").value[0].image.clone().expect("a picture");
        assert_eq!((picture.height, picture.width, picture.encoded_image_string), (20, 30, vec![1, 2, 3]));
        let session = events(second.path());
        assert_eq!((session[1].step, session[1].session_log.as_ref().map(|log| log.status)), (8, Some(START)));
    }
}
