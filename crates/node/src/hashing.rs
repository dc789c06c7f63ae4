//! Buckets of strings, by the hashes that TensorFlow takes: FarmHash' fingerprint (`to_hash_bucket_fast`), and SipHash-2-4
//! with a key (`to_hash_bucket_strong`).

use napi::bindgen_prelude::Int32Array;
use napi_derive::napi;
use siphasher::sip::SipHasher24;
use std::hash::Hasher;

/// The bucket of each string, of so many, from `first` on; the two numbers of `key` are 32 bits of its halves.
#[napi(catch_unwind)]
pub fn hash_buckets(
    values: Vec<String>,
    buckets: u32,
    first: u32,
    key: Option<Vec<f64>>,
) -> Int32Array {
    let key = key.filter(|key| key.len() == 2);
    let hash = |value: &String| match &key {
        None => farmhash::fingerprint64(value.as_bytes()),
        Some(key) => {
            let mut hasher = SipHasher24::new_with_keys(key[0] as u64, key[1] as u64);
            hasher.write(value.as_bytes());
            hasher.finish()
        }
    };
    let bucket = |value: &String| (hash(value) % u64::from(buckets.max(1))) as i32 + first as i32;
    values.iter().map(bucket).collect::<Vec<i32>>().into()
}
