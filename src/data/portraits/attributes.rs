//! Who a portrait shows: the attributes that become its labels, and the numbers that make each face its own.

use super::random::Dice;

/// An enum whose classes have names, in the order of their labels.
macro_rules! attribute {
    ($(#[$doc:meta])* $kind:ident { $($class:ident = $name:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $kind { $(#[doc = $name] $class),* }
        impl $kind {
            /// Every class, in the order of the labels.
            pub const ALL: &[Self] = &[$(Self::$class),*];
            /// The names of the classes.
            pub const NAMES: &[&str] = &[$($name),*];
        }
    };
}

attribute! {
    /// Colour of the hair.
    HairColour {
        Black = "black", Brown = "brown", Blond = "blond", Silver = "silver", Red = "red", Orange = "orange",
        Pink = "pink", Purple = "purple", Blue = "blue", Teal = "teal", Green = "green",
    }
}
attribute! {
    /// Cut of the hair.
    HairStyle {
        Short = "short", Bob = "bob", Long = "long", Wavy = "wavy", TwinTails = "twin tails", Ponytail = "ponytail",
        Buns = "buns",
    }
}
attribute! {
    /// Cut of the bangs.
    Bangs { Blunt = "blunt", Jagged = "jagged", Parted = "parted", Swept = "swept", Forelock = "forelock" }
}
attribute! {
    /// Colour of the iris.
    EyeColour {
        Brown = "brown", Amber = "amber", Green = "green", Teal = "teal", Blue = "blue", Violet = "violet",
        Pink = "pink", Red = "red",
    }
}
attribute! {
    /// What eyes, brows and mouth say together.
    Expression {
        Calm = "calm", Smile = "smile", Laugh = "laugh", Joy = "joy", Surprise = "surprise", Stern = "stern",
        Shy = "shy",
    }
}
attribute! {
    /// Tone of the skin.
    Skin { Porcelain = "porcelain", Fair = "fair", Peach = "peach", Tan = "tan", Brown = "brown" }
}
attribute! {
    /// What is worn on the head.
    Accessory {
        None = "none", Glasses = "glasses", Bow = "bow", Hairband = "hairband", Flower = "flower", Clips = "clips",
        CatEars = "cat ears", Headphones = "headphones",
    }
}
attribute! {
    /// What is worn on the shoulders.
    Outfit { Sailor = "sailor", Shirt = "shirt", Hoodie = "hoodie", Turtleneck = "turtleneck" }
}
attribute! {
    /// What is behind the head.
    Background {
        Plain = "plain", Gradient = "gradient", Stripes = "stripes", Dots = "dots", Sky = "sky", Rays = "rays",
    }
}

/// Everything that the two renderings of one person share. Lengths and angles are relative to an average face; the
/// enums are the picture's labels.
#[derive(Clone, Debug, PartialEq)]
pub struct Portrait {
    /// Colour of the hair.
    pub hair_colour: HairColour,
    /// Cut of the hair.
    pub hair_style: HairStyle,
    /// Cut of the bangs.
    pub bangs: Bangs,
    /// Colour of the iris.
    pub eye_colour: EyeColour,
    /// What the face says.
    pub expression: Expression,
    /// Tone of the skin.
    pub skin: Skin,
    /// What is worn on the head.
    pub accessory: Accessory,
    /// What is worn on the shoulders.
    pub outfit: Outfit,
    /// What is behind the head.
    pub background: Background,
    /// Breadth of the jaw and cheeks, about 1.
    pub face_width: f32,
    /// Added length of the chin, about 0.
    pub chin: f32,
    /// Size of the eyes, about 1.
    pub eye_size: f32,
    /// How far the outer corners of the eyes stand above the inner ones, -1 to 1.
    pub eye_slant: f32,
    /// Where along the top of the head the hair parts, -1 (left of the picture) to 1.
    pub parting: f32,
    /// Fullness of the hair, about 1.
    pub volume: f32,
    /// Lean of the head towards a shoulder, radians.
    pub tilt: f32,
    /// Turn of the head to the side, radians; positive looks to the right of the picture.
    pub turn: f32,
    /// Nod, radians; positive looks down.
    pub nod: f32,
    /// Where the head stands, frame units.
    pub shift: [f32; 2],
    /// Size of the head in the frame, about 1.
    pub zoom: f32,
    /// Where the light comes from: -1 left of the picture, 1 right.
    pub light: f32,
    /// Variation of lightness within a colour class, -1 to 1.
    pub tint: f32,
    /// Hue of clothes, ribbons and background: an index into their palettes.
    pub accent: usize,
    /// Redness of the cheeks, 0 to 1.
    pub blush: f32,
    /// Key of the small accidents: where each lock ends, each grain falls.
    pub detail: u32,
}

/// Names of the attributes and of their classes, in the order of [`Portrait::attributes`].
pub const ATTRIBUTES: &[(&str, &[&str])] = &[
    ("hair_colour", HairColour::NAMES),
    ("hair_style", HairStyle::NAMES),
    ("bangs", Bangs::NAMES),
    ("eye_colour", EyeColour::NAMES),
    ("expression", Expression::NAMES),
    ("skin", Skin::NAMES),
    ("accessory", Accessory::NAMES),
    ("outfit", Outfit::NAMES),
    ("background", Background::NAMES),
];

impl Portrait {
    /// The person numbered `index` of the crowd that `seed` names: the same on every machine.
    pub fn new(seed: u64, index: u64) -> Portrait {
        let mut dice = Dice::new(seed, index);
        let d = &mut dice;
        let hair_colour = HairColour::ALL[d.weighted(&[1.2, 1.2, 1.2, 0.9, 0.9, 0.8, 1.0, 1.0, 1.1, 0.8, 0.7])];
        let hair_style = HairStyle::ALL[d.weighted(&[1.3, 1.3, 1.5, 1.0, 1.1, 1.0, 0.7])];
        let bangs = Bangs::ALL[d.weighted(&[1.0, 1.3, 1.0, 1.1, 1.0])];
        let eye_colour = EyeColour::ALL[d.weighted(&[1.0, 0.8, 1.0, 0.8, 1.3, 0.9, 0.6, 0.7])];
        let expression = Expression::ALL[d.weighted(&[1.2, 1.6, 1.2, 0.35, 0.6, 0.6, 0.7])];
        let skin = Skin::ALL[d.weighted(&[1.0, 1.6, 1.2, 0.7, 0.5])];
        let accessory = Accessory::ALL[d.weighted(&[2.6, 0.8, 0.7, 0.7, 0.6, 0.7, 0.6, 0.5])];
        let outfit = Outfit::ALL[d.weighted(&[1.1, 1.0, 0.9, 0.7])];
        let background = Background::ALL[d.weighted(&[1.2, 1.4, 0.7, 0.8, 0.9, 0.7])];
        let shy = matches!(expression, Expression::Shy | Expression::Joy);
        Portrait {
            hair_colour,
            hair_style,
            bangs,
            eye_colour,
            expression,
            skin,
            accessory,
            outfit,
            background,
            face_width: 1.0 + d.bell(0.07),
            chin: d.bell(0.05),
            eye_size: 1.0 + d.bell(0.16),
            eye_slant: d.bell(1.0),
            parting: d.range(-1.0, 1.0),
            volume: 1.0 + d.bell(0.08),
            tilt: d.bell(0.2),
            turn: d.bell(0.42),
            nod: d.bell(0.14),
            shift: [d.bell(0.05), d.bell(0.04)],
            zoom: 1.0 + d.bell(0.06),
            light: if d.chance(0.5) { -1.0 } else { 1.0 },
            tint: d.range(-1.0, 1.0),
            accent: (d.uniform() * 8.0) as usize,
            blush: if shy { 1.0 } else { d.range(0.0, 0.8) },
            detail: d.bits(),
        }
    }

    /// The picture's labels: each attribute's name and the index of its class in [`ATTRIBUTES`].
    pub fn attributes(&self) -> [(&'static str, usize); ATTRIBUTES.len()] {
        let classes = [
            self.hair_colour as usize,
            self.hair_style as usize,
            self.bangs as usize,
            self.eye_colour as usize,
            self.expression as usize,
            self.skin as usize,
            self.accessory as usize,
            self.outfit as usize,
            self.background as usize,
        ];
        std::array::from_fn(|i| (ATTRIBUTES[i].0, classes[i]))
    }
}
