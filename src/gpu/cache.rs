//! A folder of the user's in which a device keeps what it would otherwise have to find out at every start: choices that
//! were measured, and what a driver compiled. All of it can be deleted at any time.

use std::{
    fs, io,
    io::Write,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{
    AdapterInfo,
    shader::{sources, variants},
    tuning::{Entry, Tuning, hex},
};

/// The folder.
#[derive(Debug, Clone)]
pub struct Cache(PathBuf);

/// A file of measured choices.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// The adapter's name.
    pub adapter: String,
    /// Its driver, with version.
    pub driver: String,
    /// The kernels that were measured, as [`kernels`] names them.
    pub kernels: String,
    /// What was chosen.
    pub choices: Vec<Entry>,
}

/// A name for all kernels and their variants: the hash of every shader's text and of the table of variants.
pub fn kernels() -> String {
    let mut sum = Sha256::new();
    for text in sources().iter().flat_map(|source| [source.path, source.text]).chain([variants::TABLE]) {
        sum.update((text.len() as u64).to_le_bytes());
        sum.update(text);
    }
    hex(&sum.finalize()[..8])
}

impl Cache {
    /// The cache in a folder, which is made when something is written.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self(folder.into())
    }

    /// The file of an adapter's measured choices. It has the adapter's and the driver's name in its own, hashed.
    pub fn tuning_file(&self, info: &AdapterInfo) -> PathBuf {
        let sum = Sha256::digest(format!("{}\n{}", info.name, info.driver));
        self.0.join(format!("tuning-{}.json", hex(&sum[..8])))
    }

    /// The measured choices for an adapter, and a sentence about them where there is a file.
    pub fn tuning(&self, info: &AdapterInfo) -> (Tuning, Option<String>) {
        let path = self.tuning_file(info);
        let ignored = |why: String| {
            let advice = "`bench tune` measures anew, `bench tune --clear` removes the file";
            (Tuning::default(), Some(format!("{} is ignored: {why}; {advice}", path.display())))
        };
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return (Tuning::default(), None),
            Err(error) => return ignored(format!("it cannot be read ({error})")),
        };
        let measured: Measured = match serde_json::from_slice(&text) {
            Ok(measured) => measured,
            Err(error) => return ignored(format!("it is damaged ({error})")),
        };
        if (&measured.adapter, &measured.driver) != (&info.name, &info.driver) {
            return ignored(format!("it was measured on {} ({})", measured.adapter, measured.driver));
        }
        if measured.kernels != kernels() {
            return ignored("it was measured with other kernels".to_owned());
        }
        let count = measured.choices.len();
        (Tuning::new(measured.choices), Some(format!("{count} choices as measured, from {}", path.display())))
    }

    /// Writes the measured choices of an adapter.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn write_tuning(&self, info: &AdapterInfo, tuning: &Tuning) -> io::Result<PathBuf> {
        let (adapter, driver) = (info.name.clone(), info.driver.clone());
        let measured = Measured { adapter, driver, kernels: kernels(), choices: tuning.entries() };
        let path = self.tuning_file(info);
        self.write(&path, &serde_json::to_vec_pretty(&measured).expect("choices are plain data"))?;
        Ok(path)
    }

    /// Removes the measured choices of an adapter. False when there were none.
    ///
    /// # Errors
    /// When the file cannot be removed.
    pub fn clear_tuning(&self, info: &AdapterInfo) -> io::Result<bool> {
        match fs::remove_file(self.tuning_file(info)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            removed => removed.map(|()| true),
        }
    }

    /// What was kept under a name, if it is there and whole.
    pub(super) fn kept(&self, name: &str) -> Option<Vec<u8>> {
        let file = fs::read(self.0.join(name)).ok()?;
        let (sum, bytes) = file.split_at_checked(32)?;
        (Sha256::digest(bytes)[..] == *sum).then(|| bytes.to_vec())
    }

    /// Keeps bytes under a name, behind their checksum.
    pub(super) fn keep(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.write(&self.0.join(name), &[&Sha256::digest(bytes)[..], bytes].concat())
    }

    /// A file in the place of another in one move, so that programs that start or stop meanwhile see a whole one.
    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        fs::create_dir_all(&self.0)?;
        let mut file = tempfile::NamedTempFile::new_in(&self.0)?;
        file.write_all(bytes)?;
        file.persist(path).map_err(|error| error.error)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gpu::{Choice, device::fake::adapter};

    fn example() -> Tuning {
        let choice = Choice { tile: vec![8, 6, 2], parts: 3 };
        Tuning::new([Entry { kernel: "product".into(), shape: vec![1, 2], choice }])
    }

    #[test]
    fn what_was_measured_is_found_again_on_the_same_adapter_and_driver_only() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let (cache, info) = (Cache::new(folder.path().join("below")), adapter());
        assert!(cache.tuning(&info).1.is_none(), "nothing there, nothing said");
        cache.write_tuning(&info, &example()).expect("there is room");
        let (tuning, said) = cache.tuning(&info);
        assert_eq!(tuning.entries(), example().entries());
        assert!(said.expect("it is said").contains("1 choices"));
        for other in [
            AdapterInfo { driver: "newer".into(), ..info.clone() },
            AdapterInfo { name: "other".into(), ..info.clone() },
        ] {
            assert!(cache.tuning(&other).0.entries().is_empty());
        }
        assert!(cache.clear_tuning(&info).expect("it can be removed"));
        assert!(!cache.clear_tuning(&info).expect("it is gone"));
    }

    #[test]
    fn a_file_that_does_not_fit_is_ignored_with_a_sentence() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let (cache, info) = (Cache::new(folder.path()), adapter());
        let path = cache.write_tuning(&info, &example()).expect("there is room");
        let whole = fs::read_to_string(&path).expect("it was written");
        for (from, to, why) in [
            (kernels(), "0123456789abcdef".to_owned(), "other kernels"),
            (info.driver.clone(), "other".to_owned(), "measured on paper (other)"),
            ("{".to_owned(), String::new(), "damaged"),
        ] {
            fs::write(&path, whole.replacen(&from, &to, 1)).expect("there is room");
            let (tuning, said) = cache.tuning(&info);
            assert!(tuning.entries().is_empty());
            let said = said.expect("it is said");
            assert!(said.contains(why) && said.contains("bench tune"), "{said}");
        }
    }

    #[test]
    fn bytes_that_changed_on_the_disk_are_not_given_back() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let cache = Cache::new(folder.path());
        cache.keep("pipelines", b"compiled").expect("there is room");
        assert_eq!(cache.kept("pipelines").as_deref(), Some(&b"compiled"[..]));
        let path = folder.path().join("pipelines");
        let mut bytes = fs::read(&path).expect("it was written");
        *bytes.last_mut().expect("it is not empty") ^= 1;
        fs::write(&path, &bytes).expect("there is room");
        assert_eq!((cache.kept("pipelines"), cache.kept("others")), (None, None));
        fs::write(&path, &bytes[..20]).expect("there is room");
        assert_eq!(cache.kept("pipelines"), None);
    }
}
