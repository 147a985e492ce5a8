//! Every function at every level that the machine has, against what it means for one lane. The texts beside this file
//! are compiled once per level.

/// Defines tests whose bodies use a level's instructions; they pass where the machine does not have them.
#[cfg(target_arch = "x86_64")]
macro_rules! tests_with_instructions {
    ($enabled:literal $level:ident $(fn $name:ident() $body:block)*) => {
        $(#[test]
        fn $name() {
            #[target_feature(enable = $enabled)]
            fn body() $body

            if crate::Level::available().contains(&crate::Level::$level) {
                // SAFETY: the machine has the level's instructions.
                unsafe { body() }
            }
        })*
    };
}

/// The texts, in a module that defines `functions!`, `tests!`, `LEVEL` and `FUSED` and uses a level's functions.
macro_rules! texts {
    () => {
        include!("values.rs");
        include!("floats.rs");
        include!("integers.rs");
        include!("memory.rs");
        include!("matrices.rs");
        include!("across.rs");
        include!("accuracy.rs");
    };
}

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod baseline;
#[cfg(feature = "checked")]
mod checked;
#[cfg(feature = "checked")]
mod violations;
