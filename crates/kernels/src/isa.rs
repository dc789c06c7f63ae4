//! Which instruction set the kernels run on: detected once, lowered by `RIDGELINE_ISA`.
//!
//! An [`Isa`] is a token: holding one proves that this CPU executes that level, so kernels that
//! take it are safe functions.

use std::sync::OnceLock;

/// An instruction-set level, from the most portable to the widest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Level {
    /// Plain Rust on eight lanes; compiles anywhere.
    Portable,
    /// 128-bit Advanced SIMD of aarch64.
    Neon,
    /// 256-bit AVX2 with FMA, and the bit instructions that came with it.
    Avx2,
    /// 512-bit AVX-512 F, BW, DQ and VL.
    Avx512,
}

impl Level {
    /// The name used by `RIDGELINE_ISA` and in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Level::Portable => "portable",
            Level::Neon => "neon",
            Level::Avx2 => "avx2",
            Level::Avx512 => "avx512",
        }
    }

    fn is_available(self) -> bool {
        match self {
            Level::Portable => true,
            #[cfg(target_arch = "aarch64")]
            Level::Neon => std::arch::is_aarch64_feature_detected!("neon"),
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => {
                is_x86_feature_detected!("avx2")
                    && is_x86_feature_detected!("fma")
                    && is_x86_feature_detected!("bmi1")
                    && is_x86_feature_detected!("bmi2")
                    && is_x86_feature_detected!("lzcnt")
                    && is_x86_feature_detected!("popcnt")
            }
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => {
                Level::Avx2.is_available()
                    && is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx512dq")
                    && is_x86_feature_detected!("avx512vl")
            }
            #[allow(unreachable_patterns, reason = "each architecture knows some of the levels")]
            _ => false,
        }
    }
}

/// Proof that this CPU can execute an instruction-set [`Level`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Isa(Level);

impl Isa {
    /// The portable level, available everywhere.
    pub const PORTABLE: Isa = Isa(Level::Portable);

    /// Every level this CPU can execute, the widest first.
    pub fn available() -> impl Iterator<Item = Isa> {
        [Level::Avx512, Level::Avx2, Level::Neon, Level::Portable]
            .into_iter()
            .filter(|level| level.is_available())
            .map(Isa)
    }

    /// The level in use: the widest available one, or the one `RIDGELINE_ISA` asks for.
    ///
    /// # Errors
    /// A message naming the value when `RIDGELINE_ISA` is not a level of this CPU.
    pub fn current() -> Result<Isa, String> {
        static CURRENT: OnceLock<Result<Isa, String>> = OnceLock::new();
        CURRENT.get_or_init(|| Isa::select(std::env::var("RIDGELINE_ISA").ok().as_deref())).clone()
    }

    /// The level called `asked`, or the widest where nothing is asked for.
    ///
    /// # Errors
    /// A text that names the levels of this CPU, for any other.
    pub fn select(asked: Option<&str>) -> Result<Isa, String> {
        let mut available = Isa::available();
        match asked {
            None | Some("") => Ok(available.next().unwrap_or(Isa::PORTABLE)),
            Some(name) => available.find(|isa| isa.name() == name).ok_or_else(|| {
                let names: Vec<_> = Isa::available().map(Isa::name).collect();
                format!(
                    "RIDGELINE_ISA must be one of the levels of this CPU ({}), received '{name}'",
                    names.join(", ")
                )
            }),
        }
    }

    /// The level this token stands for.
    pub const fn level(self) -> Level {
        self.0
    }

    /// The level's name, as in `RIDGELINE_ISA`.
    pub const fn name(self) -> &'static str {
        self.0.name()
    }
}
